/**
 * The far end of a tunnel that is dialled. The C peer owns UDP port and TUN device and moves the packets, so that the far end is never
 * what is slow; everything else that arrives it hands to the lab's LNS in here, which answers, speaks PPP, and then tells it the session.
 *
 *     UDP 1701 ─► peer ─► TUN device           packets of the session
 *                  ▲ │
 *                  │ ▼ standard input, output
 *                 Lns                          control, PPP
 */
import type { Writable } from 'node:stream';
import { clock } from '../../../src/host/node/clock.ts';
import { entropy } from '../../../src/host/node/entropy.ts';
import { Lns } from '../../../src/lab/lns.ts';
import type { LnsEffect, LnsInput, LnsSettings } from '../../../src/lab/lns-io.ts';
import type { Endpoint } from '../../../src/protocol/machine.ts';
import { concat, uint } from '../../../src/wire/bytes.ts';
import { readDatagram } from '../../../src/wire/l2tp-header.ts';
import type { Netns } from '../../lab/lab.ts';
import type { Ground } from '../ground.ts';
import { startPeer } from './c-peer.ts';
import { framesOf, writeFrame } from './peer-frame.ts';
import type { Tunnel } from './tunnel.ts';

/** @param program the compiled peer */
export async function startFarEnd(ground: Ground, netns: Netns, tunnel: Tunnel, program: string): Promise<void> {
  const { server: local, farDevice: device, far, near } = tunnel;
  const inner = { local: far, remote: near };
  const { stdin, stdout } = await startPeer(ground, program, { netns, mode: 'gso', device, local, inner });
  if (stdin === null || stdout === null) throw new Error('the peer has no pipes');
  const host = new LnsHost(settingsOf(tunnel), stdin);
  ground.defer(() => host.close());
  const frames = framesOf();
  stdout.on('data', (bytes: Uint8Array) => {
    for (const { from, datagram } of frames(bytes)) host.datagram(from, datagram);
  });
}

class LnsHost {
  readonly #lns: Lns;
  readonly #peer: Writable;
  readonly #alarm = clock.alarm(() => this.#input({ type: 'tick' }));
  /** Our ids, as the client's last data message has them. */
  #ids: Uint8Array = new Uint8Array();

  constructor(settings: LnsSettings, peer: Writable) {
    this.#lns = new Lns(settings, entropy);
    this.#peer = peer;
  }

  datagram(from: Endpoint, bytes: Uint8Array): void {
    const datagram = readDatagram(bytes);
    if (datagram.kind === 'data') {
      const { tunnelId, sessionId } = datagram.header;
      this.#ids = concat(uint(2, tunnelId), uint(2, sessionId));
    }
    this.#input({ type: 'datagram', from, bytes });
  }

  close(): void {
    this.#alarm.close();
  }

  #input(input: LnsInput): void {
    for (const effect of this.#lns.handle(input, clock.now())) this.#perform(effect);
    this.#alarm.set(this.#lns.deadline);
  }

  #perform(effect: LnsEffect): void {
    if (effect.type === 'send') this.#peer.write(writeFrame('D', effect.to, effect.bytes));
    if (effect.type === 'login') this.#tell(effect.address);
    if (effect.type === 'logout') this.#peer.write(writeFrame('E', NOBODY, new Uint8Array()));
  }

  /** What the LNS puts in front of a packet is what the peer is to put there: it is shown one. */
  #tell(client: string): void {
    const packet = new Uint8Array(IPV4_HEADER_OCTETS);
    packet[0] = 0x45;
    packet.set(client.split('.').map(Number), 16);
    const [sent] = this.#lns.handle({ type: 'packet', bytes: packet }, clock.now());
    if (sent?.type !== 'send') throw new Error('the LNS sends its client nothing');
    const header = sent.bytes.subarray(0, -packet.length);
    this.#peer.write(writeFrame('S', sent.to, concat(this.#ids, header)));
  }
}

const IPV4_HEADER_OCTETS = 20;
const NOBODY: Endpoint = { address: '0.0.0.0', port: 0 };

const settingsOf = ({ server, near, far }: Tunnel): LnsSettings => ({
  listen: server,
  tunnel: {
    hostName: 'bench',
    vendorName: 'l2tpwan lab',
    secret: undefined,
    receiveWindow: 4,
    helloIntervalMs: 60_000,
    hideAvps: false,
    tolerateUnknownMandatory: true,
  },
  users: new Map([['alice', 's3cret']]),
  auth: ['chap-md5'],
  localAddress: far,
  pool: [near],
  dns: [],
  ipv6: false,
  mru: 1500,
  echoIntervalMs: 10_000,
  sequencing: false,
  maxTunnels: 10,
  oneLoginPerUser: false,
  quirks: {},
});
