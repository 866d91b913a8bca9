import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadNative } from './koffi.ts';
import { endpointOf, sockaddrOf } from './sockaddr.ts';
import { AF_INET, SOCK_CLOEXEC, SOCK_DGRAM, SOCK_NONBLOCK } from './socket-table.ts';
import { type Watch, watch } from './watch.ts';

const native = loadNative();
const { libc } = native;
const READABLE = { readable: true, writable: false };
const WRITABLE = { readable: false, writable: true };
const NOTHING = { readable: false, writable: false };

describe('watch', () => {
  let near: number;
  let far: number;
  let watches: Watch[];

  beforeEach(() => {
    [near, far] = [udpSocket(), udpSocket()];
    libc.connect(near, addressOf(far), 16);
    libc.connect(far, addressOf(near), 16);
    watches = [];
  });
  afterEach(() => {
    for (const open of watches) open.close();
    for (const fd of [near, far]) libc.close(fd);
  });
  const kept = (made: Watch): Watch => {
    watches.push(made);
    return made;
  };
  const send = () => libc.write(far, new Uint8Array(3), 3);
  const read = () => libc.read(near, new Uint8Array(9), 9);

  it('tells as long as something is there to be read', async () => {
    let calls = 0;
    kept(watch(native, near, READABLE, (readable) => readable && ++calls === 3 && read()));
    await sleep(20);
    expect(calls).toBe(0);
    send();
    await sleep(20);
    expect(calls).toBe(3);
    send();
    await until(() => calls > 3);
    expect(calls).toBeGreaterThan(3);
  });

  it('tells only what is wanted, from the change on', async () => {
    const told: string[] = [];
    const it = kept(
      watch(native, near, NOTHING, (readable, writable) => {
        told.push(`${readable} ${writable}`);
        it.change(NOTHING);
      }),
    );
    send();
    await sleep(20);
    expect(told).toEqual([]);
    it.change(WRITABLE);
    await sleep(20);
    expect(told).toEqual(['false true']);
    it.change(READABLE);
    await sleep(20);
    expect(told).toEqual(['false true', 'true false']);
  });

  it('may be closed in its own callback, twice, and changed afterwards', async () => {
    let calls = 0;
    const it = kept(
      watch(native, near, { readable: true, writable: true }, () => {
        calls++;
        it.close();
        it.close();
        it.change(WRITABLE);
        it.change(NOTHING);
      }),
    );
    send();
    await sleep(20);
    it.change(READABLE);
    await sleep(20);
    expect(calls).toBe(1);
  });

  it('is not heard of again when another callback of the same turn closes it', async () => {
    const calls: string[] = [];
    const pair = [near, far].map((fd, i) => {
      return kept(
        watch(native, fd, WRITABLE, () => {
          calls.push(`${i}`);
          for (const each of pair) each.close();
        }),
      );
    });
    await sleep(20);
    expect(calls).toHaveLength(1);
  });

  it('tells nothing that another callback of the same turn has made unwanted', async () => {
    const calls: string[] = [];
    const pair = [near, far].map((fd, i) => {
      return kept(
        watch(native, fd, WRITABLE, () => {
          calls.push(`${i}`);
          for (const each of pair) each.change(READABLE);
        }),
      );
    });
    await sleep(20);
    expect(calls).toHaveLength(1);
  });

  it('is followed by whatever its callback leaves for later, without delay', async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      const it = kept(
        watch(native, near, READABLE, () => {
          read();
          setTimeout(() => resolve(order.push('timer') as never), 0);
          setImmediate(() => order.push('immediate'));
          process.nextTick(() => order.push('tick'));
          queueMicrotask(() => order.push('microtask'));
          it.change(NOTHING);
        }),
      );
      send();
    });
    expect(order).toEqual(['tick', 'microtask', 'immediate', 'timer']);
  });

  it('is one a descriptor', () => {
    const first = kept(watch(native, near, READABLE, () => undefined));
    expect(() => watch(native, near, READABLE, () => undefined)).toThrow('has a watch already');
    first.close();
    kept(watch(native, near, READABLE, () => undefined));
  });

  it('says that something is wrong, and goes on when that is settled', async () => {
    const told: string[] = [];
    libc.close(far);
    kept(
      watch(native, near, READABLE, (readable, _writable, failed) => {
        const octets = read();
        told.push(`${readable} ${failed} ${octets < 0 ? native.errno() : octets}`);
      }),
    );
    const ECONNREFUSED = 111;
    libc.write(near, new Uint8Array(1), 1); // to a port that is closed
    await until(() => told.length > 0);
    expect(told).toContain(`false true ${ECONNREFUSED}`);
    told.length = 0;
    far = udpSocket();
    libc.connect(near, addressOf(far), 16);
    libc.connect(far, addressOf(near), 16);
    send();
    await until(() => told.length > 0);
    expect(told).toEqual(['true false 3']);
  });
});

/** Bound to a free port of 127.0.0.1. */
function udpSocket(): number {
  const fd = libc.socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const address = sockaddrOf(native, { address: '127.0.0.1', port: 0 });
  expect(libc.bind(fd, address, address.length)).toBe(0);
  return fd;
}

function addressOf(fd: number): Uint8Array {
  const address = new Uint8Array(16);
  libc.getsockname(fd, address, Uint32Array.of(16));
  expect(endpointOf(native, address)?.port).toBeGreaterThan(0);
  return address;
}

async function until(isTrue: () => boolean): Promise<void> {
  for (const end = Date.now() + 2000; Date.now() < end && !isTrue(); ) await sleep(1);
}
