/** The whole daemon but its host, against the lab's LNS, in virtual time: what a user sees from start to stop. */
import { describe, expect, it } from 'vitest';
import { Calendar } from '../../src/daemon/calendar.ts';
import { controlOf } from '../../src/daemon/control.ts';
import type { Answer, Request } from '../../src/daemon/control-words.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import { drive } from '../../src/daemon/driver.ts';
import { LineLog } from '../../src/daemon/log.ts';
import { type Reading, readSettings } from '../../src/daemon/settings.ts';
import { Lns } from '../../src/lab/lns.ts';
import type { LnsEffect, LnsInput, LnsSettings } from '../../src/lab/lns-io.ts';
import { HostError } from '../../src/ports/host-error.ts';
import { Chance } from '../support/chance.ts';
import { FakeHost } from '../support/fake-host.ts';
import { LNS_ADDRESS, LNS_SETTINGS, lnsEndpoint } from '../support/sim.ts';

const PASSWORD = 's3cret-password';
const LATENCY_MS = 10;
const wan = { servers: [LNS_ADDRESS], username: 'alice', password: PASSWORD, tunnelSecret: 's3cret-tunnel' };

/** An LNS at the other end of a wire that takes its time. */
function connect(host: FakeHost, settings: Partial<LnsSettings> = {}) {
  const users = new Map([['alice', PASSWORD]]);
  const tunnel = { ...LNS_SETTINGS.tunnel, secret: 's3cret-tunnel' };
  const lns = new Lns({ ...LNS_SETTINGS, users, tunnel, ...settings }, new Chance(2).entropy);
  const soon = (deliver: () => void) => host.clock.alarm(deliver).set(host.clock.now() + LATENCY_MS);
  const perform = (effect: LnsEffect) => {
    if (effect.type === 'send') soon(() => host.receive(effect.bytes, effect.from, effect.to));
  };
  const driver = drive<LnsInput, LnsEffect>(lns, perform, host.clock, (error) => {
    throw error;
  });
  host.transmit = (bytes, from, to) => {
    if (to.address === LNS_ADDRESS && to.port === lnsEndpoint.port)
      soon(() => driver.push({ type: 'datagram', from, bytes }));
  };
  return { lns, input: driver.push };
}

function begin(connections: Record<string, object>, host = new FakeHost()) {
  let next = readSettings({ connections, logLevel: 'debug' }, { hostName: 'router' });
  const lines: string[] = [];
  const log = new LineLog((line) => lines.push(line), new Calendar(host.clock));
  const read = async (): Promise<Reading> => next;
  const daemon = new Daemon({ host, log, version: '1.2.3', read, surroundings: { hostName: 'router' } });
  if (!('settings' in next)) throw new Error(next.faults.join('\n'));
  void daemon.start(next.settings);
  const serve = controlOf(daemon, host.clock);
  const ask = (request: Request): Answer[] => {
    const answers: Answer[] = [];
    serve(JSON.stringify(request), { write: (line) => answers.push(JSON.parse(line)), end: () => undefined });
    return answers;
  };
  const change = (again: Record<string, object>) => {
    next = readSettings({ connections: again, logLevel: 'debug' }, { hostName: 'router' });
  };
  const status = (name = 'wan') => {
    const found = daemon.connectionStatus(name);
    if (found === undefined) throw new Error(`there is no ${name}`);
    return found;
  };
  return { host, daemon, lines, ask, change, status };
}

