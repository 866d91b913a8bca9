/** The header in front of every L2TP message, control and data alike (RFC 2661 §3.1). */
import { concat, Reader, uint } from './bytes.ts';

/** Bits of the first 16, as the RFC names them: a control message, Length is there, Ns and Nr are, Offset Size is. */
export const FLAG = { T: 0x8000, L: 0x4000, S: 0x0800, O: 0x0200 } as const;
/** The bits of the first 16 that hold the version, which is 2. */
export const VERSION = 0x000f;
const { T, L, S, O } = FLAG;

/** Ids are the receiver's; all four numbers are 0-65535. */
export interface ControlHeader {
  readonly tunnelId: number;
  readonly sessionId: number;
  readonly ns: number;
  readonly nr: number;
}

/** `ns` and `nr` are there when the sender numbers its data messages (§5.4); `nr` means nothing. */
export interface DataHeader {
  readonly tunnelId: number;
  readonly sessionId: number;
  readonly ns: number | undefined;
  readonly nr: number | undefined;
}

/** `body` and `payload` are views into the datagram. A control message with an empty body is a ZLB (§5.8). */
export type Datagram =
  | { kind: 'control'; header: ControlHeader; body: Uint8Array }
  | { kind: 'data'; header: DataHeader; payload: Uint8Array };

/** Whether the T bit is set; false for an empty datagram. */
export const isControl = (bytes: Uint8Array): boolean => ((bytes[0] ?? 0) & (T >> 8)) !== 0;

/**
 * Reads one UDP datagram. What follows behind Length is ignored, as are the reserved bits and the P bit.
 * @throws Malformed too short, not version 2, a Length beyond the datagram, a control message without L and S or with O
 */
export function readDatagram(bytes: Uint8Array): Datagram {
  const whole = new Reader(bytes, REF);
  const flags = whole.u16();
  if ((flags & VERSION) !== 2) throw whole.malformed(`version ${flags & VERSION} instead of 2`);
  const isControlMessage = (flags & T) !== 0;
  if (isControlMessage && (flags & (L | S | O)) !== (L | S))
    throw whole.malformed('control message without L and S, or with O');
  const length = (flags & L) === 0 ? bytes.length : whole.u16();
  if (length > bytes.length) throw whole.malformed(`Length ${length} in ${bytes.length} octets`);

  const reader = new Reader(bytes.subarray(0, length), REF);
  reader.octets(whole.at);
  const [tunnelId, sessionId] = [reader.u16(), reader.u16()];
  if ((flags & S) === 0) return dataOf({ tunnelId, sessionId, ns: undefined, nr: undefined }, flags, reader);
  const header = { tunnelId, sessionId, ns: reader.u16(), nr: reader.u16() };
  return isControlMessage ? { kind: 'control', header, body: reader.rest() } : dataOf(header, flags, reader);
}

function dataOf(header: DataHeader, flags: number, reader: Reader): Datagram {
  if ((flags & O) !== 0) reader.octets(reader.u16());
  return { kind: 'data', header, payload: reader.rest() };
}

/** The Tunnel ID of a datagram, to find whose it is before it is read; undefined when it is too short or not of version 2. */
export function tunnelIdOf(bytes: Uint8Array): number | undefined {
  const at = ((bytes[0] ?? 0) & (L >> 8)) === 0 ? 2 : 4;
  const [high, low] = [bytes[at], bytes[at + 1]];
  return high === undefined || low === undefined || ((bytes[1] ?? 0) & VERSION) !== 2 ? undefined : high * 256 + low;
}

/** One control message; an empty body makes a ZLB. */
export function writeControl(header: ControlHeader, body: Uint8Array): Uint8Array {
  return concat(
    uint(2, T | L | S | 2),
    uint(2, CONTROL_HEADER_OCTETS + body.length),
    uint(2, header.tunnelId),
    uint(2, header.sessionId),
    uint(2, header.ns),
    uint(2, header.nr),
    body,
  );
}

const CONTROL_HEADER_OCTETS = 12;
const REF = 'RFC 2661 §3.1';
