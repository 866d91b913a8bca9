import { describe, expect, it } from 'vitest';
import type { RoutingSettings } from '../../ports/network.ts';
import type { KernelRoute } from './kernel-table.ts';
import { type Prefix, readPrefix } from './prefix.ts';
import {
  missingRoutes,
  pinOf,
  planRoutes,
  planRules,
  type Route,
  type Surroundings,
  strongerDefault,
} from './route-plan.ts';

const settings: RoutingSettings = {
  device: 'l2w-wan',
  uplink: undefined,
  mark: undefined,
  defaultRoute: true,
  metric: undefined,
  table: undefined,
  routes: [],
  exclude: [],
  peerDns: true,
  mss: true,
  upScript: undefined,
  downScript: undefined,
};
const kernel = (prefix: string, device: string, gateway?: string, metric = 0): KernelRoute => ({
  prefix: readPrefix(prefix) as Prefix,
  device,
  gateway,
  metric,
});
const LINK = kernel('10.0.2.0/24', 'eth0');
const pin = pinOf('10.5.1.9', '10.0.2.1', 'eth0');
const around = (
  changes: Partial<RoutingSettings>,
  table: readonly KernelRoute[],
  present: readonly Route[] = [pin],
): Surroundings => ({
  settings: { ...settings, ...changes },
  uplink: { device: 'eth0', gateway: '10.0.2.1', source: '10.0.2.2', mtu: 1500, mtuFrom: 'uplink' },
  table,
  present,
  isTunnel: (device) => device.startsWith('l2w-'),
  isOurs: ({ device }) => device.startsWith('l2w-'),
});
const words = ({ prefix, gateway, device, metric, table, purpose }: Route) =>
  `${prefix} ${gateway ?? '-'} ${device} ${metric ?? '-'} ${table ?? '-'} ${purpose}`;
const plan = (changes: Partial<RoutingSettings>, table: readonly KernelRoute[], family: 4 | 6 = 4) => {
  const { routes, warnings } = planRoutes(family, around(changes, table));
  return { routes: routes.map(words), warnings };
};

describe('the default route', () => {
  const metricWith = (...table: KernelRoute[]) => plan({}, [LINK, ...table]).routes;

  it('goes just below the best default beside us', () => {
    const table = [kernel('0.0.0.0/0', 'eth0', '10.0.2.1', 100), kernel('0.0.0.0/0', 'eth1', '10.0.3.1', 50)];
    expect(metricWith(...table)).toEqual(['0.0.0.0/0 - l2w-wan 49 - default']);
    expect(metricWith(kernel('0.0.0.0/0', 'eth0', '10.0.2.1', 1))).toEqual(['0.0.0.0/0 - l2w-wan 0 - default']);
  });

  it('is two halves where there is no room below', () => {
    expect(metricWith(kernel('0.0.0.0/0', 'eth0', '10.0.2.1', 0))).toEqual([
      '0.0.0.0/1 - l2w-wan - - half of default',
      '128.0.0.0/1 - l2w-wan - - half of default',
    ]);
  });

  it('leaves metric 0 to an uplink that gets its default later', () => {
    expect(metricWith()).toEqual(['0.0.0.0/0 - l2w-wan 1 - default']);
  });

  it('finds a place beside another tunnel of ours', () => {
    const other = kernel('0.0.0.0/0', 'l2w-two', undefined, 99);
    expect(metricWith(kernel('0.0.0.0/0', 'eth0', '10.0.2.1', 100), other)).toEqual([
      '0.0.0.0/0 - l2w-wan 98 - default',
    ]);
    const halves = [kernel('0.0.0.0/1', 'l2w-two'), kernel('128.0.0.0/1', 'l2w-two')];
    expect(metricWith(kernel('0.0.0.0/0', 'eth0', '10.0.2.1', 0), ...halves)).toEqual([
      '0.0.0.0/1 - l2w-wan 1 - half of default',
      '128.0.0.0/1 - l2w-wan 1 - half of default',
    ]);
    const full = [1, 0].map((metric) => kernel('0.0.0.0/0', 'l2w-two', undefined, metric));
    expect(metricWith(kernel('0.0.0.0/0', 'eth0', '10.0.2.1', 2), ...full)[0]).toContain('half of default');
  });

  it('has the metric wished for, with a warning when it cannot win', () => {
    const table = [LINK, kernel('0.0.0.0/0', 'eth0', '10.0.2.1', 100)];
    expect(plan({ metric: 10 }, table)).toEqual({ routes: ['0.0.0.0/0 - l2w-wan 10 - default'], warnings: [] });
    const losing = plan({ metric: 200 }, table);
    expect(losing.routes).toEqual(['0.0.0.0/0 - l2w-wan 200 - default']);
    expect(losing.warnings).toEqual(["the default route does not win: its metric is 200, the uplink's 100"]);
  });

  it('is split on demand, or none', () => {
    expect(plan({ defaultRoute: 'split' }, [LINK]).routes).toHaveLength(2);
    expect(plan({ defaultRoute: false }, [LINK]).routes).toEqual([]);
  });

  it('meets no rival in a table of its own', () => {
    const table = [LINK, kernel('0.0.0.0/0', 'eth0', '10.0.2.1', 0)];
    expect(plan({ table: 77 }, table).routes).toEqual(['0.0.0.0/0 - l2w-wan - 77 default']);
    expect(planRules({ ...settings, table: 77 }, '10.64.0.10')).toEqual([{ from: '10.64.0.10', table: 77 }]);
    expect(planRules(settings, '10.64.0.10')).toEqual([]);
  });

  it('gives way to halves when outbid later, unless the metric was the user’s wish', () => {
    const installed: Route[] = [
      pin,
      { prefix: '0.0.0.0/0', gateway: undefined, device: 'l2w-wan', metric: 99, table: undefined, purpose: 'default' },
    ];
    const rival = (metric: number) => [LINK, kernel('0.0.0.0/0', 'eth0', '10.0.2.1', metric)];
    expect(strongerDefault(installed, around({}, rival(100)))).toEqual([]);
    expect(strongerDefault(installed, around({}, rival(99)))).toHaveLength(2);
    expect(strongerDefault(installed, around({}, [LINK]))).toEqual([]);
    expect(strongerDefault(installed, around({ metric: 99 }, rival(50)))).toEqual([]);
    expect(
      strongerDefault([...installed, ...strongerDefault(installed, around({}, rival(99)))], around({}, rival(99))),
    ).toEqual([]);
  });
});

