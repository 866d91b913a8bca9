import { describe, expect, it } from 'vitest';
import { FakeHost, settled } from '../../test/support/fake-host.ts';
import { ScriptedEngine, stage } from '../../test/support/scripted-engine.ts';
import type { DataPath, DataPlane } from '../ports/data-path.ts';
import { HostError } from '../ports/host-error.ts';
import type { ClientEffect, ClientInput } from '../protocol/client-io.ts';
import { DataLane } from '../protocol/data-lane.ts';
import type { FarewellRecord } from '../protocol/l2tp/farewell.ts';
import { Connection } from './connection.ts';
import type { ConnectionEvent } from './events.ts';
import { type ConnectionSettings, readSettings } from './settings.ts';

const PEER = { address: '10.5.1.9', port: 1701 };
const CANDIDATE = { name: 'lns', ...PEER };
const FAREWELL: FarewellRecord = {
  ...{ local: { address: '192.0.2.2', port: 40_000 }, peer: PEER, uplink: 'eth0' },
  ...{ localTunnelId: 1, peerTunnelId: 2, localSessionId: 3, peerSessionId: 4, ns: 5, nr: 6 },
};
const LINK = { localAddress: '10.64.0.10', peerAddress: undefined, dns: [], mtu: 1460, server: PEER };

function settingsOf(fields: object = {}, name = 'wan'): ConnectionSettings {
  const raw = { connections: { [name]: { servers: ['lns'], username: 'alice', password: 's3cret', ...fields } } };
  const reading = readSettings(raw, { hostName: 'router' });
  if ('faults' in reading) throw new Error(reading.faults.join());
  return reading.settings.connections.get(name) as ConnectionSettings;
}

function scene(
  rule: (input: ClientInput) => ClientEffect[] = () => [],
  host = new FakeHost(),
  name = 'wan',
  fields: object = {},
) {
  const engines: ScriptedEngine[] = [];
  const events: ConnectionEvent[] = [];
  const unheard: (FarewellRecord | undefined)[] = [];
  const connection = new Connection(
    settingsOf(fields, name),
    host,
    (event) => events.push(event),
    async (farewell) => void unheard.push(farewell),
    () => {
      const engine = new ScriptedEngine(rule);
      engines.push(engine);
      return engine;
    },
  );
  const engine = () => engines.at(-1) as ScriptedEngine;
  /** Makes the engine ask for something. */
  const ask = (...effects: ClientEffect[]) => {
    const before = engine().rule;
    engine().rule = (input) => (input.type === 'connect' ? effects : before(input));
    connection.up();
    engine().rule = before;
  };
  return { host, connection, engines, engine, events, unheard, ask, log: host.log };
}

const prepare: ClientEffect = { type: 'prepare', candidate: CANDIDATE, localPort: 0 };
const linkUp: ClientEffect = { type: 'link-up', link: LINK };

function withLane(engine: ScriptedEngine): DataLane {
  const ids = { localTunnelId: 1, localSessionId: 2, peerTunnelId: 3, peerSessionId: 4 };
  engine.lane = new DataLane(ids, PEER);
  engine.lane.ipv4Open = true;
  engine.laneSocket = 1;
  engine.lanePeer = PEER;
  return engine.lane;
}

const ipv4Packet = () => Uint8Array.from([0x45, ...new Uint8Array(19)]);