describe('a connection', () => {
  it('comes up, and the status says everything about it', async () => {
    const host = new FakeHost();
    const { lns } = connect(host);
    const { status } = begin({ wan }, host);
    await host.clock.pass(1000);
    expect(lns.openTunnels).toBe(1);
    expect(status()).toMatchObject({
      state: 'up',
      server: { name: LNS_ADDRESS, address: LNS_ADDRESS, port: 1701 },
      tunnel: { peerHostName: 'lab' },
      device: 'l2w-wan',
      address: { local: '10.64.0.10', peer: LNS_ADDRESS },
      dns: ['10.10.0.21', '10.10.0.22'],
      mtu: 1460,
      authentication: { method: 'chap-md5' },
      lastFailure: null,
      timesUp: 1,
    });
    expect(status().dial.map(({ stage }) => stage)).toEqual([
      'resolving',
      'preparing',
      'tunnel',
      'session',
      'link',
      'authentication',
      'network',
      'configuring',
      'up',
    ]);
    expect(host.log).toEqual([
      'recover',
      `resolve ${LNS_ADDRESS}`,
      `pin wan ${LNS_ADDRESS}`,
      'socket 192.0.2.2:0',
      'remember wan',
      'device l2w-wan',
      'up wan 10.64.0.10 mtu 1460',
    ]);
  });

  it('with a wrong password says whose fault it is, and when it tries again', async () => {
    const host = new FakeHost();
    connect(host);
    const { status, ask } = begin({ wan: { ...wan, password: 's3cret-wrong' } }, host);
    await host.clock.pass(5000);
    expect(status()).toMatchObject({
      state: 'waiting',
      lastFailure: { code: 'auth-rejected', fault: 'user', stage: 'authentication' },
    });
    expect(status().nextAttempt?.inMs).toBeGreaterThan(100_000);
    const [answer] = ask({ method: 'status', format: 'text' }) as [{ text: string }];
    expect(answer.text).toContain('the server did not accept the user name or password');
  });

  it('comes up again after its server hung up', async () => {
    const host = new FakeHost();
    const { input } = connect(host);
    const { status } = begin({ wan }, host);
    await host.clock.pass(1000);
    input({ type: 'hang-up', by: 'CDN' });
    await host.clock.pass(5000);
    expect(status()).toMatchObject({ state: 'up', timesUp: 2, lastFailure: { stage: 'up' } });
  });
});

describe('a reload', () => {
  it('leaves the tunnels of the others alone', async () => {
    const host = new FakeHost();
    const { lns } = connect(host);
    const { status, change, daemon } = begin({ one: wan, two: wan }, host);
    await host.clock.pass(1000);
    const before = [status('one').tunnel?.localId, status('two').tunnel?.localId];
    change({ one: wan, two: { ...wan, mtu: 1400 } });
    void daemon.reload();
    await host.clock.pass(5000);
    expect(status('one').tunnel?.localId).toBe(before[0]);
    expect(status('two').tunnel?.localId).not.toBe(before[1]);
    expect([status('one').mtu, status('two').mtu]).toEqual([1460, 1400]);
    expect(lns.openTunnels).toBe(2);
  });
});

describe('the end', () => {
  it('tells the server, takes everything away, and takes less than 3 s', async () => {
    const host = new FakeHost();
    const { lns } = connect(host);
    const { daemon } = begin({ one: wan, two: wan }, host);
    await host.clock.pass(1000);
    expect(lns.openTunnels).toBe(2);
    let over = false;
    void daemon.stop('SIGTERM').then(() => {
      over = true;
    });
    await host.clock.pass(500);
    expect(over).toBe(true);
    expect(lns.openTunnels).toBe(0);
    expect(host.sockets.every(({ isOpen }) => !isOpen)).toBe(true);
    expect(host.paths.every(({ isOpen }) => !isOpen)).toBe(true);
    expect(host.log.at(-1)).toBe('close network');
  });

  it('takes less than 3 s without a server, too', async () => {
    const host = new FakeHost();
    connect(host);
    const { daemon } = begin({ wan }, host);
    await host.clock.pass(1000);
    host.transmit = () => undefined;
    let over = false;
    void daemon.stop('SIGTERM').then(() => {
      over = true;
    });
    await host.clock.pass(2900);
    expect(over).toBe(true);
    expect(host.sockets.every(({ isOpen }) => !isOpen)).toBe(true);
  });
});

