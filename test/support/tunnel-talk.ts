/** One tunnel in conversation with a peer that is played by a test: messages in, lines out. */
import { Tunnel, type TunnelEffect, type TunnelInput, type TunnelOptions } from '../../src/protocol/l2tp/tunnel.ts';
import type { Endpoint } from '../../src/protocol/machine.ts';
import type { TunnelSettings } from '../../src/protocol/settings.ts';
import { type ControlHeader, readDatagram, writeControl } from '../../src/wire/l2tp-header.ts';
import { readMessage, writeMessage } from '../../src/wire/message.ts';
import type { ControlMessage, MessageOf } from '../../src/wire/message-table.ts';
import { utf8Of } from '../../src/wire/text.ts';
import { random } from '../random.ts';

export const PEER: Endpoint = { address: '10.0.2.72', port: 1701 };
/** The peer's tunnel id. */
export const PEER_ID = 77;

export const TUNNEL_SETTINGS: TunnelSettings = {
  hostName: 'router',
  vendorName: '',
  secret: undefined,
  receiveWindow: 4,
  helloIntervalMs: 60_000,
  hideAvps: false,
  tolerateUnknownMandatory: false,
};

export const SCCRQ: MessageOf<'SCCRQ'> = {
  kind: 'SCCRQ',
  protocolVersion: 0x0100,
  hostName: 'lac',
  framingCapabilities: 3,
  assignedTunnelId: PEER_ID,
};
export const SCCRP: MessageOf<'SCCRP'> = { ...SCCRQ, kind: 'SCCRP', hostName: 'lns' };

interface Changes extends Partial<Omit<TunnelOptions, 'settings'>> {
  readonly settings?: Partial<TunnelSettings>;
}
/** How a datagram differs from what would come next; `from` is where it comes from. */
interface Oddities extends Partial<ControlHeader> {
  readonly from?: Endpoint;
}

export class TunnelTalk {
  readonly tunnel: Tunnel;
  now = 0;
  /** What the peer sends and expects next. */
  ns = 0;
  nr = 0;
  /** Every message of ours, as it was last sent. */
  readonly sent: ControlMessage[] = [];
  readonly #secret: Uint8Array | undefined;

  constructor({ settings, ...changes }: Changes = {}) {
    this.#secret = settings?.secret === undefined ? undefined : utf8Of(settings.secret);
    this.tunnel = new Tunnel({
      role: 'initiator',
      peer: PEER,
      accept: () => false,
      entropy: random(1).octets,
      ...changes,
      settings: { ...TUNNEL_SETTINGS, ...settings },
    });
  }

  /** A tunnel that is open, with everything acknowledged. */
  static open(changes: Changes = {}): TunnelTalk {
    const talk = new TunnelTalk(changes);
    if (changes.role === 'responder') {
      talk.say(SCCRQ, { tunnelId: 0 });
      talk.say({ kind: 'SCCCN' });
      talk.wait(50);
    } else {
      talk.do({ type: 'open' });
      talk.say(SCCRP);
      talk.say('ZLB');
    }
    return talk;
  }

  do(input: TunnelInput): string[] {
    return this.tunnel.handle(input, this.now).map((effect) => this.#inWords(effect));
  }

  /** The peer says something; it has received everything so far unless told otherwise. */
  say(message: ControlMessage | 'ZLB' | Uint8Array, oddities: Oddities = {}): string[] {
    const isZlb = message === 'ZLB';
    const body = isZlb ? new Uint8Array() : message instanceof Uint8Array ? message : writeMessage(message);
    const { from = PEER, ...header } = oddities;
    const usual = { tunnelId: this.tunnel.localId, sessionId: 0, ns: this.ns, nr: this.nr };
    if (!isZlb && header.ns === undefined) this.ns = (this.ns + 1) & 0xffff;
    return this.do({ type: 'datagram', from, bytes: writeControl({ ...usual, ...header }, body) });
  }

  /** Lets `ms` pass, deadline by deadline; each line begins with its time. */
  wait(ms: number): string[] {
    const end = this.now + ms;
    const lines: string[] = [];
    for (let at = this.tunnel.deadline; at !== undefined && at <= end; at = this.tunnel.deadline) {
      this.now = Math.max(this.now, at);
      lines.push(...this.do({ type: 'tick' }).map((line) => `${this.now} ${line}`));
    }
    this.now = end;
    return lines;
  }

  #inWords(effect: TunnelEffect): string {
    switch (effect.type) {
      case 'send':
        return this.#datagramInWords(effect.to, effect.bytes);
      case 'peer-moved':
        return `peer moved to ${effect.to.address} ${effect.to.port}`;
      case 'established':
        return 'established';
      case 'session-message':
        return `session ${effect.sessionId} gets ${effect.message.kind}`;
      case 'session-acknowledged':
        return `session ${effect.sessionId}: ${effect.message} acknowledged`;
      case 'session-fault':
        return `session ${effect.sessionId} ends: ${effect.failure.code}, ${effect.failure.detail}`;
      case 'closed':
        return effect.failure === undefined ? 'closed' : `closed: ${effect.failure.code}, ${effect.failure.detail}`;
      case 'warning':
        return `warning ${effect.code}: ${effect.detail}`;
      case 'dropped':
        return `dropped: ${effect.why}`;
      default:
        return effect satisfies never;
    }
  }

  /** `-> StopCCN 3/1 to 77/0 result 6`: Ns, Nr, tunnel and session id of the header. */
  #datagramInWords(to: Endpoint, bytes: Uint8Array): string {
    const datagram = readDatagram(bytes);
    if (datagram.kind === 'data') throw new Error('a tunnel sends no data messages');
    const { header, body } = datagram;
    const elsewhere = to.address === PEER.address && to.port === PEER.port ? '' : ` at ${to.address} ${to.port}`;
    const way = `${header.ns}/${header.nr} to ${header.tunnelId}/${header.sessionId}${elsewhere}`;
    if (body.length === 0) return `-> ZLB ${way}`;
    this.nr = (header.ns + 1) & 0xffff;
    const read = readMessage(body, this.#secret && { secret: this.#secret });
    if (read.kind !== 'message') throw new Error('an unknown message of ours');
    const { message } = read;
    this.sent.push(message);
    if (!('resultCode' in message)) return `-> ${message.kind} ${way}`;
    const { result, error } = message.resultCode;
    return `-> ${message.kind} ${way} result ${result}${error === undefined ? '' : ` error ${error}`}`;
  }
}
