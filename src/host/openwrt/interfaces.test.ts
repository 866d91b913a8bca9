import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../../test/support/fake-host.ts';
import { FakeNetifd } from '../../../test/support/fake-netifd.ts';
import { meantBy } from '../../daemon/faults.ts';
import { type Fault, OwnerRefused } from '../../ports/interface-owner.ts';
import type { Failure } from '../../protocol/failure.ts';
import { Interfaces } from './interfaces.ts';
import { Netifd } from './netifd.ts';
import { Reports } from './reports.ts';

const CAMPUS = { proto: 'l2tpwan', server: ['lns'], username: 'alice', password: 's3cret' };

/** A daemon that is up as soon as it is told to, and netifd with its protocol handler. */
function scene({ interfaces: names = ['campus'], begin = true } = {}) {
  const clock = new FakeClock();
  const bus = new FakeNetifd();
  const lines: string[] = [];
  const log = {
    write: (level: string, name: string | undefined, words: string) => void lines.push(`${level} ${name}: ${words}`),
  };
  const netifd = new Netifd(bus);
  const reports = new Reports(netifd, log);
  const files = new Map<string, unknown>(names.map((name) => [name, CAMPUS]));
  const removed: string[] = [];
  const orders: string[] = [];
  const state = {
    faults: [] as Fault[],
    optionNames: [] as string[],
    dials: true,
    up: new Set<string>(),
    hangUp: async (): Promise<void> => undefined,
  };
  const link = {
    localAddress: '10.64.0.10',
    peerAddress: '192.0.2.72',
    dns: ['10.0.0.53'],
    mtu: 1400,
    server: { address: '192.0.2.72', port: 1701 },
  };
  const comeUp = (name: string) => {
    state.up.add(name);
    const settle = async () => undefined;
    const wanted = { device: `l2w-${name}`, link, defaultRoute: true, routes: [], facts: {} };
    return reports.linkUp(name, { link: async () => wanted, settle });
  };
  const lose = (name: string) => {
    state.up.delete(name);
    return reports.linkDown(name);
  };
  const interfaces = new Interfaces({
    netifd,
    reports,
    clock,
    log,
    meantBy,
    settings: {
      read: async (name) => {
        if (!files.has(name)) throw new Error('its settings cannot be read');
        return files.get(name);
      },
      optionNames: async () => state.optionNames,
      remove: async (name) => void removed.push(name),
    },
  });
  interfaces.serve({
    connect: async (name) => {
      orders.push(`connect ${name}`);
      if (state.faults.length === 0 && state.dials && !state.up.has(name))
        clock.alarm(() => void comeUp(name)).set(clock.now() + 100);
      return state.faults;
    },
    disconnect: async (name) => {
      orders.push(`disconnect ${name}`);
      await state.hangUp();
      await lose(name);
    },
    forget: async (name) => {
      orders.push(`forget ${name}`);
      await lose(name);
    },
    hurry: (name, why) => void orders.push(`hurry ${name}: ${why}`),
  });
  bus.setup = (name) => interfaces.connect(name);
  bus.teardown = (name) => interfaces.disconnect(name);
  for (const name of names) bus.add(name);
  let end: () => void = () => undefined;
  const start = () => {
    end = interfaces.begin();
  };
  if (begin) start();
  /** A dial later. */
  const soon = () => clock.pass(200);
  /** As netifd starts: every interface that starts by itself. */
  const boot = async () => {
    for (const each of bus.interfaces.values()) if (each.proto === 'l2tpwan' && each.autostart) bus.up(each);
    await clock.pass(20_000);
    bus.calls.length = orders.length = 0;
  };
  return {
    clock,
    bus,
    lines,
    reports,
    interfaces,
    files,
    removed,
    orders,
    state,
    comeUp,
    lose,
    soon,
    boot,
    start,
    end: () => end(),
  };
}

const failure = (code: Failure['code'], detail = 'why'): Failure => ({ code, detail });