describe('what the engine asks for', () => {
  it('is prepared: the route first, then a socket on the uplink it leads over', async () => {
    const { ask, log, engine } = scene();
    ask(prepare);
    await settled();
    expect(log).toEqual(['pin wan 10.5.1.9', 'socket 192.0.2.2:0']);
    expect(engine().inputs.at(-1)).toEqual({
      type: 'path-ready',
      path: {
        socket: 1,
        local: { address: '192.0.2.2', port: 40_000 },
        uplink: 'eth0',
        mtu: { octets: 1500, from: 'uplink' },
      },
    });
  });

  it('has the mark of the connection: the socket, and the journal for the one that hangs up after a crash', async () => {
    const { host, ask } = scene(() => [], new FakeHost(), 'wan', { mark: 7 });
    ask(prepare, { type: 'remember', farewell: FAREWELL });
    await settled();
    expect(host.sockets.map(({ mark }) => mark)).toEqual([7]);
    expect(host.remembered).toEqual([{ ...FAREWELL, mark: 7 }]);
  });

  it('lets a server be told first what it has not heard of, from the very port', async () => {
    const { host, ask, engine, unheard, log } = scene(() => [], new FakeHost(), 'wan', { mark: 7 });
    ask({ ...prepare, localPort: 1701 });
    await settled();
    log.length = 0;
    engine().unheard = (server) => (server === PEER.address ? { farewell: FAREWELL, socket: 1 } : undefined);
    ask({ ...prepare, localPort: 1701 }, { ...prepare, candidate: { ...CANDIDATE, address: '10.5.1.7' } });
    await settled();
    expect(unheard).toEqual([undefined, { ...FAREWELL, mark: 7 }, undefined]);
    expect(log.slice(0, 3)).toEqual(['pin wan 10.5.1.9', 'close socket 1701', 'socket 192.0.2.2:1701']);
    expect(host.sockets.map(({ isOpen }) => isOpen)).toEqual([false, true, true]);
  });

  it('happens in its order, however long each piece takes', async () => {
    const { ask, log, engine, host } = scene();
    let go: () => void = () => undefined;
    host.hooks.set(
      'device',
      () =>
        new Promise((resolve) => {
          go = resolve;
        }),
    );
    withLane(engine());
    ask(prepare, linkUp, { type: 'mtu-changed', mtu: 1456 }, { type: 'release' });
    await settled();
    expect(log).toEqual(['pin wan 10.5.1.9', 'socket 192.0.2.2:0', 'device l2w-wan']);
    go();
    await settled();
    expect(log.slice(3)).toEqual(['up wan 10.64.0.10 mtu 1460', 'mtu wan 1456', 'remove l2w-wan', 'down wan']);
    expect(engine().heard).toEqual(['connect', 'path-ready', 'link-ready', 'released']);
  });

  it('keeps the device when PPP agrees on other addresses', async () => {
    const { ask, log, engine } = scene();
    withLane(engine());
    ask(prepare, linkUp, { type: 'link-up', link: { ...LINK, localAddress: '10.64.0.11' } });
    await settled();
    expect(log.slice(2)).toEqual(['device l2w-wan', 'up wan 10.64.0.10 mtu 1460', 'up wan 10.64.0.11 mtu 1460']);
  });

  it('shares a fixed port with a tunnel that still says its last words', async () => {
    const { ask, engine, host } = scene();
    ask({ ...prepare, localPort: 1701 }, { type: 'release' }, { ...prepare, localPort: 1701 });
    await settled();
    expect(host.sockets).toHaveLength(1);
    expect(host.log).toContain('bind socket 1701 to eth0'); // the uplink may be another device by now
    const paths = engine().inputs.flatMap((input) => (input.type === 'path-ready' ? [input.path.socket] : []));
    expect(paths).toEqual([1, 1]);
  });

  it('is resolved, every server in turn', async () => {
    const { ask, engine, host } = scene();
    host.addresses.set('lns', ['10.5.1.9', '10.5.1.7']);
    ask({
      type: 'resolve',
      servers: [
        { host: 'lns', port: 1702 },
        { host: '10.0.2.72', port: 1701 },
      ],
    });
    await settled();
    expect(engine().inputs.at(-1)).toEqual({
      type: 'resolved',
      candidates: [
        { name: 'lns', address: '10.5.1.9', port: 1702 },
        { name: 'lns', address: '10.5.1.7', port: 1702 },
        { name: '10.0.2.72', address: '10.0.2.72', port: 1701 },
      ],
    });
  });

  it('and of two questions only the last is answered', async () => {
    const { ask, engine } = scene();
    const servers = [{ host: 'lns', port: 1701 }];
    ask({ type: 'resolve', servers }, { type: 'resolve', servers });
    await settled();
    expect(engine().heard).toEqual(['connect', 'resolved']);
  });
});

describe('the path MTU', () => {
  const said = (path: { octets: number; from: 'icmp' | 'uplink' }) => ({
    type: 'path-mtu',
    server: PEER.address,
    path,
  });

  it('is what the kernel has learnt, when the engine asks; and no answer where it cannot tell', async () => {
    const { ask, engine, host, log } = scene();
    host.learnt = { octets: 1400, from: 'icmp' };
    ask({ type: 'ask-path-mtu', server: PEER.address });
    await settled();
    expect(engine().inputs.at(-1)).toEqual(said({ octets: 1400, from: 'icmp' }));
    host.learnt = undefined;
    ask({ type: 'ask-path-mtu', server: PEER.address });
    await settled();
    expect(engine().inputs.at(-1)).toEqual({ type: 'connect' });
    expect(log).toEqual(['ask wan 10.5.1.9', 'ask wan 10.5.1.9']);
  });

  it('comes unasked from a socket that hears the network, and with another way to the server', async () => {
    const { ask, engine, host } = scene();
    ask(prepare);
    await settled();
    host.sockets[0]?.pathMtu(PEER.address, 1380);
    expect(engine().inputs.at(-1)).toEqual(said({ octets: 1380, from: 'icmp' }));
    ask({ type: 'repin', socket: 1, server: PEER });
    await settled();
    expect(engine().inputs.at(-1)).toEqual(said({ octets: 1500, from: 'uplink' }));
  });
});

