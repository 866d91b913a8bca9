import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import {
  drop,
  echo,
  keep,
  kept,
  NOTHING,
  native,
  now,
  packets,
  READABLE,
  read,
  say,
  standingBy,
  tidyUp,
  udpSocket,
  WRITABLE,
} from '../../../test/support/standing-by.ts';
import type { Native } from './koffi.ts';
import type { Watch } from './watch.ts';

const { libc } = native;
afterEach(tidyUp);

describe('standby', () => {
  it('tells of one packet after the other, and libuv hardly of more than the first', async () => {
    const { fd, port } = udpSocket();
    const told = { libuv: 0, directly: 0 };
    const sender = packets(port, 50, 4);
    const before = now.waits;
    await new Promise<void>((resolve) => {
      kept(fd, READABLE, () => {
        while (read(fd) > 0) told[now.isLibuvs ? 'libuv' : 'directly']++;
        if (told.libuv + told.directly === 50) resolve();
      });
    });
    expect(told.directly).toBeGreaterThan(told.libuv);
    expect(now.waits - before, 'it does not turn and turn').toBeLessThan(400);
    await new Promise((resolve) => sender.once('exit', resolve));
  });

  it('lets process.nextTick and microtasks have their turn before the next packet', async () => {
    const order = await standingBy<string[]>((done) => {
      const told: string[] = [];
      const fd = echo();
      kept(fd, READABLE, () => {
        read(fd);
        told.push('packet');
        if (told.length > 3) return done(told);
        queueMicrotask(() => told.push('microtask'));
        process.nextTick(() => told.push('tick'));
        say(fd);
      });
      say(fd);
    });
    expect(order).toEqual(['packet', 'tick', 'microtask', 'packet']);
  });

  it('takes up in the middle what is new, what is wanted again and what is wanted differently', async () => {
    const fd = echo();
    const told: string[] = [];
    const it = await standingBy<Watch>((done) => {
      const made = kept(fd, NOTHING, (readable, writable) => {
        told.push(`${readable} ${writable}`);
        if (readable) read(fd);
        made.change(NOTHING);
        if (told.length === 1) made.change(WRITABLE);
        if (told.length === 2) setTimeout(() => done(made), 20);
      });
      say(fd);
      made.change(READABLE);
    });
    expect(told).toEqual(['true false', 'false true']);
    say(fd);
    await sleep(20);
    expect(told, 'it wants nothing').toHaveLength(2);
    it.change(READABLE);
    await sleep(20);
    expect(told.slice(2)).toEqual(['true false']);
  });

  it.each([
    { how: 'closed', act: (each: Watch) => each.close() },
    { how: 'made unwanted', act: (each: Watch) => each.change(NOTHING) },
  ])('tells nothing more to what is $how in the same round', async ({ act }) => {
    let rounds = 0;
    const calls: number[] = [];
    await standingBy((done) => {
      const three = [echo(), echo(), echo()];
      const all = three.map((fd, i) =>
        kept(fd, READABLE, () => {
          calls.push(i);
          for (const each of all) act(each);
        }),
      );
      for (const fd of three) say(fd);
      rounds++;
      setTimeout(done, 20);
    });
    expect([rounds, calls]).toEqual([1, [0]]);
  });

  it('may have a descriptor closed, and its number used anew, in the middle', async () => {
    const first = echo();
    const told: string[] = [];
    await standingBy((done) => {
      const old = kept(first, READABLE, () => {
        told.push('old');
        old.close();
        drop(first);
        const second = echo();
        expect(second).toBe(first);
        kept(second, READABLE, () => done(void told.push(`new: ${read(second)}`)));
        say(second);
      });
      say(first);
    });
    expect(told).toEqual(['old', 'new: 3']);
  });

  it('says that something is wrong, and goes on when that is settled', async () => {
    const [near, far] = [udpSocket(), udpSocket()];
    libc.connect(near.fd, far.address, 16);
    drop(far.fd);
    const ECONNREFUSED = 111;
    const told = await standingBy<string[]>((done) => {
      const heard: string[] = [];
      kept(near.fd, READABLE, (readable, _writable, failed) => {
        const octets = read(near.fd);
        heard.push(`${readable} ${failed} ${octets < 0 ? native.errno() : octets}`);
        if (heard.length === 2) return done(heard);
        libc.connect(near.fd, near.address, 16);
        say(near.fd);
      });
      say(near.fd); // to a port that is closed
    });
    expect(told[0]).toMatch(new RegExp(`^(true|false) true ${ECONNREFUSED}$`)); // for poll(2) an error can be read, too
    expect(told[1]).toBe('true false 3');
  });

  it('says nothing of what is wrong to those who want nothing', async () => {
    const [near, far] = [udpSocket(), udpSocket()];
    libc.connect(near.fd, far.address, 16);
    drop(far.fd);
    let calls = 0;
    await standingBy((done) => {
      const other = echo();
      let rounds = 0;
      kept(near.fd, NOTHING, () => calls++);
      kept(other, READABLE, () => {
        read(other);
        if (++rounds === 5) done();
        else say(other);
      });
      say(near.fd); // to a port that is closed
      say(other);
    });
    expect(calls).toBe(0);
  });

  it('tells whoever waits to write, too, that the other end has hung up', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'standby-'));
    const path = join(directory, 'fifo');
    execFileSync('sh', ['-c', 'mkfifo "$0"', path]);
    const [O_RDONLY, O_NONBLOCK] = [0, 0o4000];
    const fd = libc.open(path, O_RDONLY | O_NONBLOCK);
    keep(fd);
    closeSync(openSync(path, 'w'));
    // As libuv has it: who is told nothing can do nothing about it, and poll(2) does not wait any more.
    const told = await new Promise<boolean[]>((resolve) => {
      const it = kept(fd, WRITABLE, (...ready) => {
        if (now.isLibuvs) return;
        it.close();
        resolve(ready);
      });
    });
    expect(told).toEqual([false, true, false]);
    rmSync(directory, { recursive: true });
  });

  it('serves the others when a callback throws, and then it is thrown where nobody catches it', async () => {
    const boom = new Error('a mistake of ours');
    const thrown: unknown[] = [];
    const listeners = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => thrown.push(error));
    const served = await standingBy<number>((done) => {
      const [bad, good] = [echo(), echo()];
      kept(bad, READABLE, () => {
        read(bad);
        throw boom;
      });
      let calls = 0;
      kept(good, READABLE, () => {
        read(good);
        calls++;
        if (calls === 2) setTimeout(() => done(calls), 20);
        else setTimeout(() => say(good), 20);
      });
      for (const fd of [bad, good]) say(fd);
    });
    process.removeAllListeners('uncaughtException');
    for (const each of listeners) process.on('uncaughtException', each);
    expect([served, thrown]).toEqual([2, [boom]]);
  });

  it('is not needed where Node keeps its loop to itself', async () => {
    const fd = echo();
    const alone: Native = { ...native, loop: undefined };
    const told: boolean[] = [];
    await new Promise<void>((resolve) => {
      const ready = () => {
        read(fd);
        told.push(now.isLibuvs);
        if (told.length === 5) resolve();
        else say(fd);
      };
      kept(fd, READABLE, ready, alone);
      say(fd);
    });
    expect(told).toEqual(Array(5).fill(true));
  });
});
