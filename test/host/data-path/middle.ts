/**
 * Somebody in the middle of a tunnel, between two ends that each take it for the other one: passes datagrams on, but damages some,
 * sends some twice and some too late. Writes down what it has passed on.
 */
import { loadNative } from '../../../src/host/native/koffi.ts';
import { nativeUdp } from '../../../src/host/native/udp.ts';
import type { DatagramSocket } from '../../../src/ports/datagram.ts';
import type { Endpoint } from '../../../src/protocol/machine.ts';
import { perform } from './duty.ts';
import { type Passage, passageOf } from './passage.ts';

export interface Mischief {
  /** One of so many packets, on average; 0: none. */
  readonly damaged: number;
  readonly doubled: number;
  readonly delayed: number;
  /** Octets of the tunnel's headers in front of each packet. */
  readonly prefix: number;
}

interface Side {
  readonly device: string;
  readonly local: Endpoint;
  readonly peer: Endpoint;
}

const native = loadNative();
let sockets: DatagramSocket[] = [];
let passed: Passage[] = [];
let state = 1;

const duties = {
  /** @param seed of what happens to whom */
  async relay(near: Side, far: Side, mischief: Mischief, seed: number): Promise<void> {
    const port = nativeUdp(native);
    passed = [];
    state = seed;
    const open = async (here: Side, other: Side, isWrittenDown: boolean) => {
      let late: { bytes: Uint8Array; damagedAt: number | undefined; after: number } | undefined;
      const pass = (bytes: Uint8Array, damagedAt: number | undefined) => {
        sockets[here === near ? 1 : 0]?.send(bytes, other.peer);
        if (isWrittenDown) passed.push(passageOf(bytes.subarray(mischief.prefix), damagedAt));
      };
      const datagram = (bytes: Uint8Array) => {
        const damagedAt = happens(mischief.damaged) ? damage(bytes, mischief.prefix) : undefined;
        if (late === undefined && happens(mischief.delayed)) late = { bytes, damagedAt, after: 3 };
        else pass(bytes, damagedAt);
        if (happens(mischief.doubled)) pass(bytes, damagedAt);
        if (late === undefined || late.after-- > 0) return;
        pass(late.bytes, late.damagedAt);
        late = undefined;
      };
      const place = { local: here.local, device: here.device, mark: undefined };
      return port.open(place, { pathMtu: () => undefined, datagram });
    };
    sockets = [await open(near, far, true), await open(far, near, false)];
  },

  /** What went from the near end to the far one. */
  passed: () => passed,

  close(): void {
    for (const socket of sockets) socket.close();
    sockets = [];
  },
};
export type MiddleDuties = typeof duties;

/**
 * Exchanges one bit: of the payload mostly, sometimes of the headers, but not where a router would take offence on its own or must
 * heed what is wrong: IPv6 headers have no checksum.
 * @returns the octet, counted from where the packet begins
 */
function damage(bytes: Uint8Array, prefix: number): number {
  const isIpv6 = (bytes[prefix] ?? 0) >> 4 === 6;
  const octets = bytes.length - prefix;
  const headers = Math.min(octets, isIpv6 ? 72 : 52);
  const [from, to] = happens(4)
    ? [isIpv6 ? 40 : 0, headers]
    : headers < octets
      ? [headers, octets]
      : [octets - 8, octets];
  const at = from + (random() % (to - from));
  bytes[prefix + at] = (bytes[prefix + at] as number) ^ (1 << (random() % 8));
  return at;
}

const happens = (once: number): boolean => once > 0 && random() % once === 0;

function random(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state >>> 8;
}

perform(duties, duties.close);