describe('the data path', () => {
  const NO_PATH: DataPath = {
    backend: 'kernel',
    device: 'l2w-wan',
    features: [],
    dropped: 0,
    deliver: () => undefined,
    close: () => Promise.resolve(),
  };
  const backendOf = (name: string, open: DataPlane['backends'][number]['open']) => ({ name, open });
  const unwilling = () => Promise.reject(new HostError('device-failed', 'install kmod-pppol2tp'));

  it('is the first that works, and why it is not a faster one is told once', async () => {
    const { ask, engine, host, connection, events } = scene();
    withLane(engine());
    host.backends = [backendOf('kernel', unwilling), ...host.backends];
    host.missing = ['koffi is not here'];
    ask(prepare, linkUp, { type: 'release' }, linkUp);
    await settled();
    expect(connection.dataPath?.backend).toBe('tun');
    const notices = events.flatMap((event) => (event.kind === 'notice' ? [event.words] : []));
    expect(notices).toEqual(['koffi is not here', 'data path kernel is not used: install kmod-pppol2tp']);
  });

  it('that the user named is the only one tried', async () => {
    const { ask, engine, host } = scene();
    withLane(engine());
    host.backends = [backendOf('tun', unwilling)];
    ask(prepare, linkUp);
    await settled();
    const failure = { code: 'device-failed', detail: 'install kmod-pppol2tp' };
    expect(engine().inputs.at(-1)).toEqual({ type: 'link-failed', failure });
  });

  it('that has the session in the kernel takes data messages of the engine, and no control messages', async () => {
    const { ask, engine, host, connection } = scene();
    withLane(engine());
    const taken: Uint8Array[] = [];
    const agreements: string[] = [];
    const path: DataPath = {
      ...NO_PATH,
      takes: (message) => taken.push(message) > 0,
      counters: () => ({ sentPackets: 7 }),
      agreed: () => void agreements.push('agreed'),
    };
    host.backends = [backendOf('kernel', async () => path)];
    ask(prepare, linkUp, linkUp);
    await settled();
    const [data, control] = [Uint8Array.of(0, 2), Uint8Array.of(0xc8, 2)];
    ask({ type: 'send', socket: 1, to: PEER, bytes: data }, { type: 'send', socket: 1, to: PEER, bytes: control });
    await settled();
    expect(taken).toEqual([data]);
    expect(host.sockets[0]?.sent.map(({ bytes }) => bytes)).toEqual([control]);
    expect(connection.dataPath?.counters?.()).toEqual({ sentPackets: 7 });
    expect(agreements).toEqual(['agreed']);
  });
});

describe('what the machine will not do', () => {
  const refuse = () => {
    throw new HostError('no-route', 'no way to 10.5.1.9');
  };
  const failure = { code: 'no-route', detail: 'no way to 10.5.1.9' };

  it('is told to the engine that waits for it', async () => {
    const { ask, engine, host } = scene();
    host.hooks.set('pin', refuse);
    ask(prepare);
    await settled();
    expect(engine().inputs.at(-1)).toEqual({ type: 'path-failed', failure });
    ask({ type: 'repin', socket: 1, server: PEER });
    await settled();
    expect(engine().inputs.at(-1)).toEqual({ type: 'link-failed', failure });
  });

  it('is told as a failed link', async () => {
    const { ask, engine, host } = scene();
    withLane(engine());
    host.hooks.set('up', refuse);
    ask(prepare, linkUp);
    await settled();
    expect(engine().inputs.at(-1)).toEqual({ type: 'link-failed', failure });
  });

  it('is only noticed where the connection can live without it', async () => {
    const { ask, engine, host, events } = scene();
    for (const word of ['mtu', 'ipv6-up', 'ipv6-down', 'remember']) host.hooks.set(word, refuse);
    ask({ type: 'mtu-changed', mtu: 1400 }, { type: 'ipv6-up', interfaceId: new Uint8Array(8) }, { type: 'ipv6-down' });
    await settled();
    expect(engine().heard).toEqual(['connect']);
    expect(events).toEqual([
      { kind: 'notice', level: 'warn', words: 'the MTU could not be changed: no way to 10.5.1.9' },
      { kind: 'notice', level: 'warn', words: 'IPv6 could not be configured: no way to 10.5.1.9' },
      { kind: 'notice', level: 'warn', words: 'IPv6 could not be removed: no way to 10.5.1.9' },
    ]);
  });

  it('is an internal error when nobody foresaw it', async () => {
    const { ask, engine, host, events } = scene();
    host.hooks.set('pin', () => {
      throw new TypeError('undefined is not a route');
    });
    ask(prepare);
    await settled();
    expect(engine().inputs.at(-1)).toEqual({
      type: 'path-failed',
      failure: { code: 'internal-error', detail: 'TypeError: undefined is not a route' },
    });
    expect(events).toEqual([
      {
        kind: 'notice',
        level: 'error',
        words: expect.stringMatching(/^internal error, please report it: TypeError: undefined is not a route at /),
      },
    ]);
  });
});

