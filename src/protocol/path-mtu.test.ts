import { describe, expect, it } from 'vitest';
import type { PathMtu } from './client-io.ts';
import { type PathMtuEffect, PathMtuWatch, wordsOfNarrowing, wordsOfWidening } from './path-mtu.ts';

const UPLINK: PathMtu = { octets: 1500, from: 'uplink' };
const size = (octets: number, most = 1498) => ({ type: 'size', octets, most }) as const;
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
    watch.handle(size(1498), 5000);
    watch.handle(size(1490), 5500);
    const asked: number[] = [];
    for (let now = watch.deadline ?? 0; now < 200_000; now = watch.deadline ?? Number.POSITIVE_INFINITY)
      asked.push(...watch.handle({ type: 'tick' }, now).map(() => now));
    expect(asked).toEqual([7000, 67_000, 127_000, 187_000]);
    watch.handle({ type: 'down' }, 200_000);
    expect(watch.deadline).toBeUndefined();
  });

  it('is asked for when an echo of full size was lost', () => {
    const watch = new PathMtuWatch(UPLINK, true);
    watch.handle(size(1498), 0);
    expect(watch.handle({ type: 'tick' }, 1000)).toEqual([{ type: 'probe', octets: 1498 }]);
    expect(watch.handle({ type: 'tick' }, 2000)).toEqual([{ type: 'ask' }, { type: 'ask' }]); // its own, and that of the minute
    expect(watch.handle({ type: 'tick' }, 2250)).toEqual([{ type: 'probe', octets: 1498 }]);
    expect(watch.handle({ type: 'tick' }, 3250)).toEqual([{ type: 'ask' }]);
  });

  it('says once that it cannot be found out', () => {
    const watch = new PathMtuWatch(UPLINK, true);
    watch.handle(size(1498), 0);
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
    expect(wordsOfWidening(1460)).toBe(
      'the path to the server carries more than it did, as echoes showed: MTU 1460, MSS 1420',
    );
    expect(wordsOfNarrowing({ octets: 1000, from: 'icmp' }, 1280, 38)).toBe(
      'the path to the server carries only 1000 octets, as the network says: MTU 1280, MSS 1240, and full datagrams travel in fragments',
    );
  });
});

/** A tunnel with 38 octets of headers, on a path on which the host's word and what really gets through are two things; virtual time. */
class Tunnel {
  readonly watch: PathMtuWatch;
  /** Of the largest datagram that gets through, octets. */
  path = 1500;
  /** What the host answers when it is asked. */
  host: PathMtu = UPLINK;
  answersEchoes = true;
  now = 0;
  readonly sent: { readonly at: number; readonly octets: number }[] = [];
  readonly changes: string[] = [];

  constructor(isProbed: boolean, known = UPLINK) {
    this.watch = new PathMtuWatch(known, isProbed);
    this.#resize();
  }

  get mtu(): number {
    return Math.min(1460, this.watch.room(38));
  }

  hears(octets: number): this {
    return this.#perform(this.watch.handle(heard(octets), this.now));
  }
  pass(ms: number): this {
    const end = this.now + ms;
    for (let at = this.watch.deadline ?? end; at <= end; at = this.watch.deadline ?? Number.POSITIVE_INFINITY) {
      this.now = at;
      this.#perform(this.watch.handle({ type: 'tick' }, at));
      this.#resize(); // as with every word of PPP's, changed or not
    }
    this.now = end;
    return this;
  }

  #resize(): void {
    this.#perform(this.watch.handle(size(this.mtu + 38), this.now));
  }

  #perform(effects: readonly PathMtuEffect[]): this {
    for (const effect of effects)
      if (effect.type === 'ask') this.#perform(this.watch.handle({ type: 'heard', path: this.host }, this.now));
      else if (effect.type === 'narrowed' || effect.type === 'widened') {
        this.changes.push(`${effect.type} ${this.mtu} at ${Math.floor(this.now / 60_000)} min`);
        this.#resize();
      } else if (effect.type === 'probe') {
        this.sent.push({ at: this.now, octets: effect.octets });
        if (this.answersEchoes && effect.octets <= this.path)
          this.#perform(this.watch.handle({ type: 'answered', octets: effect.octets }, this.now));
      }
    return this;
  }
}

