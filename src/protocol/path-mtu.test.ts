import { describe, expect, it } from 'vitest';
import type { PathMtu } from './client-io.ts';
import { PathMtuWatch, wordsOfNarrowing } from './path-mtu.ts';

const UPLINK: PathMtu = { octets: 1500, from: 'uplink' };
const heard = (octets: number, from: PathMtu['from'] = 'icmp') => ({ type: 'heard', path: { octets, from } }) as const;

describe('what is known of the path', () => {
  it('begins with what the host knew, and becomes less only', () => {
    const watch = new PathMtuWatch(UPLINK, false);
    expect([watch.known, watch.room(38)]).toEqual([UPLINK, 1462]);
    expect(watch.handle(heard(1400), 0)).toEqual([{ type: 'narrowed' }]);
    expect([watch.known, watch.room(38)]).toEqual([{ octets: 1400, from: 'icmp' }, 1362]);
    for (const octets of [1400, 1401, 1500, 9000]) expect(watch.handle(heard(octets), 0)).toEqual([]);
    expect(watch.handle(heard(1450, 'route'), 0)).toEqual([{ type: 'narrowed' }]);
    expect([watch.known.octets, watch.room(38)]).toEqual([1400, 1362]);
    expect(watch.handle(heard(1380, 'uplink'), 0)).toEqual([{ type: 'narrowed' }]);
    expect([watch.known, watch.room(38)]).toEqual([{ octets: 1380, from: 'uplink' }, 1342]);
  });

  it('leaves 1280 octets whatever ICMP says, and less only where this machine says so', () => {
    for (const octets of [1317, 1000, 552, 68, 0, -5]) {
      const watch = new PathMtuWatch(UPLINK, false);
      watch.handle(heard(octets), 0);
      expect([watch.known.octets, watch.room(38), watch.room(58)]).toEqual([octets, 1280, 1280]);
    }
    expect(new PathMtuWatch({ octets: 1000, from: 'icmp' }, false).room(38)).toBe(1280);
    expect(new PathMtuWatch({ octets: 1000, from: 'uplink' }, false).room(38)).toBe(962);
    expect(new PathMtuWatch({ octets: 1000, from: 'route' }, false).room(38)).toBe(962);
    expect(new PathMtuWatch({ octets: 80, from: 'route' }, false).room(38)).toBe(68);
  });

  it('is asked for two seconds after the link came up, and every minute as long as it is up', () => {
    const watch = new PathMtuWatch(UPLINK, false);
    expect(watch.deadline).toBeUndefined();
    watch.handle({ type: 'size', octets: 1498 }, 5000);
    watch.handle({ type: 'size', octets: 1490 }, 5500);
    const asked: number[] = [];
    for (let now = watch.deadline ?? 0; now < 200_000; now = watch.deadline ?? Number.POSITIVE_INFINITY)
      asked.push(...watch.handle({ type: 'tick' }, now).map(() => now));
    expect(asked).toEqual([7000, 67_000, 127_000, 187_000]);
    watch.handle({ type: 'down' }, 200_000);
    expect(watch.deadline).toBeUndefined();
  });

  it('is asked for when an echo of full size was lost', () => {
    const watch = new PathMtuWatch(UPLINK, true);
    watch.handle({ type: 'size', octets: 1498 }, 0);
    expect(watch.handle({ type: 'tick' }, 1000)).toEqual([{ type: 'probe', octets: 1498 }]);
    expect(watch.handle({ type: 'tick' }, 2000)).toEqual([{ type: 'ask' }, { type: 'ask' }]); // its own, and that of the minute
    expect(watch.handle({ type: 'tick' }, 2250)).toEqual([{ type: 'probe', octets: 1498 }]);
    expect(watch.handle({ type: 'tick' }, 3250)).toEqual([{ type: 'ask' }]);
  });

  it('says once that it cannot be found out', () => {
    const watch = new PathMtuWatch(UPLINK, true);
    watch.handle({ type: 'size', octets: 1498 }, 0);
    const said: unknown[] = [];
    for (let now = 0; now < 3_600_000; now = watch.deadline ?? Number.POSITIVE_INFINITY)
      said.push(...watch.handle({ type: 'tick' }, now).filter(({ type }) => type === 'unprovable'));
    expect(said).toEqual([
      { type: 'unprovable', words: expect.stringContaining('not even in datagrams of 1280 octets') },
    ]);
    expect(watch.finding).toEqual({ result: 'unanswered', octets: 1280 });
    expect([watch.known, watch.room(38)]).toEqual([UPLINK, 1462]);
  });

  it('is put in words', () => {
    expect(wordsOfNarrowing({ octets: 1400, from: 'icmp' }, 1362, 38)).toBe(
      'the path to the server carries only 1400 octets, as the network says: MTU 1362, MSS 1322',
    );
    expect(wordsOfNarrowing({ octets: 1000, from: 'icmp' }, 1280, 38)).toBe(
      'the path to the server carries only 1000 octets, as the network says: MTU 1280, MSS 1240, and full datagrams travel in fragments',
    );
  });
});