describe('after a crash', () => {
  it('the old tunnel is hung up before the first dial', async () => {
    const host = new FakeHost();
    const { lns } = connect(host, { maxTunnels: 1 });
    const crashed = begin({ wan }, host);
    await host.clock.pass(1000);
    const { path, tunnel, session } = crashed.status();
    if (path === null || tunnel?.peerId == null || session?.peerId == null) throw new Error('not up');
    for (const socket of host.sockets) socket.isOpen = false; // what a kill -9 leaves of it
    const farewell = {
      local: path.local,
      peer: path.peer,
      uplink: 'eth0',
      localTunnelId: tunnel.localId,
      peerTunnelId: tunnel.peerId,
      localSessionId: session.localId,
      peerSessionId: session.peerId,
      ns: 4,
      nr: 2,
    };

    const again = new FakeHost(3);
    again.left = [{ name: 'wan', farewell }];
    again.transmit = (bytes, from, to) => host.transmit(bytes, from, to);
    const carry = host.receive.bind(host);
    host.receive = (bytes, from, to) => {
      carry(bytes, from, to);
      again.receive(bytes, from, to);
    };
    const { status, lines } = begin({ wan }, again);
    for (let step = 0; step < 300; step++) {
      await host.clock.pass(10);
      await again.clock.pass(10);
    }
    expect(again.log.slice(0, 6)).toEqual([
      'recover',
      `pin ${LNS_ADDRESS} over eth0 for a moment`,
      `socket 192.0.2.2:${path.local.port}`,
      `close socket ${path.local.port}`,
      `unpin ${LNS_ADDRESS}`,
      `resolve ${LNS_ADDRESS}`,
    ]);
    expect(lines.join('\n')).toContain(`wan: the server ${LNS_ADDRESS} of an earlier run has hung up`);
    expect(lns.openTunnels).toBe(1);
    expect(status().state).toBe('up');
  });
});

describe('a server that allows one login, and has not heard that we hung up', () => {
  /** Up, and then without a way to the server. */
  async function cutOff() {
    const host = new FakeHost();
    const { lns } = connect(host, { oneLoginPerUser: true });
    const { transmit } = host;
    const { daemon, lines, status } = begin({ wan }, host);
    await host.clock.pass(1000);
    expect(status().state).toBe('up');
    host.transmit = () => undefined;
    const restore = () => {
      host.transmit = transmit;
      host.hooks.clear();
    };
    return { host, lns, lines, status, restore, connection: daemon.connection('wan') };
  }
  const told = expect.stringContaining(`wan: the server ${LNS_ADDRESS} of the last tunnel has hung up`);

  // While our StopCCN is still sent again and again, and long after we have given up.
  it.each([4000, 45_000])('is told before the next dial, %i ms later', async (ms) => {
    const { host, lns, lines, status, restore, connection } = await cutOff();
    void connection?.hangUp('netifd takes the interface down');
    await host.clock.pass(ms);
    expect(status().state).toBe('idle');
    expect(lns.openTunnels).toBe(1);
    restore();
    connection?.up();
    await host.clock.pass(1000);
    expect(lines).toContainEqual(told);
    expect(status()).toMatchObject({ state: 'up', lastFailure: null });
    expect(lns.openTunnels).toBe(1);
    // Once: the next dial has nothing to make good.
    host.log.length = 0;
    connection?.redial('asked to');
    await host.clock.pass(3000);
    expect(status().state).toBe('up');
    expect(host.log.filter((entry) => entry.includes('for a moment'))).toEqual([]);
  });

  it('is told when the uplink comes back', async () => {
    const { host, lns, lines, status, restore } = await cutOff();
    const noRoute = () => {
      throw new HostError('no-route', 'the uplink went down');
    };
    host.hooks.set(`pin wan ${LNS_ADDRESS}`, noRoute);
    host.uplinkChanged.get('wan')?.({ code: 'no-route', detail: 'the uplink went down' });
    await host.clock.pass(45_000); // our StopCCN is not sent any more
    expect(status().lastFailure?.code).toBe('no-route');
    restore();
    await host.clock.pass(60_000);
    expect(lines).toContainEqual(told);
    expect(lines.filter((line) => line.includes('did not accept'))).toEqual([]);
    expect(status()).toMatchObject({ state: 'up', timesUp: 2 });
    expect(lns.openTunnels).toBe(1);
  });
});

describe('no secret', () => {
  it('is in anything that anybody can read', async () => {
    for (const auth of [['chap-md5'], ['pap'], ['ms-chap-v2']] as const)
      for (const password of [PASSWORD, 's3cret-wrong']) {
        const host = new FakeHost();
        connect(host, { auth: [...auth] });
        const { lines, ask, daemon } = begin({ wan: { ...wan, password } }, host);
        await host.clock.pass(3000);
        const told = [
          ...ask({ method: 'status' }),
          ...ask({ method: 'status', format: 'text' }),
          ...ask({ method: 'events' }),
          ...ask({ method: 'events', format: 'text' }),
        ];
        void daemon.stop('SIGTERM');
        await host.clock.pass(3000);
        const everything = JSON.stringify([lines, told, host.log]);
        expect(lines.length).toBeGreaterThan(5);
        expect(everything).not.toContain('s3cret');
      }
  });
});
