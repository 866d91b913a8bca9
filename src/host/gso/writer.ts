/** To the device: what a batch of datagrams brings is gathered, and then written, one packet or run of packets right behind the other. */
import { constants } from 'node:os';
import { Arena } from '../../offload/arena.ts';
import { type Coalescing, type Delivery, LONGEST_HEADER, type RunKind } from '../../offload/coalesce.ts';
import { MOST_PACKETS, STRETCH } from '../../offload/run.ts';
import { VNET_OCTETS } from '../../offload/vnet-header.ts';
import { errorWords, type Arena as Memory, type Native } from '../native/koffi.ts';
import type { TunDevice } from './tun-device.ts';

const { EINVAL } = constants.errno;

/**
 * Writes that are gathered, at most. Measured to be some percent faster with one TCP connection than to write each at once, presumably
 * as its reader sleeps, and has to be woken, between writes less often.
 */
const MOST_WRITES = 8;
/** Head and pieces of all of them. */
const MOST_IOVECS = MOST_WRITES * (1 + MOST_PACKETS);
/** Room for the head of one, which begins up to three octets behind the beginning (see `#putHead`): a multiple of four. */
const HEAD_OCTETS = (3 + VNET_OCTETS + LONGEST_HEADER + 3) & ~3;

export class Writer {
  /** Packets that the device did not take, and why it did not the last of them. */
  dropped = 0;
  whyDropped: string | undefined;
  readonly #native: Native;
  readonly #tun: TunDevice;
  readonly #coalescing: Record<RunKind, boolean>;
  readonly #refused = new Set<RunKind>();
  /** What is gathered, and behind it two for a packet by itself. */
  readonly #iovecs: Memory;
  readonly #heads: Memory;
  readonly #headOctets: Arena;
  readonly #noHeader: Memory;
  /** Of each write: where in #iovecs it ends, and what it is. */
  readonly #ends = new Int32Array(MOST_WRITES);
  readonly #kinds: (RunKind | undefined)[] = new Array(MOST_WRITES).fill(undefined);
  #writes = 0;

  constructor(native: Native, tun: TunDevice, coalescing: Coalescing) {
    this.#native = native;
    this.#tun = tun;
    this.#coalescing = { ...coalescing };
    this.#iovecs = native.arena((MOST_IOVECS + 2) * native.layout.iovec.octets);
    this.#heads = native.arena(MOST_WRITES * HEAD_OCTETS);
    this.#headOctets = Arena.over(this.#heads.bytes);
    this.#noHeader = native.arena(12);
  }

  /** Which runs the kernel takes, as far as is known: always the same object, which changes when it refuses some. */
  get coalescing(): Coalescing {
    return this.#coalescing;
  }

  /** Why not everything that could be is written as one; undefined: it is. */
  get refused(): string | undefined {
    if (this.#refused.size === 0) return undefined;
    return `not of ${[...this.#refused].join(', ')}: the kernel refused it (${errorWords(EINVAL)})`;
  }

  /**
   * Gathers a delivery, whose pieces stay where they are until {@link flush}. A packet by itself with nothing to wait for is written now.
   * @param packets address that the places of pieces are counted from
   */
  add(delivery: Delivery, packets: number): void {
    const { kind, stretches, stretchCount } = delivery;
    if (kind === undefined && this.#writes === 0) {
      this.write(packets + (stretches[0] as number), stretches[2] as number);
      return;
    }
    if (this.#writes === MOST_WRITES) this.flush();
    const { putIovecs, iovec } = this.#native.layout;
    const { words } = this.#iovecs;
    const write = this.#writes++;
    const first = this.#beginOf(write);
    let at = (first + this.#putHead(write, first, delivery)) * iovec.octets;
    for (let i = 0; i < stretchCount; i++) {
      const stretch = i * STRETCH;
      const [step, octets] = [stretches[stretch + 1] as number, stretches[stretch + 2] as number];
      const pieces = stretches[stretch + 3] as number;
      putIovecs(words, at, iovec.octets, pieces, packets + (stretches[stretch] as number), step, octets);
      at += pieces * iovec.octets;
    }
    this.#ends[write] = at / iovec.octets;
    this.#kinds[write] = kind;
  }

  /** Writes what is gathered, in order. */
  flush(): void {
    const { libc, layout } = this.#native;
    for (let write = 0; write < this.#writes; write++) {
      const first = this.#beginOf(write);
      const end = this.#ends[write] as number;
      const address = this.#iovecs.address + first * layout.iovec.octets;
      if (libc.writev(this.#tun.fd, address, end - first) === -1) this.#failed(first, end, this.#kinds[write]);
    }
    this.#writes = 0;
  }

  /** Writes one packet now. */
  write(address: number, octets: number): void {
    const vnet = this.#tun.hasVnetHeader ? 1 : 0;
    if (vnet === 1) this.#put(MOST_IOVECS, this.#noHeader.address, VNET_OCTETS);
    this.#put(MOST_IOVECS + vnet, address, octets);
    const iovecs = this.#iovecs.address + MOST_IOVECS * this.#native.layout.iovec.octets;
    if (this.#native.libc.writev(this.#tun.fd, iovecs, vnet + 1) === -1) this.#drop(this.#native.errno());
  }

  #beginOf(write: number): number {
    return write === 0 ? 0 : (this.#ends[write - 1] as number);
  }

  /** @returns how many iovecs that is: none, where packets have no vnet header */
  #putHead(write: number, at: number, { heads, headAt, headOctets, kind }: Delivery): 0 | 1 {
    if (!this.#tun.hasVnetHeader) return 0;
    if (kind === undefined) this.#put(at, this.#noHeader.address, VNET_OCTETS);
    else {
      const own = write * HEAD_OCTETS + (headAt & 3); // what lies alike is copied by four octets
      this.#headOctets.copyFrom(heads, headAt, own, headOctets);
      this.#put(at, this.#heads.address + own, headOctets);
    }
    return 1;
  }

  #put(index: number, address: number, octets: number): void {
    const { putIovec, iovec } = this.#native.layout;
    putIovec(this.#iovecs.words, index * iovec.octets, address, octets);
  }

  #failed(first: number, end: number, kind: RunKind | undefined): void {
    const errno = this.#native.errno();
    if (kind === undefined) {
      this.#drop(errno);
      return;
    }
    // A kernel that does not know this kind of run takes its packets one by one, which still lie where they arrived.
    const { getLong, iovec } = this.#native.layout;
    const { words } = this.#iovecs;
    const read = (index: number, member: number) => getLong(words, index * iovec.octets + member);
    const header = read(first, iovec.len) - VNET_OCTETS;
    const before = this.dropped;
    for (let at = first + 1; at < end; at++) this.write(read(at, iovec.base) - header, header + read(at, iovec.len));
    if (errno !== EINVAL || this.dropped > before) return;
    this.#refused.add(kind); // from now on these go one by one
    this.#coalescing[kind] = false;
  }

  #drop(errno: number): void {
    this.dropped++;
    this.whyDropped = errorWords(errno);
  }
}
