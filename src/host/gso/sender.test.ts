import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { FakeMemory } from '../../../test/support/fake-memory.ts';
import type { Native } from '../native/koffi.ts';
import { SegmentQueue } from './segment-queue.ts';
import { type Outlet, Sender } from './sender.ts';

const { EAGAIN, EIO, EINVAL, EMSGSIZE, ENOBUFS, ENOSYS, EPERM } = constants.errno;
const MACHINES = [
  { pointerOctets: 8, isLittleEndian: true },
  { pointerOctets: 4, isLittleEndian: true },
  { pointerOctets: 8, isLittleEndian: false },
  { pointerOctets: 4, isLittleEndian: false },
] as const;
const DESTINATION = Uint8Array.of(2, 0, 6, 165, 10, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0);
const SOL_UDP = 17;
const UDP_SEGMENT = 103;

/** A call to the kernel, and the sizes of the datagrams that it would become. */
type Call = [call: 'gso' | 'many' | 'one', sizes: number[]];

/** A sender and a kernel that answers each call with 0 (done) or an error; 'many': after so many it has no more room. */
function senderOn(machine: (typeof MACHINES)[number], answer: (call: Call) => number, without: readonly string[] = []) {
  const memory = new FakeMemory(machine);
  const calls: Call[] = [];
  const datagrams: Uint8Array[] = [];
  const losses = { count: 0, last: '' };
  const outlet: Outlet = {
    canSegment: true,
    sendMessage(address) {
      const { name, payload, control } = memory.message(address);
      expect(name).toEqual(DESTINATION);
      const size =
        control === undefined ? payload.length : new DataView(control.data.buffer).getUint16(0, machine.isLittleEndian);
      if (control !== undefined) expect(control).toMatchObject({ level: SOL_UDP, type: UDP_SEGMENT });
      const parts: Uint8Array[] = [];
      for (let at = 0; at < payload.length; at += size) parts.push(payload.slice(at, at + size));
      const call: Call = [control === undefined ? 'one' : 'gso', parts.map(({ length }) => length)];
      calls.push(call);
      const error = answer(call);
      if (error !== 0) return -error;
      datagrams.push(...parts);
      return payload.length;
    },
    sendMessages(address, count) {
      const { octets } = memory.layout.mmsghdr;
      const messages = Array.from({ length: count }, (_, i) => memory.message(address + i * octets));
      expect(messages.every(({ control }) => control === undefined)).toBe(true);
      const call: Call = ['many', messages.map(({ payload }) => payload.length)];
      calls.push(call);
      const result = answer(call);
      if (result > 0) return -result;
      const sent = messages.slice(0, result === 0 ? count : -result);
      datagrams.push(...sent.map(({ payload }) => payload));
      return sent.length;
    },
    noteLoss(why, count = 1) {
      losses.count += count;
      losses.last = why;
    },
  };
  const headers = memory.adopt(Uint8Array.from({ length: 8192 }, (_, i) => i * 7));
  const packets = memory.adopt(Uint8Array.from({ length: 65_536 }, (_, i) => i * 13 + (i >> 8)));
  const unwanted = (feature: string) => (without.includes(feature) ? 'switched off' : undefined);
  const sender = new Sender(memory.native as Native, outlet, DESTINATION, unwanted);
  const queue = new SegmentQueue(memory.native as Native);
  const queued: Uint8Array[] = [];
  return {
    ...{ sender, queue, calls, datagrams, losses, queued },
    /** One segment of a header of 20 octets, or none, and so much payload. */
    add(size: number, header = 20) {
      const [headerAt, payloadAt] = [32 * queued.length, 100 * queued.length];
      queue.add(headers.address + headerAt, header, packets.address + payloadAt, size - header);
      queued.push(
        Uint8Array.from([
          ...headers.bytes.subarray(headerAt, headerAt + header),
          ...packets.bytes.subarray(payloadAt, payloadAt + size - header),
        ]),
      );
    },
    missing: () => Object.fromEntries(sender.features.map(({ name, missing }) => [name, missing])),
  };
}
const on = (answer: (call: Call) => number, without: readonly string[] = []) => senderOn(MACHINES[0], answer, without);
const fill = ({ add }: ReturnType<typeof on>, ...sizes: number[]) => {
  for (const size of sizes) add(size);
};
const times = (count: number, size: number): number[] => Array(count).fill(size);