describe('an interface that netifd sets up', () => {
  it('is dialled, and netifd told of it', async () => {
    const { bus, orders, soon } = scene();
    bus.up(bus.get('campus'));
    await soon();
    expect(orders).toEqual(['connect campus']);
    expect(bus.get('campus')).toMatchObject({
      state: 'up',
      has: {
        action: 0,
        ifname: 'l2w-campus',
        ipaddr: [{ ipaddr: '10.64.0.10', mask: '32' }],
        routes: [{ target: '0.0.0.0', netmask: '0' }],
        dns: ['10.0.0.53'],
        data: { server: '192.0.2.72', mtu: 1400 },
      },
    });
    expect(JSON.stringify(bus.get('campus').has)).not.toMatch(/ptp|gateway/);
  });

  it('is answered before it is up', async () => {
    const { interfaces, bus, state } = scene();
    state.dials = false;
    bus.get('campus').state = 'setup';
    await expect(interfaces.connect('campus')).resolves.toBeUndefined();
  });

  it('with wrong settings is told why, and waits for better ones', async () => {
    const { bus, state, lines, interfaces, clock, soon } = scene();
    state.faults = [{ field: 'mtu', words: 'found "abc", allowed: a whole number of octets from 128 to 9000' }];
    let refused: unknown;
    bus.setup = (name) => interfaces.connect(name).catch((error: unknown) => (refused = error));
    bus.up(bus.get('campus'));
    await soon();
    const words = 'option mtu: found "abc", allowed: a whole number of octets from 128 to 9000';
    expect(bus.get('campus')).toMatchObject({
      state: 'setup',
      autostart: true,
      errors: [['WRONG_SETTINGS', words]],
    });
    expect(bus.calls).toEqual(['error campus WRONG_SETTINGS']);
    expect(refused).toMatchObject({ status: 'invalidArgument', message: '' }); // the log has it, and has it once
    expect(lines.filter((line) => line.includes('mtu'))).toEqual([`error campus: interface campus: ${words}`]);
    expect(interfaces.refused).toEqual({ campus: [words] });
    await expect(interfaces.up('campus')).rejects.toMatchObject({
      why: 'wrong-settings',
      message: `the settings of interface campus cannot work: ${words}; mend them, then reload_config`,
    });
    // A bus that comes back is no reason to do it all again.
    bus.connect();
    await clock.pass(20_000);
    expect(bus.calls).toEqual(['error campus WRONG_SETTINGS']);
    // Mended: netifd sets it up anew.
    state.faults = [];
    bus.get('campus').state = 'down';
    bus.up(bus.get('campus'));
    await soon();
    expect(bus.get('campus')).toMatchObject({ state: 'up', errors: [] });
    expect(interfaces.refused).toEqual({});
  });

  it('with wrong settings is refused no more once it is to be down, or is gone', async () => {
    const { bus, state, interfaces, clock, soon } = scene({ interfaces: ['campus', 'other'] });
    state.faults = [{ field: 'mtu', words: 'found "abc"' }];
    state.optionNames = ['usernam'];
    for (const name of ['campus', 'other']) bus.up(bus.get(name));
    await soon();
    const words = ['option mtu: found "abc"', 'option usernam: unknown, did you mean "username"?'];
    expect(interfaces.refused).toEqual({ campus: words, other: words });
    bus.down(bus.get('campus'));
    bus.down(bus.get('other'));
    bus.interfaces.delete('other');
    await clock.pass(11_000);
    expect(interfaces.refused).toEqual({});
    // It is judged anew when a person wants it up.
    state.faults = state.optionNames = [];
    await interfaces.up('campus');
    await soon();
    expect(bus.get('campus').state).toBe('up');
  });

  it('with an option that nobody knows comes up, and has that as its error', async () => {
    const { bus, state, lines, interfaces, lose, comeUp, boot, soon } = scene();
    state.optionNames = ['proto', 'server', 'usernam', 'metric', '_note'];
    await boot();
    const words = 'option usernam: unknown, did you mean "username"?';
    expect(bus.get('campus')).toMatchObject({ state: 'up', errors: [['UNKNOWN_OPTION', words]] });
    expect(lines).toContain(`warn campus: interface campus: ${words}`);
    expect(interfaces.remarksOn('campus')).toEqual([words]);
    await lose('campus');
    interfaces.failed('campus', failure('no-answer'));
    await soon();
    expect(bus.get('campus').errors).toEqual([['NO_ANSWER', 'why']]);
    await comeUp('campus');
    expect(bus.get('campus').errors).toEqual([['UNKNOWN_OPTION', words]]);
  });

  it('with an option that nobody knows and wrong settings hears of both: one may be the reason of the other', async () => {
    const { bus, state, interfaces, soon } = scene();
    Object.assign(state, {
      faults: [{ field: 'username', words: 'missing, allowed: text of 1 to 255 octets' }],
      optionNames: ['usernam'],
    });
    bus.up(bus.get('campus'));
    await soon();
    expect(bus.get('campus').errors[0]).toEqual([
      'WRONG_SETTINGS',
      expect.stringMatching(/^option username: missing/),
      'option usernam: unknown, did you mean "username"?',
    ]);
    // Mended.
    Object.assign(state, { faults: [], optionNames: [] });
    bus.get('campus').state = 'down';
    bus.up(bus.get('campus'));
    await soon();
    expect(bus.get('campus')).toMatchObject({ state: 'up', errors: [] });
    expect(interfaces.remarksOn('campus')).toEqual([]);
  });

  it('with new settings that are wrong is not up with the old ones', async () => {
    const { bus, state, orders, boot, soon } = scene();
    await boot();
    state.faults = [{ field: 'mtu', words: 'found "abc"' }];
    bus.get('campus').state = 'down';
    bus.up(bus.get('campus'));
    await soon();
    expect(orders).toEqual(['connect campus', 'disconnect campus']);
    expect(state.up).toEqual(new Set());
    expect(bus.get('campus')).toMatchObject({
      state: 'setup',
      errors: [['WRONG_SETTINGS', 'option mtu: found "abc"']],
    });
  });

  it('with wrong settings, and that netifd does not know, is forgotten', async () => {
    const { interfaces, removed, clock } = scene();
    await clock.pass(20_000);
    await expect(interfaces.connect('ghost', true)).rejects.toMatchObject({ status: 'invalidArgument' });
    expect(interfaces.isInterface('ghost')).toBe(true);
    await clock.pass(11_000);
    expect(interfaces.isInterface('ghost')).toBe(false);
    expect(removed).toEqual(['ghost']);
  });

  it('without settings, or with something else for settings, likewise', async () => {
    const { bus, files, soon } = scene();
    files.delete('campus');
    bus.up(bus.get('campus'));
    await soon();
    expect(bus.get('campus').errors).toEqual([['WRONG_SETTINGS', 'its settings cannot be read']]);
    files.set('campus', ['x']);
    bus.get('campus').state = 'down';
    bus.up(bus.get('campus'));
    await soon();
    expect(bus.get('campus').errors).toEqual([['WRONG_SETTINGS', 'its settings are no options of an interface']]);
  });

  it('is taken down, and netifd hears when it is down', async () => {
    const { bus, state, orders, boot, soon } = scene();
    await boot();
    let hungUp: () => void = () => undefined;
    state.hangUp = () => new Promise((resolve) => (hungUp = resolve));
    bus.down(bus.get('campus'));
    await soon();
    expect(orders).toEqual(['disconnect campus']);
    expect(bus.get('campus').state).toBe('teardown');
    hungUp();
    await soon();
    expect(bus.get('campus').state).toBe('down');
    expect(bus.calls).toEqual([]); // while netifd takes it down it has nothing to be told
  });

  it('taken down in the middle of being set up is down in the end', async () => {
    const { bus, orders, state, soon } = scene();
    state.dials = false;
    bus.up(bus.get('campus'));
    bus.down(bus.get('campus'));
    await soon();
    expect(orders.at(-1)).toBe('disconnect campus');
    expect(bus.get('campus')).toMatchObject({ state: 'down', autostart: false });
  });

  it('by a handler that says so is never taken for a person', async () => {
    const { bus, interfaces, orders } = scene();
    bus.get('campus').state = 'teardown'; // netifd was quicker than the handler
    await interfaces.connect('campus', true);
    bus.get('campus').state = 'setup'; // a set-up that failed is taken down in this state
    await interfaces.disconnect('campus', true);
    expect(orders).toEqual(['connect campus', 'disconnect campus']);
    expect(bus.calls.filter((call) => /^(up|down) /.test(call))).toEqual([]);
  });
});

