/** Memory with addresses that only a test knows, laid out as on any machine, and what the kernel would find in it. */

import type { Arena, Native } from '../../src/host/native/koffi.ts';
import { type Layout, layoutOf, type Machine } from '../../src/host/native/layout.ts';
import { concat } from '../../src/wire/bytes.ts';

/** A message as the kernel sees it. */
export interface FakeMessage {
  readonly name: Uint8Array;
  readonly payload: Uint8Array;
  /** Data of the one control message, with its level and type. */
  readonly control: { readonly level: number; readonly type: number; readonly data: Uint8Array } | undefined;
}

export class FakeMemory {
  readonly layout: Layout;
  readonly #arenas: Arena[] = [];
  #next: number;

  constructor(machine: Machine) {
    this.layout = layoutOf(machine);
    this.#next = machine.pointerOctets === 8 ? 0x7f12_3456_7000 : 0x1234_5000;
  }

  adopt(bytes: Uint8Array): Arena {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
    const arena = { bytes, words, address: this.#next };
    this.#next += bytes.length + 4096;
    this.#arenas.push(arena);
    return arena;
  }

  /** What there is of koffi, without the calls. */
  get native(): Pick<Native, 'layout' | 'arena' | 'adopt' | 'addressOf'> {
    return {
      layout: this.layout,
      arena: (octets) => this.adopt(new Uint8Array(octets)),
      adopt: (bytes) => this.adopt(bytes),
      addressOf: (memory) => {
        const known = this.#arenas.find(({ bytes }) => bytes === memory);
        return (known ?? this.adopt(memory as Uint8Array)).address;
      },
    };
  }

  at(address: number, octets: number): Uint8Array {
    const { arena, offset } = this.#find(address);
    if (offset + octets > arena.bytes.length) throw new Error('beyond the end of the memory');
    return arena.bytes.subarray(offset, offset + octets);
  }

  /** @param address of the first struct iovec */
  gathered(address: number, count: number): Uint8Array {
    const { iovec, getLong } = this.layout;
    const { arena, offset } = this.#find(address);
    const parts = Array.from({ length: count }, (_, i) => {
      const at = offset + i * iovec.octets;
      return this.at(getLong(arena.words, at + iovec.base), getLong(arena.words, at + iovec.len));
    });
    return concat(...parts);
  }

  /** @param address of a struct msghdr */
  message(address: number): FakeMessage {
    const { msghdr, cmsghdr, cmsgLen, getLong } = this.layout;
    const { arena, offset } = this.#find(address);
    const { words } = arena;
    const long = (member: number) => getLong(words, offset + member);
    const payload = this.gathered(long(msghdr.iov), long(msghdr.iovlen));
    const name = this.at(long(msghdr.name), words[(offset + msghdr.namelen) >> 2] as number).slice();
    if (long(msghdr.controllen) === 0) return { name, payload, control: undefined };
    const control = this.#find(long(msghdr.control));
    const octets = getLong(control.arena.words, control.offset + cmsghdr.len) - cmsgLen(0);
    return {
      name,
      payload,
      control: {
        level: control.arena.words[(control.offset + cmsghdr.level) >> 2] as number,
        type: control.arena.words[(control.offset + cmsghdr.type) >> 2] as number,
        data: this.at(long(msghdr.control) + cmsghdr.octets, octets).slice(),
      },
    };
  }

  #find(address: number): { arena: Arena; offset: number } {
    const arena = this.#arenas.find((each) => address >= each.address && address < each.address + each.bytes.length);
    if (arena === undefined) throw new Error(`nothing is at ${address.toString(16)}`);
    return { arena, offset: address - arena.address };
  }
}
