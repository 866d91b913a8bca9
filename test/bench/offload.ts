/**
 * What segmentation and coalescing cost, in nanoseconds of processor time for each segment of 1408 octets. By hand:
 *
 *   npx esbuild test/bench/offload.ts --bundle --platform=node --format=cjs | node
 */
import { Arena } from '../../src/offload/arena.ts';
import { Coalescer } from '../../src/offload/coalesce.ts';
import { MOST_HEADER_OCTETS, Segmenter } from '../../src/offload/segment.ts';
import { VnetHeader } from '../../src/offload/vnet-header.ts';
import { Chance } from '../support/chance.ts';
import { assemble, FLAG, ipHeader, TCP, tcpHeader, UDP, udpHeader } from '../support/inner-packet.ts';
import { IPV4, unfinished } from '../support/unfinished-packet.ts';

/** A super-packet of 64 KB has so many. */
const SEGMENTS = 46;
const SIZE = 1408;
const ROUNDS = 200;
const RUNS_A_ROUND = 100;

const DIFFERENT = 'this is not what was to be measured';

const payload = new Chance(1).entropy(SEGMENTS * SIZE);

/** The k-th packet of a flow, `size` octets of payload in it. */
function packet(version: 4 | 6, protocol: number, k: number, size: number, port: number): Uint8Array {
  const ports = Uint8Array.of(4, port, 0, 80);
  const rest = { acknowledgment: 1, flags: FLAG.ack, window: 500, urgent: 0, reserved: 0 };
  const tcp = { sequence: k * SIZE, ...rest, options: Uint8Array.of(1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2) };
  const ip = ipHeader({ ...IPV4, version, identification: 1 + k }, protocol);
  const transport = protocol === TCP ? tcpHeader(ports, tcp) : udpHeader(ports);
  return assemble({ ip, protocol, transport, payload: payload.subarray(0, size) });
}

/** Cuts one super-packet that begins at a place. */
function segmenting(version: 4 | 6, protocol: number, at: number): () => void {
  const arena = Arena.ofSize(1 << 17);
  const { vnet, packet } = unfinished({ ...IPV4, version }, payload, SIZE, {}, protocol);
  arena.octets.set(packet, at);
  const header = Object.assign(new VnetHeader(), vnet);
  const segmenter = new Segmenter(arena, Arena.ofSize(MOST_HEADER_OCTETS), 18);
  return () => {
    if (segmenter.segment(header, at, packet.length) !== SEGMENTS) throw new Error(DIFFERENT);
  };
}

/** Joins as many packets, of several flows by turns, each beginning at a multiple of four and so many octets. */
function coalescing(version: 4 | 6, protocol: number, beyond: number, flows: number): () => void {
  const arena = Arena.ofSize(1 << 17);
  const places: number[] = [];
  let at = 16 + beyond;
  for (let i = 0; i < SEGMENTS; i++) {
    const one = packet(version, protocol, Math.floor(i / flows), SIZE, i % flows);
    arena.octets.set(one, at);
    places.push(at, at + one.length);
    at = ((at + one.length + 15) & ~3) + beyond;
  }
  let runs = 0;
  const every = { tcp4: true, tcp6: true, udp4: true, udp6: true };
  const coalescer = new Coalescer(arena, every, () => runs++);
  return () => {
    runs = 0;
    for (let i = 0; i < places.length; i += 2) coalescer.add(places[i] as number, places[i + 1] as number);
    coalescer.flush();
    if (runs !== flows) throw new Error(DIFFERENT);
  };
}

const CASES: readonly (readonly [name: string, work: () => void])[] = [
  ['segment TCP over IPv4', segmenting(4, TCP, 16)],
  ['segment TCP over IPv6', segmenting(6, TCP, 16)],
  ['segment TCP over IPv4, at an odd place', segmenting(4, TCP, 17)],
  ['segment UDP over IPv4', segmenting(4, UDP, 16)],
  ['coalesce TCP over IPv4', coalescing(4, TCP, 2, 1)],
  ['coalesce TCP over IPv6', coalescing(6, TCP, 2, 1)],
  ['coalesce TCP over IPv4, at odd places', coalescing(4, TCP, 1, 1)],
  ['coalesce TCP over IPv4, 8 flows', coalescing(4, TCP, 2, 8)],
  ['coalesce UDP over IPv4', coalescing(4, UDP, 2, 1)],
];

// By turns, so that what else the machine does meets all of them alike.
const samples = CASES.map((): number[] => []);
for (let round = 0; round < ROUNDS; round++)
  for (const [i, [, work]] of CASES.entries()) {
    const begin = process.cpuUsage();
    for (let run = 0; run < RUNS_A_ROUND; run++) work();
    const { user, system } = process.cpuUsage(begin);
    samples[i]?.push(((user + system) * 1000) / RUNS_A_ROUND / SEGMENTS);
  }
for (const [i, [name]] of CASES.entries()) {
  const sorted = (samples[i] ?? []).sort((a, b) => a - b);
  const [least = 0, median = 0] = [sorted[0], sorted[sorted.length >> 1]];
  console.log(`${name.padEnd(40)} median ${median.toFixed(0)}, least ${least.toFixed(0)} ns`);
}
