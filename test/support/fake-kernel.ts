/** The system calls of a kernel that has L2TP, as far as they can be told apart by their descriptors: who uses one that is not open is found out. */
import { constants } from 'node:os';
import { loadNative, type Native } from '../../src/host/native/koffi.ts';
import type { Libc } from '../../src/host/native/libc.ts';

const { EAGAIN, EBADF } = constants.errno;

export class FakeKernel {
  /** Descriptors, none of which the real kernel has. */
  readonly open = new Set<number>();
  /** Descriptors that are being watched. */
  readonly watched = new Set<number>();
  /** Calls with descriptors that were not open. */
  readonly stray: string[] = [];
  /** Throws instead of the next watch but so many; undefined: never. */
  watchesLeft: number | undefined;
  /** What getsockopt says, by the name of the option. */
  readonly options = new Map<number, number>();
  readonly sent: Uint8Array[] = [];
  readonly native: Native;
  static #next = 1_000_000;

  constructor() {
    const real = loadNative();
    let errno = 0;
    const fails = (why: number): -1 => {
      errno = why;
      return -1;
    };
    const on = (name: string, fd: number, result: () => number): number => {
      if (this.open.has(fd)) return result();
      this.stray.push(`${name}(${fd})`);
      return fails(EBADF);
    };
    const libc: Partial<Libc> = {
      socket: () => this.allocate(),
      close: (fd) => this.release(fd),
      read: (fd) => on('read', fd, () => fails(EAGAIN)),
      write: (fd, _memory, octets) => on('write', fd, () => octets),
      ioctl: (fd) => on('ioctl', fd, () => 0),
      bind: (fd) => on('bind', fd, () => 0),
      connect: (fd) => on('connect', fd, () => 0),
      getsockname: (fd) => on('getsockname', fd, () => 0),
      setsockopt: (fd) => on('setsockopt', fd, () => 0),
      getsockopt: (fd, _level, name, value) =>
        on('getsockopt', fd, () => {
          if (value instanceof Int32Array) value[0] = this.options.get(name) ?? 0;
          return 0;
        }),
      sendto: (fd, memory, octets) =>
        on('sendto', fd, () => {
          this.sent.push((memory as Uint8Array).slice());
          return octets;
        }),
      recvmmsg: (fd) => on('recvmmsg', fd, () => fails(EAGAIN)),
      recvmsg: (fd) => on('recvmsg', fd, () => fails(EAGAIN)),
    };
    const poll: Native['poll'] = (fd) => {
      if (this.watchesLeft === 0) throw new Error('no watch to spare');
      if (this.watchesLeft !== undefined) this.watchesLeft--;
      this.watched.add(fd);
      const nothing = () => undefined;
      return { start: nothing, stop: nothing, close: () => this.watched.delete(fd) };
    };
    this.native = { ...real, libc: { ...real.libc, ...libc }, errno: () => errno, poll };
  }

  allocate(): number {
    const fd = FakeKernel.#next++; // never the same again: a watch that failed keeps its number
    this.open.add(fd);
    return fd;
  }

  /** close(2), whoever calls it. */
  release(fd: number): number {
    if (!this.open.delete(fd)) this.stray.push(`close(${fd})`);
    return 0;
  }
}