describe('datagrams leave', () => {
  it.each(MACHINES)(
    'many at once, gathered from where they lie, $pointerOctets octets a pointer, little endian: $isLittleEndian',
    (machine) => {
      const end = senderOn(machine, () => 0);
      for (let k = 0; k < 10; k++) end.add(300);
      end.add(200, 0);
      expect(end.sender.flush(end.queue)).toBe(true);
      expect(end.calls).toEqual([['gso', [...times(10, 300), 200]]]);
      expect(end.datagrams).toEqual(end.queued);
      expect(end.queue.isEmpty).toBe(true);
    },
  );

  it.each(MACHINES)(
    'several a call where many at once cannot be had, $pointerOctets octets a pointer, little endian: $isLittleEndian',
    (machine) => {
      const end = senderOn(machine, () => 0, ['udp-segment']);
      for (let k = 0; k < 70; k++) end.add(300, k % 3 === 0 ? 0 : 20);
      expect(end.sender.flush(end.queue)).toBe(true);
      expect(end.calls.map(([call]) => call)).toEqual(['many', 'many']);
      expect(end.datagrams).toEqual(end.queued);
    },
  );

  it('one by one where nothing else can be had', () => {
    const end = on(() => 0, ['udp-segment', 'sendmmsg']);
    fill(end, 300, 300, 40);
    expect(end.sender.flush(end.queue)).toBe(true);
    expect(end.calls).toEqual([
      ['one', [300]],
      ['one', [300]],
      ['one', [40]],
    ]);
    expect(end.datagrams).toEqual(end.queued);
  });

  it('alone now and then when they are large, for the sake of "don\'t fragment"', () => {
    const end = on(() => 0);
    for (let message = 0; message < 600; message++) {
      end.queued.length = 0;
      fill(end, ...times(3, 1300));
      end.sender.flush(end.queue);
    }
    expect(end.calls.filter(([call]) => call === 'one')).toHaveLength(3);
    expect(end.calls[0]).toEqual(['one', [1300]]);
    expect(end.datagrams).toHaveLength(1800);
  });

  it('alone once more when the socket had no room for the one that was to', () => {
    let calls = 0;
    const end = on(() => (calls++ === 0 ? EAGAIN : 0));
    fill(end, ...times(3, 1300));
    expect(end.sender.flush(end.queue)).toBe(false);
    expect(end.sender.flush(end.queue)).toBe(true);
    expect(end.calls).toEqual([
      ['one', [1300]],
      ['one', [1300]],
      ['gso', [1300, 1300]],
    ]);
  });

  it('with those that follow, if they may', () => {
    const end = on(() => 0);
    fill(end, ...times(46, 1100));
    const left = () => end.calls.splice(0).map(([call, sizes]) => `${call} ${sizes.length}`);
    expect(end.sender.flush(end.queue, true)).toBe(true);
    expect(left()).toEqual([]);
    fill(end, ...times(46, 1100));
    expect(end.sender.flush(end.queue, true)).toBe(true);
    expect(left()).toEqual(['gso 59']);
    expect(end.queue.waiting).toBe(33);
    expect(end.sender.flush(end.queue)).toBe(true);
    expect(left()).toEqual(['gso 33']);
    expect(end.datagrams).toEqual(end.queued);
  });
});

