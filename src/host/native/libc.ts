/** Which functions of the C library we call, and how they are declared. They return -1 for failure; `errno` says why. */
import type { LibraryHandle } from 'koffi';

/** Memory for the time of one call: an address, or octets of ours. */
export type Memory = number | Uint8Array | Uint32Array | Int32Array | null;

export interface Libc {
  /** For what exists: nothing is created. */
  open(path: string, flags: number): number;
  close(fd: number): number;
  read(fd: number, memory: Memory, octets: number): number;
  write(fd: number, memory: Memory, octets: number): number;
  writev(fd: number, iovecs: Memory, count: number): number;
  ioctl(fd: number, request: number, argument: Memory): number;
  socket(family: number, type: number, protocol: number): number;
  bind(fd: number, address: Memory, octets: number): number;
  connect(fd: number, address: Memory, octets: number): number;
  getsockname(fd: number, address: Memory, octets: Memory): number;
  getsockopt(fd: number, level: number, name: number, value: Memory, octets: Memory): number;
  setsockopt(fd: number, level: number, name: number, value: Memory, octets: number): number;
  sendto(fd: number, memory: Memory, octets: number, flags: number, address: Memory, addressOctets: number): number;
  sendmsg(fd: number, msghdr: Memory, flags: number): number;
  recvmsg(fd: number, msghdr: Memory, flags: number): number;
  /** Returns how many messages were sent. */
  sendmmsg(fd: number, mmsghdrs: Memory, count: number, flags: number): number;
  /** Returns how many messages were received; the time limit does not work as one would think, and is left out (null). */
  recvmmsg(fd: number, mmsghdrs: Memory, count: number, flags: number, limit: null): number;
  /** @param fds structs pollfd. @param timeoutMs -1: for ever. @returns how many of them have something */
  poll(fds: Memory, count: number, timeoutMs: number): number;
  /** 0: there is no such device. */
  if_nametoindex(name: string): number;
  /** @param name room for 16 octets */
  if_indextoname(index: number, name: Memory): string | null;
  /** Gives free memory back to the system; glibc alone has it, and alone needs it. */
  malloc_trim?(keep: number): number;
}

/** What koffi makes of libuv's uv_poll_t; all that is used of it. */
export interface PollHandle {
  start(options: PollOptions, callback: (status: number, events: PollOptions) => void): void;
  stop(): void;
  close(): void;
}

export interface PollOptions {
  readonly readable: boolean;
  readonly writable: boolean;
}

// A `long` stands for ssize_t, which koffi does not know. open and ioctl take what follows `...` where the calling convention
// of the machine has it; a type goes before each such argument.
export function declareLibc(library: LibraryHandle): Libc {
  const declared = <F>(prototype: string): F => library.func(prototype) as unknown as F;
  const ioctl = declared<(fd: number, request: number, type: 'void *', argument: Memory) => number>(
    'int ioctl(int fd, unsigned long request, ...)',
  );
  const optional = <F>(prototype: string): F | undefined => {
    try {
      return declared<F>(prototype);
    } catch {
      return undefined; // this C library does not have it
    }
  };
  const malloc_trim = optional<NonNullable<Libc['malloc_trim']>>('int malloc_trim(size_t keep)');
  return {
    ...(malloc_trim && { malloc_trim }),
    open: declared('int open(const char *path, int flags, ...)'),
    close: declared('int close(int fd)'),
    read: declared('long read(int fd, void *memory, size_t octets)'),
    write: declared('long write(int fd, void *memory, size_t octets)'),
    writev: declared('long writev(int fd, void *iovecs, int count)'),
    ioctl: (fd, request, argument) => ioctl(fd, request, 'void *', argument),
    socket: declared('int socket(int family, int type, int protocol)'),
    bind: declared('int bind(int fd, void *address, unsigned int octets)'),
    connect: declared('int connect(int fd, void *address, unsigned int octets)'),
    getsockname: declared('int getsockname(int fd, void *address, void *octets)'),
    getsockopt: declared('int getsockopt(int fd, int level, int name, void *value, void *octets)'),
    setsockopt: declared('int setsockopt(int fd, int level, int name, void *value, unsigned int octets)'),
    sendto: declared(
      'long sendto(int fd, void *memory, size_t octets, int flags, void *address, unsigned int addressOctets)',
    ),
    sendmsg: declared('long sendmsg(int fd, void *msghdr, int flags)'),
    recvmsg: declared('long recvmsg(int fd, void *msghdr, int flags)'),
    sendmmsg: declared('int sendmmsg(int fd, void *mmsghdrs, unsigned int count, int flags)'),
    recvmmsg: declared('int recvmmsg(int fd, void *mmsghdrs, unsigned int count, int flags, void *limit)'),
    poll: declared('int poll(void *fds, unsigned long count, int timeoutMs)'),
    if_nametoindex: declared('unsigned int if_nametoindex(const char *name)'),
    if_indextoname: declared('const char *if_indextoname(unsigned int index, void *name)'),
  };
}
