import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KernelRoute } from './kernel-table.ts';
import type { KernelView, Link } from './kernel-view.ts';
import { type Prefix, readPrefix } from './prefix.ts';
import { UplinkWatch } from './uplink-watch.ts';

const kernel = (prefix: string, device: string, gateway?: string, metric = 0): KernelRoute => ({
  prefix: readPrefix(prefix) as Prefix,
  device,
  gateway,
  metric,
});
const uplink = { device: 'eth0', gateway: '10.0.2.1', source: '10.0.2.2', mtu: 1500, mtuFrom: 'uplink' } as const;
const ETH0: Link = { index: 2, dead: undefined, mtu: 1500 };

describe('the watch over an uplink', () => {
  let table: KernelRoute[];
  let link: Link | undefined;
  let addresses: string[];
  let reads: number;
  let changed: string[];
  let unchanged: number;
  let watch: UplinkWatch;
  const view: KernelView = {
    table: () => {
      reads++;
      return table;
    },
    link: () => link,
    ipv6Mtu: () => undefined,
    hasAddress: (address) => addresses.includes(address),
  };
  const follow = (isFixed = false) => {
    const following = watch.follow(
      { uplink, isFixed },
      { changed: (words) => changed.push(words), unchanged: () => unchanged++ },
    );
    following.alsoTo('10.5.1.9');
    return following;
  };

  beforeEach(() => {
    vi.useFakeTimers();
    table = [kernel('0.0.0.0/0', 'eth0', '10.0.2.1', 100), kernel('10.0.2.0/24', 'eth0')];
    link = ETH0;
    addresses = ['10.0.2.2'];
    reads = 0;
    changed = [];
    unchanged = 0;
    watch = new UplinkWatch(view, ({ device }) => device.startsWith('l2w-'));
  });
  afterEach(() => {
    watch.close();
    vi.useRealTimers();
  });

  it.each<[string, () => void, string]>([
    ['the device vanishes', () => (link = undefined), 'eth0 has vanished'],
    ['the device is made anew', () => (link = { ...ETH0, index: 9 }), 'eth0 was removed and made anew'],
    ['the carrier is lost', () => (link = { ...ETH0, dead: 'without carrier' }), 'eth0 is without carrier'],
    ['the address is lost', () => (addresses = ['10.0.2.3']), 'eth0 no longer has the address 10.0.2.2'],
    [
      'the gateway changes',
      () => (table = [kernel('0.0.0.0/0', 'eth0', '10.0.2.254')]),
      'the way to 10.5.1.9/32 was via 10.0.2.1 dev eth0 and is via 10.0.2.254 dev eth0',
    ],
    [
      'a better uplink appears',
      () => table.push(kernel('0.0.0.0/0', 'eth1', '10.0.3.1', 10)),
      'the way to 10.5.1.9/32 was via 10.0.2.1 dev eth0 and is via 10.0.3.1 dev eth1',
    ],
    ['the last route goes', () => (table = []), 'the way to 10.5.1.9/32 was via 10.0.2.1 dev eth0 and is nowhere'],
  ])('says once, within 3 s, when %s', (_what, change, words) => {
    follow();
    vi.advanceTimersByTime(5000);
    expect(changed).toEqual([]);
    change();
    vi.advanceTimersByTime(3000);
    expect(changed).toEqual([words]);
    vi.advanceTimersByTime(60_000);
    expect(changed).toHaveLength(1);
  });

  it('says nothing of a change that does not last', () => {
    follow();
    const before = table;
    table = [];
    addresses = [];
    vi.advanceTimersByTime(1000);
    table = before;
    addresses = ['10.0.2.2'];
    vi.advanceTimersByTime(10_000);
    expect(changed).toEqual([]);
    expect(unchanged).toBe(10);
  });

  it('says nothing of routes of ours, or of other uplinks when this one was named', () => {
    follow(true);
    table.push(
      kernel('0.0.0.0/1', 'l2w-wan'),
      kernel('10.5.1.9/32', 'l2w-two'),
      kernel('0.0.0.0/0', 'eth1', '10.0.3.1', 10),
    );
    vi.advanceTimersByTime(10_000);
    expect(changed).toEqual([]);
  });

  it('watches further prefixes', () => {
    follow().alsoTo('10.0.0.0/8');
    table.push(kernel('10.0.0.0/8', 'eth0', '10.0.2.9'), kernel('10.5.1.9/32', 'eth0', '10.0.2.1'));
    vi.advanceTimersByTime(3000);
    expect(changed).toEqual(['the way to 10.0.0.0/8 was via 10.0.2.1 dev eth0 and is via 10.0.2.9 dev eth0']);
  });

  it('reads a table once a look for all, and stops with the last', () => {
    const [one, two] = [follow(), follow()];
    reads = 0;
    vi.advanceTimersByTime(1000);
    expect(reads).toBe(1);
    one.stop();
    two.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});