describe('excluded prefixes', () => {
  const own = { defaultRoute: false } as const;
  const exclude = ['10.0.0.0/8'];

  it('keep the way they have on the uplink', () => {
    const table = [
      LINK,
      kernel('0.0.0.0/0', 'eth0', '10.0.2.1', 100),
      kernel('10.0.0.0/7', 'eth0', '10.0.2.9'),
      kernel('10.0.0.0/6', 'eth1', '10.0.3.1'),
    ];
    expect(plan({ ...own, exclude }, table).routes).toEqual(['10.0.0.0/8 10.0.2.9 eth0 - - stays on uplink']);
  });

  it('take the server’s gateway where the uplink has none for them, in the tunnel’s table', () => {
    expect(plan({ ...own, exclude, table: 77 }, [LINK]).routes).toEqual([
      '10.0.0.0/8 10.0.2.1 eth0 - 77 stays on uplink',
    ]);
  });

  it('stay on the link when there is no gateway at all, with a warning', () => {
    const onLink = {
      ...around({ ...own, exclude }, [LINK]),
      uplink: { device: 'eth0', gateway: undefined, source: '10.0.2.2', mtu: 1500, mtuFrom: 'uplink' as const },
    };
    const { routes, warnings } = planRoutes(4, onLink);
    expect(routes.map(words)).toEqual(['10.0.0.0/8 - eth0 - - stays on uplink']);
    expect(warnings).toEqual(['eth0 has no gateway for 10.0.0.0/8: it is looked for on the link itself']);
  });

  it('win over the same prefix in `routes`, and come before what would swallow them', () => {
    const { routes, warnings } = plan({ exclude, routes: ['10.0.0.0/8', '10.0.0.0/7'] }, [LINK]);
    expect(routes.map((route) => route.split(' ').slice(4).join(' '))).toEqual([
      '- stays on uplink',
      '- into tunnel',
      '- default',
    ]);
    expect(warnings).toEqual([
      '10.0.0.0/8 (into tunnel) is left out: it is via 10.0.2.1 dev eth0 (stays on uplink) already',
    ]);
  });
});

describe('prefixes into the tunnel', () => {
  it('never take the server along', () => {
    const { routes, warnings } = plan({ defaultRoute: false, routes: ['10.5.1.9/32', '10.5.0.0/16', '10.5.0.0/16'] }, [
      LINK,
    ]);
    expect(routes).toEqual(['10.5.0.0/16 - l2w-wan - - into tunnel']);
    expect(warnings).toEqual(['10.5.1.9/32 (into tunnel) is left out: it is via 10.0.2.1 dev eth0 (server) already']);
  });

  it('go in with their family', () => {
    const routes = ['2001:db8::/32', '10.9.0.0/16'];
    expect(plan({ routes, defaultRoute: false }, [], 4).routes).toEqual(['10.9.0.0/16 - l2w-wan - - into tunnel']);
    expect(plan({ routes }, [], 6).routes).toEqual(['2001:db8::/32 - l2w-wan 1024 - into tunnel']);
  });

  it('are left out when they are none', () => {
    expect(plan({ routes: ['10.9'], defaultRoute: false }, [])).toEqual({
      routes: [],
      warnings: ['10.9 is not a prefix: left out'],
    });
  });
});

describe('routes that went missing', () => {
  it('are told from those that are there, in the main table, on a device that can bear them', () => {
    const inTable: Route = { ...pin, prefix: '10.0.0.0/8', table: 77, purpose: 'stays on uplink' };
    const tunnel: Route = {
      ...pin,
      prefix: '10.9.0.0/16',
      gateway: undefined,
      device: 'l2w-wan',
      purpose: 'into tunnel',
    };
    const missing = (...table: KernelRoute[]) =>
      missingRoutes([pin, inTable, tunnel], table, (device) => device === 'eth0').map(words);
    expect(missing()).toEqual([words(pin), words(inTable)]);
    expect(missing(kernel('10.5.1.9/32', 'eth0', '10.0.2.1'))).toEqual([]);
    expect(missing(kernel('10.5.1.9/32', 'eth0', '10.0.2.254'))).toContain(words(pin));
    expect(missing(kernel('10.5.1.9/32', 'eth0', '10.0.2.1', 5))).toContain(words(pin));
  });

  it('pins IPv6 with the metric that the kernel would give', () => {
    expect(words(pinOf('2001:DB8::1', undefined, 'eth0'))).toBe('2001:db8::1/128 - eth0 1024 - server');
  });
});
