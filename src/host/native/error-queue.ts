/** What the network says of datagrams sent earlier (ICMP): a queue beside that of the datagrams. Only path MTUs are of interest. */
import { constants } from 'node:os';
import type { Arena, Native } from './koffi.ts';
import { endpointOf, SOCKADDR_OCTETS } from './sockaddr.ts';
import { MSG_DONTWAIT, MSG_ERRQUEUE, SO_EE_ORIGIN_ICMP, SO_EE_ORIGIN_ICMP6 } from './socket-table.ts';

/** Entries taken at a time, at most: whoever floods us with ICMP does not keep us from our work. */
const MOST_ENTRIES = 64;
const NAME_OCTETS = 32;
/** For one sock_extended_err and the address of the router that complains. */
const CONTROL_OCTETS = 128;
/** struct sock_extended_err: { u32 errno; u8 origin, type, code, pad; u32 info, data } */
const EXTENDED = { errno: 0, origin: 4, info: 8 };

export class ErrorQueue {
  readonly #native: Native;
  readonly #arena: Arena;
  readonly #nameAt: number;
  readonly #controlAt: number;

  constructor(native: Native) {
    this.#native = native;
    this.#nameAt = Math.ceil(native.layout.msghdr.octets / 8) * 8;
    this.#controlAt = this.#nameAt + NAME_OCTETS;
    this.#arena = native.arena(this.#controlAt + CONTROL_OCTETS);
  }

  /**
   * Empties the queue, so that no error of an earlier datagram is taken for one of the next.
   * @returns undefined: it was empty; else the path MTUs in it: octets, IP header included, by the address that was sent to
   */
  drain(fd: number): ReadonlyMap<string, number> | undefined {
    let mtus: Map<string, number> | undefined;
    for (let count = 0; count < MOST_ENTRIES; count++) {
      this.#makeReady();
      if (this.#native.libc.recvmsg(fd, this.#arena.address, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) break;
      mtus ??= new Map();
      const mtu = this.#mtu();
      const to = mtu === undefined ? undefined : this.#destination();
      if (mtu !== undefined && to !== undefined) mtus.set(to, mtu);
    }
    return mtus;
  }

  #makeReady(): void {
    const { words, address } = this.#arena;
    const { msghdr, putLong } = this.#native.layout;
    putLong(words, msghdr.name, address + this.#nameAt);
    words[msghdr.namelen >>> 2] = SOCKADDR_OCTETS[6];
    putLong(words, msghdr.iovlen, 0); // of the datagram itself we want nothing
    putLong(words, msghdr.control, address + this.#controlAt);
    putLong(words, msghdr.controllen, CONTROL_OCTETS);
  }

  #mtu(): number | undefined {
    const { words, bytes } = this.#arena;
    const { msghdr, cmsghdr, cmsgLen, getLong } = this.#native.layout;
    if (getLong(words, msghdr.controllen) < cmsgLen(16)) return undefined;
    const at = this.#controlAt + cmsghdr.octets;
    const origin = bytes[at + EXTENDED.origin];
    const isFromNetwork = origin === SO_EE_ORIGIN_ICMP || origin === SO_EE_ORIGIN_ICMP6;
    const mtu = words[(at + EXTENDED.info) >>> 2] as number;
    return isFromNetwork && words[(at + EXTENDED.errno) >>> 2] === constants.errno.EMSGSIZE && mtu > 0
      ? mtu
      : undefined;
  }

  #destination(): string | undefined {
    const { words, bytes } = this.#arena;
    const octets = words[this.#native.layout.msghdr.namelen >>> 2] as number;
    return endpointOf(this.#native, bytes.subarray(this.#nameAt, this.#nameAt + octets))?.address;
  }
}