describe('packets', () => {
  it('from the peer go to the device without the engine, and from the device to the peer', async () => {
    const { ask, engine, host } = scene();
    const lane = withLane(engine());
    ask(prepare, linkUp);
    await settled();
    const [socket] = host.sockets;
    const [path] = host.paths;
    const packet = ipv4Packet();
    const theirs = new DataLane({ localTunnelId: 3, localSessionId: 4, peerTunnelId: 1, peerSessionId: 2 }, PEER);
    theirs.ipv4Open = true;
    const heard = engine().inputs.length;
    socket?.receive(theirs.encapsulate(packet) as Uint8Array, PEER);
    expect(path?.delivered).toEqual([packet]);
    expect(engine().inputs).toHaveLength(heard);
    path?.socket.send(lane.encapsulate(packet) as Uint8Array, path.peer);
    expect(socket?.sent.map(({ to }) => to)).toEqual([PEER]);
    expect(theirs.decapsulate(socket?.sent[0]?.bytes as Uint8Array)).toEqual(packet);
  });

  it('from strangers, and everything that is no packet, go to the engine', async () => {
    const { ask, engine, host } = scene();
    withLane(engine());
    ask(prepare, linkUp);
    await settled();
    const [socket] = host.sockets;
    const theirs = new DataLane({ localTunnelId: 3, localSessionId: 4, peerTunnelId: 1, peerSessionId: 2 }, PEER);
    theirs.ipv4Open = true;
    socket?.receive(theirs.encapsulate(ipv4Packet()) as Uint8Array, { address: '10.5.1.9', port: 1702 });
    socket?.receive(Uint8Array.of(0xc8, 2), PEER);
    expect(engine().heard.slice(-2)).toEqual(['datagram', 'datagram']);
    expect(host.paths[0]?.delivered).toEqual([]);
  });

  it('that make the lane want attention make the engine look', async () => {
    const { ask, engine, host } = scene();
    const lane = withLane(engine());
    ask(prepare, linkUp);
    await settled();
    lane.attention = true;
    host.paths[0]?.attention();
    expect(engine().heard.at(-1)).toBe('tick');
  });

  it('that come before there is a device are counted', async () => {
    const { ask, engine, host, connection } = scene();
    withLane(engine());
    ask(prepare);
    await settled();
    const theirs = new DataLane({ localTunnelId: 3, localSessionId: 4, peerTunnelId: 1, peerSessionId: 2 }, PEER);
    theirs.ipv4Open = true;
    host.sockets[0]?.receive(theirs.encapsulate(ipv4Packet()) as Uint8Array, PEER);
    expect(connection.losses).toMatchObject({ undelivered: 1, sendErrors: 0 });
  });
});

describe('what nobody asked for', () => {
  it('a changed uplink redials', () => {
    const { host, engine } = scene();
    const failure = { code: 'uplink-changed', detail: 'eth0 has another gateway' } as const;
    host.uplinkChanged.get('wan')?.(failure);
    expect(engine().inputs).toEqual([{ type: 'redial', why: 'eth0 has another gateway', failure }]);
  });

  it('a lost device ends the dial; the next one waits like any other', async () => {
    const { ask, host, engine } = scene();
    withLane(engine());
    ask(prepare, linkUp);
    await settled();
    host.paths[0]?.lost('l2w-wan: somebody deleted it');
    const failure = { code: 'device-failed', detail: 'l2w-wan: somebody deleted it' };
    expect(engine().inputs.at(-1)).toEqual({ type: 'link-failed', failure });
  });
});

