/** Runs something in another network namespace without another process: sockets stay in the namespace that they were opened in. */
import { closeSync, openSync } from 'node:fs';
import { createRequire } from 'node:module';

const CLONE_NEWNET = 0x4000_0000; // sched.h

const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
const setns: (fd: number, type: number) => number = koffi.load(null).func('int setns(int fd, int type)');

/** @param work must not wait for anything: until it returns, all of this thread is in there */
export function inNamespace<T>(name: string, work: () => T): T {
  const home = openSync('/proc/thread-self/ns/net', 'r');
  const there = openSync(`/run/netns/${name}`, 'r');
  try {
    if (setns(there, CLONE_NEWNET) !== 0) throw new Error(`no way into ${name}`);
    return work();
  } finally {
    if (setns(home, CLONE_NEWNET) !== 0) process.abort(); // nothing that follows would be what it says
    closeSync(there);
    closeSync(home);
  }
}