describe('a connection that is lost', () => {
  it('stays netifd’s to end: it is told, and told again when the connection is back', async () => {
    const { bus, lose, comeUp, boot } = scene();
    await boot();
    await lose('campus');
    expect(bus.get('campus')).toMatchObject({ state: 'setup', has: {} });
    await comeUp('campus');
    expect(bus.get('campus').state).toBe('up');
    expect(bus.calls).toEqual(['link-down campus', 'link-up campus']);
  });

  it('and cannot be dialled is an error with a code, once until something changes', async () => {
    const { bus, interfaces, lose, comeUp, boot, soon } = scene();
    await boot();
    await lose('campus');
    bus.calls.length = 0;
    for (let count = 0; count < 3; count++) interfaces.failed('campus', failure('no-answer', 'nobody'));
    interfaces.failed('campus', { ...failure('auth-rejected'), peer: { message: 'PAP Nak', text: 'wrong' } });
    interfaces.failed('campus', failure('no-answer', 'nobody'));
    await soon();
    expect(bus.calls).toEqual(['error campus NO_ANSWER', 'error campus AUTH_REJECTED', 'error campus NO_ANSWER']);
    expect(bus.get('campus').errors).toEqual([['NO_ANSWER', 'nobody']]);
    await comeUp('campus');
    interfaces.failed('campus', failure('no-answer', 'nobody'));
    await soon();
    expect(bus.calls.slice(3)).toEqual(['link-up campus', 'error campus NO_ANSWER']);
    expect(bus.get('campus').autostart).toBe(true); // no failure blocks
  });

  it('fails for nobody once netifd has taken it down', async () => {
    const { bus, interfaces, boot, soon } = scene();
    await boot();
    bus.down(bus.get('campus'));
    await soon();
    interfaces.failed('campus', failure('no-answer'));
    interfaces.failed('stranger', failure('no-answer'));
    await soon();
    expect(bus.calls).toEqual([]);
  });
});