describe('a kernel that refuses', () => {
  it.each([EIO, constants.errno.EOPNOTSUPP])('to send many at once by this device is not asked again: %i', (error) => {
    const end = on(([call]) => (call === 'gso' ? error : 0));
    fill(end, ...times(40, 500));
    expect(end.sender.flush(end.queue)).toBe(true);
    fill(end, ...times(40, 500));
    expect(end.sender.flush(end.queue)).toBe(true);
    expect(end.calls.map(([call]) => call)).toEqual(['gso', 'many', 'many']);
    expect(end.datagrams).toEqual(end.queued);
    expect(end.losses.count).toBe(0);
    expect(end.missing()['udp-segment']).toMatch(/^the uplink does not take it: /);
  });

  it.each([EINVAL, EMSGSIZE])('to send many of this size at once is asked again the next time: %i', (error) => {
    let isNarrow = true;
    const end = on(([call]) => (call === 'gso' && isNarrow ? error : 0));
    fill(end, ...times(4, 500));
    end.sender.flush(end.queue);
    expect(end.missing()['udp-segment']).toMatch(/^refused just now: /);
    isNarrow = false;
    fill(end, ...times(4, 500));
    end.sender.flush(end.queue);
    expect(end.calls.map(([call]) => call)).toEqual(['gso', 'many', 'gso']);
    expect(end.datagrams).toEqual(end.queued);
    expect(end.missing()['udp-segment']).toBeUndefined();
  });

  it('to take several a call is asked one by one, from then on', () => {
    const end = on(([call]) => (call === 'many' ? ENOSYS : 0), ['udp-segment']);
    fill(end, 500, 500, 100);
    end.sender.flush(end.queue);
    fill(end, 500, 500);
    end.sender.flush(end.queue);
    expect(end.calls.map(([call]) => call)).toEqual(['many', 'one', 'one', 'one', 'one', 'one']);
    expect(end.datagrams).toEqual(end.queued);
    expect(end.missing().sendmmsg).toContain('ENOSYS');
  });

  it('everything, its queue being full, is not asked for each datagram again', () => {
    const end = on(() => ENOBUFS);
    fill(end, ...times(40, 500));
    expect(end.sender.flush(end.queue)).toBe(true);
    expect(end.calls).toHaveLength(1);
    expect(end.losses).toMatchObject({ count: 40, last: expect.stringContaining('ENOBUFS') });
    expect(end.missing()['udp-segment']).toBeUndefined();
  });

  it('many at once, being a firewall that looks at lengths, gets them one by one', () => {
    let isStrict = true;
    const end = on(([call]) => (call === 'gso' && isStrict ? EPERM : 0));
    fill(end, ...times(40, 500));
    expect(end.sender.flush(end.queue)).toBe(true);
    expect(end.missing()['udp-segment']).toContain('EPERM');
    isStrict = false;
    fill(end, ...times(40, 500));
    expect(end.sender.flush(end.queue)).toBe(true);
    expect(end.calls.map(([call]) => call)).toEqual(['gso', 'many', 'gso']);
    expect(end.datagrams).toEqual(end.queued);
    expect(end.losses.count).toBe(0);
    expect(end.missing()['udp-segment']).toBeUndefined();
  });

  it('one datagram gets the others', () => {
    let calls = 0;
    const end = on(() => [-2, EPERM, 0][calls++] ?? 0, ['udp-segment']);
    fill(end, 500, 500, 500, 500, 500);
    expect(end.sender.flush(end.queue)).toBe(true);
    expect(end.datagrams).toEqual(end.queued.filter((_, k) => k !== 2));
    expect(end.losses).toMatchObject({ count: 1, last: expect.stringContaining('EPERM') });
  });
});

describe('a socket that is full', () => {
  it.each([[[]], [['udp-segment']], [['udp-segment', 'sendmmsg']]])(
    'gets the rest later, in order, without %j',
    (without) => {
      let calls = 0;
      const end = on(([call]) => {
        calls++;
        if (calls % 2 === 0) return EAGAIN;
        return call === 'many' && calls % 3 === 0 ? -5 : 0; // took five of them
      }, without);
      fill(end, ...times(100, 400), ...times(50, 90), 1000, 30);
      let rounds = 0;
      while (!end.sender.flush(end.queue) && rounds++ < 500) expect(end.queue.isEmpty).toBe(false);
      expect(rounds).toBeGreaterThan(1);
      expect(end.datagrams).toEqual(end.queued);
      expect(end.losses.count).toBe(0);
    },
  );
});