describe.each([false, true])('a path that was narrow (probed: %s)', (isProbed) => {
  const narrow = () => {
    const tunnel = new Tunnel(isProbed).pass(10_000);
    Object.assign(tunnel, { path: 1400, host: { octets: 1400, from: 'icmp' } });
    return tunnel.hears(1400);
  };
  /** Echoes larger than what the tunnel has. */
  const trials = ({ sent }: Tunnel) => sent.filter(({ at, octets }) => at > 10_000 && octets > 1400);

  it('is tried out after ten minutes, once the kernel has forgotten, and widens the tunnel', () => {
    const tunnel = narrow();
    tunnel.pass(590_000);
    Object.assign(tunnel, { path: 1500, host: UPLINK });
    tunnel.pass(9_000);
    expect([tunnel.mtu, trials(tunnel)]).toEqual([1362, []]);
    tunnel.pass(61_000);
    expect(trials(tunnel).map(({ octets }) => octets)).toEqual([1498]);
    expect([tunnel.mtu, tunnel.watch.known]).toEqual([1460, UPLINK]);
    expect(tunnel.changes).toEqual(['narrowed 1362 at 0 min', 'widened 1460 at 11 min']);
    expect(tunnel.watch.finding).toEqual(isProbed ? { result: 'fits', octets: 1498 } : undefined);
    tunnel.pass(3_600_000);
    expect(tunnel.changes).toHaveLength(2);
  });

  it('is left alone as long as the kernel remembers', () => {
    const tunnel = narrow().pass(3_600_000);
    expect([tunnel.mtu, trials(tunnel)]).toEqual([1362, []]);
  });

  it('is tried every ten minutes and no more often while it stays narrow, and no packet suffers', () => {
    const tunnel = narrow();
    tunnel.host = UPLINK; // as a host has it that cannot tell what its kernel has learnt
    tunnel.pass(3_600_000);
    expect([tunnel.mtu, tunnel.changes]).toEqual([1362, ['narrowed 1362 at 0 min']]);
    const starts = trials(tunnel).filter(
      ({ octets, at }, i, all) => octets === 1498 && at - (all[i - 1]?.at ?? 0) > 60_000,
    );
    expect(starts.length).toBeGreaterThanOrEqual(4);
    expect(starts.length).toBeLessThanOrEqual(6);
  });

  it('is not tried further once the network has said no again', () => {
    const tunnel = narrow();
    tunnel.host = UPLINK;
    tunnel.pass(660_000);
    const before = trials(tunnel).length;
    expect(before).toBeGreaterThan(0);
    tunnel.hears(1400).pass(540_000);
    expect([trials(tunnel).length, tunnel.mtu]).toEqual([before, 1362]);
  });

  it('widens as far as it goes', () => {
    const tunnel = narrow();
    Object.assign(tunnel, { path: 1450, host: UPLINK });
    tunnel.pass(720_000);
    expect([tunnel.mtu, tunnel.watch.known]).toEqual([1412, { octets: 1450, from: 'probe' }]);
    Object.assign(tunnel, { path: 1500 });
    tunnel.pass(720_000);
    expect(tunnel.mtu).toBe(1460);
  });

  it('stays narrow where the server does not answer, and says nothing', () => {
    const tunnel = narrow();
    Object.assign(tunnel, { path: 1500, host: UPLINK, answersEchoes: false });
    tunnel.pass(3_600_000);
    expect(tunnel.mtu).toBe(1362);
    expect(trials(tunnel).length).toBeGreaterThan(0);
  });

  it('was so from the beginning of the dial, too', () => {
    const tunnel = new Tunnel(isProbed, { octets: 1400, from: 'icmp' });
    expect(tunnel.mtu).toBe(1362);
    tunnel.pass(720_000);
    expect([tunnel.mtu, tunnel.watch.known]).toEqual([1460, UPLINK]);
  });

  it('ends with the link', () => {
    const tunnel = narrow();
    tunnel.host = UPLINK;
    tunnel.answersEchoes = false;
    tunnel.pass(653_500);
    expect(trials(tunnel).length).toBeGreaterThan(0);
    expect(tunnel.watch.handle({ type: 'down' }, tunnel.now)).toEqual([]);
    expect(tunnel.watch.deadline).toBeUndefined();
  });
});

it('a probe that found a black hole tries more after ten minutes, and keeps what it found where that is lost', () => {
  const tunnel = new Tunnel(true);
  tunnel.path = 1400;
  tunnel.pass(1_500_000);
  expect([tunnel.mtu, tunnel.watch.known]).toEqual([1362, { octets: 1400, from: 'probe' }]);
  tunnel.path = 1350; // in the middle of a trial or out of it: less is found as ever
  tunnel.pass(1_300_000);
  expect(tunnel.mtu).toBe(1312);
  tunnel.path = 1500;
  tunnel.pass(1_300_000);
  expect([tunnel.mtu, tunnel.watch.known]).toEqual([1460, UPLINK]);
});