describe('a person', () => {
  it('is obeyed by netifd, in both directions', async () => {
    const { bus, interfaces, orders, boot, soon } = scene();
    await boot();
    await interfaces.disconnect('campus');
    await soon();
    expect(bus.calls).toEqual(['down campus']);
    expect(orders).toEqual(['disconnect campus']);
    expect(bus.get('campus').state).toBe('down');
    await interfaces.connect('campus');
    await soon();
    expect(bus.calls).toEqual(['down campus', 'up campus', 'link-up campus']);
    await interfaces.down('campus');
    await interfaces.up('campus');
    await soon();
    expect(bus.get('campus').state).toBe('up');
  });

  it.each<[string, () => Partial<FakeNetifd>, OwnerRefused['why'], string]>([
    ['stranger', () => ({}), 'no-such-interface', 'there is no interface stranger'],
    ['lan', () => ({}), 'no-such-interface', 'interface lan is of proto static, not l2tpwan'],
    ['campus', () => ({ isThere: false }), 'not-there', 'netifd cannot be asked: there is no object network.interface'],
    [
      'campus',
      () => ({ isConnected: false }),
      'not-there',
      'netifd cannot be asked: network.interface dump: no connection to ubusd',
    ],
  ])('hears why %s cannot be had: %#', async (name, circumstances, why, words) => {
    const { bus, interfaces } = scene();
    bus.add('lan', { proto: 'static', state: 'up' });
    Object.assign(bus, circumstances());
    for (const order of ['up', 'down', 'connect'] as const) {
      const refusal = await interfaces[order](name).catch((error: unknown) => error);
      expect(refusal).toBeInstanceOf(OwnerRefused);
      expect(refusal).toMatchObject({ why, message: words });
    }
  });
});

describe('all interfaces of ours', () => {
  it('are known by name, those too that nobody has set up yet', async () => {
    const { bus, interfaces } = scene({ interfaces: ['campus', 'spare'] });
    bus.add('lan', { proto: 'static', state: 'up' });
    expect(await interfaces.names()).toEqual(['campus', 'spare']);
    bus.isThere = false;
    await expect(interfaces.names()).rejects.toBeInstanceOf(OwnerRefused);
  });
});

describe('an interface that a person wants down', () => {
  it('is not touched while netifd is too late to say whether it has it up', async () => {
    const { bus, interfaces, orders, boot } = scene();
    await boot();
    bus.refusals.set('dump', 'timeout');
    await expect(interfaces.disconnect('campus')).rejects.toMatchObject({ why: 'not-there' });
    expect(orders).toEqual([]);
  });

  it('is hung up where netifd does not know it any more', async () => {
    const { bus, interfaces, orders, boot } = scene();
    await boot();
    bus.interfaces.delete('campus');
    await interfaces.disconnect('campus');
    expect(orders).toEqual(['disconnect campus']);
    await expect(interfaces.disconnect('ghost')).rejects.toMatchObject({ why: 'no-such-interface' });
  });
});