describe('a mistake of ours', () => {
  const rule = (input: ClientInput): ClientEffect[] => {
    if (input.type === 'datagram') throw new TypeError('bad day');
    return input.type === 'connect' ? [stage('tunnel'), prepare] : [];
  };

  it('costs this connection its engine, cleans up, and dials again after ten seconds', async () => {
    const host = new FakeHost();
    const { connection, engines, events, log } = scene(rule, host);
    const other = scene(() => [], host, 'other');
    connection.up();
    await settled();
    host.sockets[0]?.receive(Uint8Array.of(1), PEER);
    await settled();
    expect(log.slice(2)).toEqual(['down wan', 'close socket 40000']);
    expect(engines).toHaveLength(2);
    expect(events.slice(-4)).toEqual([
      { kind: 'notice', level: 'error', words: expect.stringContaining('TypeError: bad day') },
      { kind: 'failed', failure: { code: 'internal-error', detail: 'TypeError: bad day' }, stage: 'tunnel' },
      { kind: 'stage', stage: 'idle' },
      { kind: 'retry-in', ms: 10_000 },
    ]);
    expect(connection.snapshot).toMatchObject({
      lastFailure: { failure: { code: 'internal-error' } },
      nextAttemptAt: 11_000,
    });
    await host.clock.pass(9_999);
    expect(engines[1]?.heard).toEqual([]);
    await host.clock.pass(1);
    expect(engines[1]?.heard).toEqual(['connect', 'path-ready']);
    expect(other.engine().heard).toEqual([]);
    expect(other.events).toEqual([]);

    host.sockets[1]?.receive(Uint8Array.of(1), PEER);
    expect(events.at(-1)).toEqual({ kind: 'retry-in', ms: 20_000 });
  });

  it('in the fast lane is one, too', async () => {
    const { ask, engine, engines, host, events } = scene();
    const lane = withLane(engine());
    lane.decapsulate = () => {
      throw new RangeError('bad lane');
    };
    ask(prepare, linkUp);
    await settled();
    host.sockets[0]?.receive(Uint8Array.of(0, 2), PEER);
    await settled();
    expect(engines).toHaveLength(2);
    expect(events).toContainEqual(expect.objectContaining({ kind: 'failed' }));
    expect(host.log.slice(-3)).toEqual(['remove l2w-wan', 'down wan', 'close socket 40000']);
  });

  it('does not dial what is to be down', async () => {
    const { connection, engines, host } = scene(rule);
    connection.up();
    await settled();
    connection.down('asked to');
    host.sockets[0]?.receive(Uint8Array.of(1), PEER);
    await host.clock.pass(600_000);
    expect(engines[1]?.heard).toEqual([]);
  });
});

describe('stop', () => {
  it('waits for the hang-up, and leaves nothing', async () => {
    const rule = (input: ClientInput): ClientEffect[] => {
      if (input.type === 'connect') return [stage('up'), prepare];
      if (input.type === 'disconnect') return [stage('hanging-up'), { type: 'release' }];
      return input.type === 'released' ? [stage('idle')] : [];
    };
    const { connection, host, log } = scene(rule);
    connection.up();
    await settled();
    await connection.stop('SIGTERM');
    expect(log.slice(2)).toEqual(['down wan', 'down wan', 'close socket 40000']);
    expect(host.clock.pending).toBe(0);
  });

  it('does not wait for a server that says nothing', async () => {
    const { connection, host, log } = scene((input) => (input.type === 'connect' ? [stage('up'), prepare] : []));
    connection.up();
    await settled();
    let stopped = false;
    void connection.stop('SIGTERM').then(() => {
      stopped = true;
    });
    await host.clock.pass(2500);
    expect(stopped).toBe(false);
    await host.clock.pass(400);
    expect(stopped).toBe(true);
    expect(log.slice(2)).toEqual(['down wan', 'close socket 40000']);
    expect(host.clock.pending).toBe(0);
  });

  it('of a connection at rest takes no time', async () => {
    const { connection, log } = scene();
    await connection.stop('SIGTERM');
    expect(log).toEqual(['down wan']);
  });
});

describe('redial', () => {
  it('wakes a connection that is down', () => {
    const { connection, engine } = scene();
    connection.redial('asked to');
    expect(engine().inputs).toEqual([{ type: 'redial', why: 'asked to' }, { type: 'connect' }]);
    expect(connection.wanted).toBe(true);
  });
});
