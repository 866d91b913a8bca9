/** Descriptors that are watched while it is known who tells: libuv, or whoever waits in its place (src/host/native/standby.ts). */
import { Worker } from 'node:worker_threads';
import { expect } from 'vitest';
import { loadNative, type Native } from '../../src/host/native/koffi.ts';
import { endpointOf, sockaddrOf } from '../../src/host/native/sockaddr.ts';
import { AF_INET, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK } from '../../src/host/native/socket-table.ts';
import { type Ready, type Watch, watch } from '../../src/host/native/watch.ts';

const real = loadNative();
const { libc } = real;
export const READABLE = { readable: true, writable: false };
export const WRITABLE = { readable: false, writable: true };
export const NOTHING = { readable: false, writable: false };

// One for all of a thread, the first that watches: this one. Whether it is libuv that tells just now, and how often somebody waited in its place.
export const now = { isLibuvs: false, waits: 0 };
type Told = Parameters<Native['poll']>[2];
const noted = (told: Told): Told => {
  return (...args) => {
    now.isLibuvs = true;
    told(...args);
    now.isLibuvs = false;
  };
};
export const native: Native = {
  ...real,
  libc: {
    ...libc,
    poll: (...args) => {
      now.waits++;
      return libc.poll(...args);
    },
  },
  poll: (fd, options, told) => {
    const handle = real.poll(fd, options, noted(told));
    return {
      start: (wanted, again) => handle.start(wanted, noted(again)),
      stop: () => handle.stop(),
      close: () => handle.close(),
    };
  },
};

const fds: number[] = [];
const watches: Watch[] = [];
const workers: Worker[] = [];

/** To be called after each test. */
export async function tidyUp(): Promise<void> {
  for (const open of watches.splice(0)) open.close();
  for (const fd of fds.splice(0)) libc.close(fd);
  for (const each of workers.splice(0)) await each.terminate();
}

/** Closed after the test. */
export const keep = (fd: number): void => void fds.push(fd);
/** At once, for a number that is to be used anew. */
export function drop(fd: number): void {
  fds.splice(fds.indexOf(fd), 1);
  libc.close(fd);
}

export const kept = (
  fd: number,
  wanted: { readable: boolean; writable: boolean },
  ready: Ready,
  system = native,
): Watch => {
  const made = watch(system, fd, wanted, ready);
  watches.push(made);
  return made;
};
export const work = (script: string, workerData?: unknown): Worker => {
  const worker = new Worker(script, { eval: true, execArgv: [], workerData });
  workers.push(worker);
  return worker;
};
/** Without our loop having anything to do with it: `count` datagrams to a port, one each `gapMs`, the first after `gapMs`. */
export const packets = (port: number, count: number, gapMs: number): Worker => {
  const script = `
    const { workerData: { port, count, gapMs } } = require('node:worker_threads');
    const socket = require('node:dgram').createSocket('udp4');
    let sent = 0;
    const timer = setInterval(() => {
      if (++sent > count) return clearInterval(timer), socket.close();
      socket.send(String(sent), port, '127.0.0.1');
    }, gapMs);`;
  return work(script, { port, count, gapMs });
};

/** Bound to a free port of 127.0.0.1. */
export function udpSocket(): { readonly fd: number; readonly port: number; readonly address: Uint8Array } {
  const fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  keep(fd);
  const any = sockaddrOf(real, { address: '127.0.0.1', port: 0 });
  expect(libc.bind(fd, any, any.length)).toBe(0);
  const address = new Uint8Array(16);
  libc.getsockname(fd, address, Uint32Array.of(16));
  return { fd, address, port: endpointOf(real, address)?.port as number };
}

/** One that hears what it says. */
export function echo(): number {
  const { fd, address } = udpSocket();
  expect(libc.connect(fd, address, 16)).toBe(0);
  return fd;
}
export const say = (fd: number) => libc.write(fd, new Uint8Array(3), 3);
export const read = (fd: number) => libc.read(fd, new Uint8Array(9), 9);

/** Has something done in a callback that was not libuv's. */
export const standingBy = <T = void>(todo: (done: (result: T) => void) => void): Promise<T> =>
  new Promise((resolve) => {
    const bell = echo();
    let isDone = false;
    kept(bell, READABLE, () => {
      read(bell);
      if (isDone) return;
      if (now.isLibuvs) return void say(bell);
      isDone = true;
      todo(resolve);
    });
    say(bell);
  });