describe('a daemon that starts', () => {
  it.each(['up', 'setup'] as const)('after a crash has netifd set up anew what is %s', async (state) => {
    const { bus, orders, clock, start } = scene({ begin: false });
    bus.get('campus').state = state;
    start();
    await clock.pass(5000);
    expect(bus.calls.slice(0, 2)).toEqual(['down campus', 'up campus']);
    expect(orders).toEqual(['disconnect campus', 'connect campus']);
    expect(bus.get('campus').state).toBe('up');
  });

  it('has netifd set up what should be up and is not, and leaves the rest', async () => {
    const { bus, clock, start } = scene({ interfaces: ['campus', 'manual'], begin: false });
    bus.get('manual').autostart = false;
    bus.add('lan', { proto: 'static', state: 'up' });
    start();
    await clock.pass(20_000);
    expect(bus.calls).toEqual(['down campus', 'up campus', 'link-up campus']);
    expect(bus.get('manual').state).toBe('down');
  });

  it('lets a protocol handler that has been waiting have its turn', async () => {
    const { bus, clock, start, interfaces } = scene({ begin: false });
    bus.get('campus').state = 'setup';
    start();
    await clock.pass(500);
    await interfaces.connect('campus');
    await clock.pass(20_000);
    expect(bus.calls).toEqual(['link-up campus', 'link-up campus']); // told again, not set up again
  });

  it('before netifd or ubusd waits for them', async () => {
    const { bus, clock, start } = scene({ begin: false });
    bus.isConnected = false;
    bus.isThere = false;
    start();
    await clock.pass(60_000);
    bus.connect(); // ubusd
    await clock.pass(60_000);
    expect(bus.calls).toEqual([]);
    bus.restart();
    await clock.pass(60_000);
    expect(bus.get('campus').state).toBe('up');
    expect(bus.calls.filter((call) => call === 'down campus')).toEqual([]);
  });
});

