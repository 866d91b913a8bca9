import { constants } from 'node:os';
import { beforeEach, describe, expect, it } from 'vitest';
import { loadNative, type Native } from './koffi.ts';
import { Outbox } from './outbox.ts';

const { EAGAIN, ECONNREFUSED, ENOBUFS } = constants.errno;
const PEER = { address: '192.0.2.1', port: 1701 };

describe('the outbox', () => {
  let sent: number[];
  /** What the next calls fail with; 0: they do not. */
  let errors: number[];
  let wanted: boolean[];
  let queued: boolean[];
  let outbox: Outbox;

  beforeEach(() => {
    [sent, errors, wanted, queued] = [[], [], [], []];
    const real = loadNative();
    let errno = 0;
    const attempt = (octets: number, first: number) => {
      errno = errors.shift() ?? 0;
      if (errno !== 0) return -1;
      sent.push(first);
      return octets;
    };
    const native: Native = {
      ...real,
      errno: () => errno,
      libc: {
        ...real.libc,
        sendto: (_fd, bytes, octets) => attempt(octets, (bytes as Uint8Array)[0] ?? -1),
        sendmsg: (_fd, msghdr) => attempt(1400, msghdr as number),
        sendmmsg: (_fd, mmsghdrs, count) => attempt(count, mmsghdrs as number),
      },
    };
    outbox = new Outbox({
      native,
      fd: 0,
      heedErrors: () => queued.shift() ?? false,
      watchWritable: (isWanted) => wanted.push(isWanted),
    });
  });
  const send = (first: number, expendable = false, octets = 1) => {
    const bytes = new Uint8Array(octets);
    bytes[0] = first;
    outbox.send(bytes, PEER, expendable);
  };

  it('loses what is expendable when the socket is full, and keeps the rest in order', () => {
    errors = [EAGAIN, EAGAIN];
    send(1, true);
    expect(wanted).toEqual([]);
    send(2);
    send(3);
    send(4, true);
    expect(sent).toEqual([]);
    expect(wanted).toEqual([true, true]);
    expect(outbox.errors).toEqual({ count: 2, last: 'the uplink is slower than what is to be sent' });
    errors = [0, EAGAIN];
    outbox.flush();
    expect(sent).toEqual([2]);
    expect(wanted).toEqual([true, true]);
    outbox.flush();
    expect(sent).toEqual([2, 3]);
    expect(wanted).toEqual([true, true, false]);
  });

  it('keeps what it was given, not what becomes of it', () => {
    errors = [EAGAIN];
    const bytes = new Uint8Array([1]);
    outbox.send(bytes, PEER, false);
    bytes[0] = 2;
    outbox.flush();
    expect(sent).toEqual([1]);
  });

  it('keeps 256 KB and no more', () => {
    errors = [EAGAIN];
    for (let i = 0; i < 5; i++) send(i, false, 64 * 1024);
    expect(outbox.errors.count).toBe(1);
    outbox.flush();
    expect(sent).toEqual([0, 1, 2, 3]);
    send(9, false, 64 * 1024);
    expect(sent).toEqual([0, 1, 2, 3, 9]);
  });

  it('tries once more when the error was that of an earlier datagram', () => {
    errors = [ECONNREFUSED];
    queued = [true];
    send(1);
    expect(sent).toEqual([1]);
    errors = [ECONNREFUSED, ECONNREFUSED];
    queued = [true];
    send(2);
    errors = [ENOBUFS];
    send(3);
    expect(sent).toEqual([1]);
    expect(outbox.errors).toEqual({ count: 2, last: 'send ENOBUFS 192.0.2.1:1701' });
  });

  it('says of prepared messages how it went, counts nothing, and tries once more in the same case', () => {
    expect(outbox.sendMessage(5)).toBe(1400);
    expect(outbox.sendMessages(6, 3)).toBe(3);
    errors = [EAGAIN, EAGAIN, ECONNREFUSED, 0, ENOBUFS, ECONNREFUSED, 0];
    expect(outbox.sendMessage(5)).toBe(-EAGAIN);
    expect(outbox.sendMessages(6, 3)).toBe(-EAGAIN);
    queued = [true, false, true];
    expect(outbox.sendMessage(5)).toBe(1400);
    expect(outbox.sendMessage(5)).toBe(-ENOBUFS);
    expect(outbox.sendMessages(6, 3)).toBe(3);
    [errors, queued] = [[ECONNREFUSED, 0, ECONNREFUSED, 0], []]; // told, but there was no room for it in the error queue
    expect([outbox.sendMessage(5), outbox.sendMessages(6, 3)]).toEqual([1400, 3]);
    expect(outbox.errors.count).toBe(0);
  });

  it('calls back once there is room, after what waited, and only once', () => {
    const calls: number[] = [];
    errors = [EAGAIN, EAGAIN];
    send(1);
    outbox.whenWritable(() => calls.push(sent.length));
    outbox.flush();
    expect(calls).toEqual([]);
    outbox.flush();
    outbox.flush();
    expect(calls).toEqual([1]);
  });

  it('is silent once it is closed', () => {
    const calls: number[] = [];
    errors = [EAGAIN];
    send(1);
    outbox.whenWritable(() => calls.push(1));
    outbox.close();
    send(2);
    outbox.whenWritable(() => calls.push(2));
    outbox.flush();
    expect([sent, calls]).toEqual([[], []]);
    expect(outbox.sendMessage(5)).toBe(-constants.errno.EBADF);
  });
});
