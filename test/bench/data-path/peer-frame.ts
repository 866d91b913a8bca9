/** What goes through the pipes between the C peer and the LNS: see c/peer-lns.c. */
import type { Endpoint } from '../../../src/protocol/machine.ts';
import { concat, uint } from '../../../src/wire/bytes.ts';

/** D: a datagram, either way. S: the session from now on. E: it has ended. */
export function writeFrame(kind: 'D' | 'S' | 'E', { address, port }: Endpoint, bytes: Uint8Array): Uint8Array {
  const numbers = Uint8Array.from(address.split('.').map(Number));
  return concat(uint(1, kind.charCodeAt(0)), numbers, uint(2, port), uint(2, bytes.length), bytes);
}

/** @returns takes octets as they come, gives the datagrams that are complete */
export function framesOf(): (octets: Uint8Array) => { from: Endpoint; datagram: Uint8Array }[] {
  let waiting: Uint8Array = new Uint8Array();
  return (octets) => {
    waiting = concat(waiting, octets);
    const frames: { from: Endpoint; datagram: Uint8Array }[] = [];
    for (;;) {
      const view = new DataView(waiting.buffer, waiting.byteOffset, waiting.length);
      if (view.byteLength < FRAME_HEADER) return frames;
      const end = FRAME_HEADER + view.getUint16(7);
      if (view.byteLength < end) return frames;
      const from = { address: waiting.subarray(1, 5).join('.'), port: view.getUint16(5) };
      frames.push({ from, datagram: waiting.slice(FRAME_HEADER, end) });
      waiting = waiting.subarray(end);
    }
  };
}

const FRAME_HEADER = 9;
