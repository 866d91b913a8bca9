/** The servers at the other end of a wire that takes its time, a network behind them that answers every packet, and strangers. */
import { drive } from '../../../src/daemon/driver.ts';
import { Lns } from '../../../src/lab/lns.ts';
import type { LnsEffect, LnsInput, LnsSettings } from '../../../src/lab/lns-io.ts';
import type { Endpoint } from '../../../src/protocol/machine.ts';
import { isControl, readDatagram, writeControl } from '../../../src/wire/l2tp-header.ts';
import { readMessage, writeMessage } from '../../../src/wire/message.ts';
import { Chance } from '../../support/chance.ts';
import { LNS_SETTINGS } from '../../support/sim.ts';
import type { SceneHost } from './ground.ts';

export const USER = 'alice@example.net';
export const PASSWORD = 's3cret';
export const SERVER = { name: 'lns.example.net', address: '203.0.113.72', port: 1701 };

export interface FarSide {
  /** One way, ms. */
  latencyMs: number;
  /** Whether anything comes through in each direction. */
  hears: boolean;
  speaks: boolean;
  /** Larger datagrams are lost on the way there. */
  largest: number;
  /** Takes every request for a tunnel down with these words. */
  refusal: { readonly result: number; readonly error: number; readonly text: string } | undefined;
  readonly input: (input: LnsInput) => void;
}

/** Sets a server up for a machine. */
export function farSide(host: SceneHost, settings: Partial<LnsSettings> = {}): FarSide {
  const { name, address, port } = SERVER;
  const listen = settings.listen ?? { address, port };
  if (settings.listen === undefined) host.addresses.set(name, [address]);
  const users = new Map([[USER, PASSWORD]]);
  const tunnel = { ...LNS_SETTINGS.tunnel, hostName: 'lns1', vendorName: 'lab' };
  const usual = { ...LNS_SETTINGS, listen, users, tunnel, ipv6: true, localAddress: '10.64.0.1' };
  const lns = new Lns({ ...usual, ...settings }, new Chance(port + 7).entropy);
  const soon = (happen: () => void) => host.clock.alarm(happen).set(host.clock.now() + side.latencyMs);
  const say = (bytes: Uint8Array, from: Endpoint, to: Endpoint) => {
    if (side.speaks) soon(() => host.receive(bytes, from, to));
  };
  const perform = (effect: LnsEffect) => {
    if (effect.type === 'send') say(effect.bytes, effect.from, effect.to);
    else if (effect.type === 'packet') driver.push({ type: 'packet', bytes: answerTo(effect.bytes) });
  };
  const driver = drive<LnsInput, LnsEffect>(lns, perform, host.clock, (error) => {
    throw error;
  });
  const side: FarSide = {
    latencyMs: 6,
    hears: true,
    speaks: true,
    largest: Number.POSITIVE_INFINITY,
    refusal: undefined,
    input: driver.push,
  };
  const before = host.transmit;
  host.transmit = (bytes, from, to) => {
    if (to.address !== listen.address || to.port !== listen.port) return before(bytes, from, to);
    if (!side.hears || bytes.length + IP_AND_UDP > side.largest) return;
    const stop = side.refusal && stopFor(bytes, side.refusal);
    if (stop !== undefined) return say(stop, to, from);
    soon(() => driver.push({ type: 'datagram', from, bytes }));
  };
  return side;
}

const IP_AND_UDP = 28;

/** The packet with its ends exchanged. */
function answerTo(packet: Uint8Array): Uint8Array {
  const answer = packet.slice();
  answer.set(packet.subarray(16, 20), 12);
  answer.set(packet.subarray(12, 16), 16);
  return answer;
}

/** A StopCCN for a request for a tunnel; undefined: it is none. */
function stopFor(bytes: Uint8Array, resultCode: NonNullable<FarSide['refusal']>): Uint8Array | undefined {
  if (!isControl(bytes)) return undefined;
  const datagram = readDatagram(bytes);
  if (datagram.kind !== 'control' || datagram.body.length === 0) return undefined;
  const read = readMessage(datagram.body, {});
  if (read.kind !== 'message' || read.message.kind !== 'SCCRQ') return undefined;
  const tunnelId = read.message.assignedTunnelId;
  const body = writeMessage({ kind: 'StopCCN', assignedTunnelId: 4711, resultCode });
  return writeControl({ tunnelId, sessionId: 0, ns: 0, nr: 1 }, body);
}
