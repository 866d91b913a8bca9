// The UDP datagrams of a capture: classic libpcap files with Ethernet frames that carry IPv4 in one piece.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Captured {
  /** Counted from 1 over all frames of the file, as tshark does. */
  readonly frame: number;
  /** Seconds since the first frame of the file. */
  readonly at: number;
  readonly from: { readonly address: string; readonly port: number };
  readonly to: { readonly address: string; readonly port: number };
  readonly payload: Uint8Array;
}

const FOLDER = join(import.meta.dirname, '../fixtures/pcaps');

/** Names of all captures, without `.pcap`. */
export const captureNames = (): string[] =>
  readdirSync(FOLDER)
    .filter((name) => name.endsWith('.pcap'))
    .map((name) => name.slice(0, -'.pcap'.length))
    .sort();

/** Every L2TP datagram of a capture (one end is UDP port 1701), in order. */
export const l2tpOf = (name: string): Captured[] =>
  udpOf(new Uint8Array(readFileSync(join(FOLDER, `${name}.pcap`)))).filter(
    ({ from, to }) => from.port === 1701 || to.port === 1701,
  );

/** Every UDP datagram of a pcap file. (A Buffer's slices would share its memory: it must not be one.) */
function udpOf(file: Uint8Array): Captured[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const magic = view.getUint32(0, true);
  const little = magic === MICROSECONDS || magic === NANOSECONDS;
  const u32 = (at: number) => view.getUint32(at, little);
  const fractions = u32(0) === NANOSECONDS ? 1e9 : 1e6;
  if (u32(0) !== MICROSECONDS && u32(0) !== NANOSECONDS) throw new Error('not a classic pcap file');
  if (u32(20) !== ETHERNET) throw new Error(`link type ${u32(20)} instead of Ethernet`);

  const out: Captured[] = [];
  let first: number | undefined;
  for (let at = FILE_HEADER, frame = 1; at < file.length; frame++) {
    const time = u32(at) + u32(at + 4) / fractions;
    first ??= time;
    const length = u32(at + 8);
    if (u32(at + 12) !== length) throw new Error(`frame ${frame} was cut when it was captured`);
    const udp = udpIn(file.subarray(at + FRAME_HEADER, at + FRAME_HEADER + length));
    if (udp !== undefined) out.push({ frame, at: time - first, ...udp });
    at += FRAME_HEADER + length;
  }
  return out;
}

function udpIn(frame: Uint8Array): Pick<Captured, 'from' | 'to' | 'payload'> | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint16(12) !== IPV4) return undefined;
  const ip = 14;
  const isFragment = (view.getUint16(ip + 6) & 0x3fff) !== 0;
  if (view.getUint8(ip + 9) !== UDP || isFragment) return undefined;
  const udp = ip + (view.getUint8(ip) & 0x0f) * 4;
  const address = (at: number) => frame.subarray(at, at + 4).join('.');
  return {
    from: { address: address(ip + 12), port: view.getUint16(udp) },
    to: { address: address(ip + 16), port: view.getUint16(udp + 2) },
    payload: frame.slice(udp + 8, udp + view.getUint16(udp + 4)),
  };
}

// File: magic, version, zone, accuracy, snap length, link type. Frame: seconds, fraction, octets here, octets on the wire.
const FILE_HEADER = 24;
const FRAME_HEADER = 16;
const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;
const ETHERNET = 1;
const IPV4 = 0x0800;
const UDP = 17;