describe('a restart', () => {
  it('of ubusd touches no tunnel; what was missed meanwhile is told', async () => {
    const { bus, clock, orders, boot, lose, interfaces, soon } = scene({ interfaces: ['campus', 'other'] });
    await boot();
    bus.isConnected = false;
    await lose('other');
    interfaces.failed('other', failure('no-answer'));
    await clock.pass(3000);
    bus.connect();
    await clock.pass(30_000);
    expect(orders).toEqual([]);
    expect(bus.get('campus').state).toBe('up');
    expect(bus.get('other').state).toBe('setup');
    expect(bus.calls).toEqual(['link-up campus', 'link-down other', 'error other NO_ANSWER']);
    expect(bus.get('other').errors).toEqual([['NO_ANSWER', 'why']]);
    interfaces.failed('other', failure('no-answer'));
    await soon();
    expect(bus.get('other').errors).toEqual([['NO_ANSWER', 'why']]);
  });

  it('of ubusd is no reason to meddle with what netifd has down', async () => {
    const { bus, clock, orders, boot } = scene({ interfaces: ['campus', 'other'] });
    await boot();
    bus.get('campus').state = 'down'; // in between: netifd is about to set it up
    await bus.call('network.interface', 'down', { interface: 'other' });
    bus.get('other').autostart = true;
    await clock.pass(5);
    bus.get('other').state = 'down';
    bus.calls.length = orders.length = 0;
    bus.connect();
    await clock.pass(30_000);
    expect(orders).toEqual([]);
    expect(bus.calls.filter((call) => /^(up|down) /.test(call))).toEqual([]);
  });

  it('of ubusd with a netifd that is late is looked at later, in both looks', async () => {
    const { bus, clock, orders, boot } = scene({ interfaces: ['campus', 'other'] });
    await boot();
    bus.refusals.set('dump', 'timeout');
    bus.connect();
    await clock.pass(15_000);
    expect(bus.calls).toEqual([]);
    bus.interfaces.delete('other');
    bus.refusals.clear();
    await clock.pass(20_000);
    expect(bus.calls).toContain('link-up campus');
    expect(orders).toEqual(['forget other']);
    expect(clock.pending).toBe(0);
  });

  it('of ubusd with a netifd that is absent ends the looks', async () => {
    const { bus, clock, boot } = scene();
    await boot();
    bus.connect();
    bus.isThere = false;
    await clock.pass(15_000);
    expect(clock.pending).toBe(0);
  });

  it('of ubusd with a netifd that takes its time', async () => {
    const { bus, clock, orders, boot } = scene();
    await boot();
    bus.isConnected = bus.isThere = false;
    await clock.pass(1000);
    bus.connect();
    await clock.pass(2000);
    bus.isThere = true;
    bus.tell('ubus.object.add', { path: 'network.interface' });
    await clock.pass(30_000);
    expect(orders).toEqual([]);
    expect(bus.calls).toEqual(['link-up campus']);
  });

  it('of netifd is answered from the running tunnel', async () => {
    const { bus, clock, orders, boot, soon } = scene();
    await boot();
    bus.restart();
    await soon();
    expect(orders).toEqual(['connect campus']); // with the same settings: nothing is dialled
    expect(bus.get('campus')).toMatchObject({ state: 'up', has: { ifname: 'l2w-campus' } });
    await clock.pass(30_000);
    expect(orders).toEqual(['connect campus']);
    expect(bus.calls.filter((call) => !call.startsWith('link-up'))).toEqual([]);
  });

  it('of netifd with less in its configuration hangs up what is gone, after a grace', async () => {
    const { bus, clock, orders, removed, boot, interfaces } = scene({ interfaces: ['campus', 'manual'] });
    await boot();
    bus.interfaces.delete('campus');
    bus.get('manual').autostart = false;
    bus.restart();
    await clock.pass(9000);
    expect(orders).toEqual([]);
    await clock.pass(2000);
    expect(orders).toEqual(['forget campus', 'disconnect manual']);
    expect(removed).toEqual(['campus']);
    expect(interfaces.isInterface('campus')).toBe(false);
    expect(interfaces.isInterface('manual')).toBe(true);
  });

  it('is over when the daemon is', async () => {
    const { bus, clock, end, boot } = scene();
    await boot();
    end();
    bus.setup = () => undefined;
    bus.connect();
    bus.restart();
    bus.calls.length = 0;
    await clock.pass(60_000);
    expect(bus.calls).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

describe('an interface that is removed', () => {
  it('is forgotten once netifd has let go of it', async () => {
    const { bus, clock, orders, removed, boot, soon } = scene();
    await boot();
    bus.down(bus.get('campus'));
    await soon();
    bus.interfaces.delete('campus');
    await clock.pass(11_000);
    expect(orders).toEqual(['disconnect campus', 'forget campus']);
    expect(removed).toEqual(['campus']);
  });
});

describe('an uplink that comes back', () => {
  const route = [{ target: '0.0.0.0', mask: 0, nexthop: '192.0.2.1' }];

  it('makes those dial that may have been waiting for it, but not in a storm', async () => {
    const { bus, clock, orders, boot, files, soon } = scene({ interfaces: ['campus', 'fixed', 'elsewhere'] });
    files.set('fixed', { ...CAMPUS, uplink: 'wan' });
    files.set('elsewhere', { ...CAMPUS, uplink: 'lte' });
    bus.add('wan', { proto: 'dhcp', state: 'up' });
    bus.add('lan', { proto: 'static', state: 'up' });
    await boot();
    bus.plugIn('lan', { route: [] });
    await soon();
    expect(orders).toEqual([]);
    for (let count = 0; count < 10; count++) {
      bus.plugIn('wan', { route });
      await clock.pass(600);
    }
    expect(orders).toEqual([
      'hurry campus: interface wan came up',
      'hurry fixed: interface wan came up',
      'hurry campus: interface wan came up',
      'hurry fixed: interface wan came up',
    ]);
  });

  it('is none if it is a tunnel of ours, or on one', async () => {
    const { bus, orders, boot, soon } = scene({ interfaces: ['campus', 'other'] });
    bus.add('campus_6', { proto: 'dhcpv6', state: 'up' });
    await boot();
    bus.plugIn('campus', { l3_device: 'l2w-campus', route });
    bus.plugIn('campus_6', { l3_device: 'l2w-campus', route });
    await soon();
    expect(orders).toEqual([]);
  });
});
