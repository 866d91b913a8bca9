/** Every state that is worth showing: its name, what it is, and how the engine is led into it. */
import { LNS_SETTINGS } from '../../support/sim.ts';
import { inUse } from './ground.ts';
import { deaf, lost, nothing, type Row, scene, slowly, stage, up, upWith, waiting } from './leads.ts';
import { CAMPUS } from './scene.ts';

const HOME = {
  servers: ['lns.example.net'],
  username: 'alice@example.net',
  password: 's3cret',
  table: 77,
  routes: ['10.8.0.0/16'],
  exclude: ['10.0.0.0/8'],
};

const EVIL = '<img src=x onerror="document.title=1">';

export const SCENES: Readonly<Record<string, Row>> = {
  'no-connections': { about: 'the daemon runs, and has no connection', make: scene(nothing) },
  idle: {
    about: 'taken down by somebody after it was up',
    make: scene(async (made) => {
      await up(made);
      await made.disconnect('campus');
      await made.until('campus', 'idle', 20_000);
    }),
  },
  resolving: {
    about: 'the name servers take their time',
    make: stage('resolving', async ({ host: { ground } }) => void ground.stuck.add('resolve')),
  },
  preparing: {
    about: 'looking for the way to the server',
    make: stage('preparing', async ({ host: { ground } }) => void ground.stuck.add('pin')),
  },
  tunnel: { about: 'asking a server for a tunnel that is slow to answer', make: stage('tunnel', deaf) },
  session: { about: 'the tunnel stands, the call does not', make: stage('session', slowly) },
  link: { about: 'PPP negotiates', make: stage('link', slowly) },
  authentication: { about: 'the server looks at the password', make: stage('authentication', slowly) },
  network: { about: 'addresses are negotiated', make: stage('network', slowly) },
  configuring: {
    about: 'the device is being configured',
    make: stage('configuring', async ({ host: { ground } }) => void ground.stuck.add('up')),
  },
  'hanging-up': {
    about: 'told to hang up, the server does not answer that',
    make: scene(async (made, side) => {
      await up(made);
      side.hears = false;
      await made.disconnect('campus');
      await made.until('campus', 'hanging-up', 1000);
    }),
  },
  up: { about: 'up by the kernel, with IPv4 and IPv6, name servers and traffic', make: upWith(() => undefined) },
  'up-later': {
    about: 'the same as up, five seconds and some traffic later',
    make: scene(async (made) => {
      await up(made);
      const began = made.host.clock.now();
      await made.traffic('campus', 100);
      await made.pass(began + 5000 - made.host.clock.now());
    }),
  },
  'up-redialled': {
    about: 'up for the third time, an hour after the server closed the call',
    make: scene(async (made, side) => {
      await up(made);
      for (let time = 0; time < 2; time++) {
        side.input({ type: 'hang-up', by: 'CDN' });
        await made.until('campus', 'waiting');
        await made.until('campus', 'up', 3_600_000);
      }
      await made.traffic('campus', 40);
    }),
  },
  'up-second-server': {
    about: 'up at the second server, as the first one does not answer',
    make: upWith(({ host }) => void host.addresses.set('lns0.example.net', ['203.0.113.71']), {
      server: ['lns0.example.net', 'lns.example.net'],
    }),
  },
  'up-tun-gso': {
    about: 'up by tun-gso on a kernel that lacks some of what helps',
    make: upWith(({ host: { ground } }) => {
      ground.dataPath = 'tun-gso';
      ground.features = [
        ...inUse('vnet-header', 'checksum', 'tso4', 'tso6', 'tso-ecn'),
        { name: 'uso', missing: 'the kernel does not have it' },
        ...inUse('coalescing', 'udp-segment', 'sendmmsg', 'udp-gro'),
      ];
    }),
  },
  'up-tun': {
    about: 'up by tun, as nothing faster can be had',
    make: upWith(({ host: { ground } }) => {
      ground.dataPath = 'tun';
      ground.features = [];
      ground.missing = ['data paths kernel and tun-gso are not used: koffi cannot be loaded'];
    }),
  },
  'up-ipv4-only': {
    about: 'up without IPv6, and the server asks for no authentication',
    make: upWith(() => undefined, {}, { ipv6: false, auth: [] }),
  },
  'up-no-name-servers': {
    about: 'up, the server names no name servers and not itself',
    make: upWith(() => undefined, {}, { dns: [], localAddress: undefined }),
  },
  'up-small-path-mtu': {
    about: 'up, and the way to the server takes smaller packets than its uplink does',
    make: scene(async (made) => {
      await up(made);
      made.host.sockets.at(-1)?.pathMtu('203.0.113.72', 1400);
      await made.pass(5000);
    }),
  },
  'up-probed': {
    about: 'up, and large echoes have shown that full packets get through',
    make: upWith(() => undefined, { mtu_probe: '1' }),
  },
  'up-probe-smaller': {
    about: 'up, and large echoes were lost until the MTU was smaller',
    make: scene(async (made, side) => {
      side.largest = 1440;
      await up(made, { mtu_probe: '1' });
    }),
  },
  'up-mss-unavailable': {
    about: 'up, TCP segments are not clamped as there is no nft',
    make: upWith(({ host: { ground } }) => {
      ground.mss = { state: 'unavailable', why: 'nft -f -: not found' };
    }),
  },
  'up-mss-off': { about: 'up, TCP segments are left alone', make: upWith(() => undefined, { mss: 'off' }) },
  'up-warnings': {
    about: 'up, with things that a person should know',
    make: upWith(({ host: { ground } }) => ground.warnings.push('the up script failed: exit status 1'), {
      mtv: '1400',
      exclude: ['10.0.0.0/8', '172.16.0.0/12'],
    }),
  },
  'up-dropped': {
    about: 'up, and some packets were lost or ignored',
    make: scene(async (made) => {
      await up(made);
      const socket = made.host.sockets.at(-1);
      const path = made.host.opened.at(-1);
      if (socket === undefined || path === undefined) throw new Error('there is no tunnel');
      for (let turn = 0; turn < 3; turn++)
        made.host.receive(
          Uint8Array.of(0, 2, 0, 1, 0, 1, 0xff, 3),
          { address: '198.51.100.7', port: 1701 },
          socket.local,
        );
      Object.assign(path.lost, { count: 4, why: 'write: invalid argument (EINVAL)' });
      await made.pass(100);
    }),
  },
  'wrong-password': {
    about: 'the server does not accept the password',
    make: waiting(nothing, {}, { password: 'wrong' }),
  },
  'wrong-password-no-words': {
    about: 'the server ends the link instead of saying no',
    make: waiting(nothing, { quirks: { refusal: 'terminate' } }, { password: 'wrong' }),
  },
  'no-answer': { about: 'no server answers', make: waiting(deaf) },
  'resolve-failed': {
    about: 'the name of the server cannot be resolved',
    make: waiting(async ({ host: { ground } }) => {
      ground.noName = '192.0.2.1:53 says that there is no such name';
    }),
  },
  'no-route': {
    about: 'the uplink is down',
    make: waiting(async ({ host: { ground } }) => {
      ground.noRoute = 'the uplink eth0 has no carrier';
    }),
  },
  'tunnel-refused': {
    about: 'the server refuses the tunnel and says why',
    make: waiting(async (_, side) => {
      side.refusal = { result: 2, error: 6, text: 'Account suspended, call 555-0100' };
    }),
  },
  'tunnel-busy': { about: 'the server has no room for another tunnel', make: waiting(nothing, { maxTunnels: 0 }) },
  'call-busy': {
    about: 'the server has no room for another call',
    make: waiting(nothing, { quirks: { noRoomForCalls: true } }),
  },
  'encryption-required': {
    about: 'the server insists on MPPE',
    make: waiting(nothing, { quirks: { requiresMppe: true } }),
  },
  'auth-method-refused': {
    about: 'only CHAP is allowed here, the server wants PAP',
    make: waiting(nothing, { auth: ['pap'] }, { auth: ['chap-md5'] }),
  },
  'call-closed': {
    about: 'the server closed the call',
    make: lost(async (_, side) => side.input({ type: 'hang-up', by: 'CDN' })),
  },
  'echo-lost': {
    about: 'the server answers no echoes any more',
    make: lost(async (_, side) => {
      side.speaks = false;
      side.hears = false;
    }),
  },
  'two-connections': {
    about: 'one is up, the password of the other one is wrong',
    make: scene(async (made) => {
      await up(made);
      made.add('office', { ...CAMPUS, username: 'bob', password: 'wrong' });
      await made.until('office', 'waiting', 300);
    }),
  },
  refused: {
    about: 'the settings of the only connection cannot work',
    make: scene(async (made) => {
      made.add('campus', { ...CAMPUS, mtu: 'abc', password: '', usrname: 'x' });
      await made.pass(1000);
    }),
  },
  'up-and-refused': {
    about: 'one is up, the settings of the other one cannot work',
    make: scene(async (made) => {
      made.add('office', { ...CAMPUS, echo_interval: 'often' });
      await up(made);
    }),
  },
  'of-the-file': {
    about: 'a connection of a configuration file: routes, rules and name servers are our own',
    make: scene(
      async (made) => {
        await made.until('home', 'up', 65_000);
        await made.traffic('home', 40);
      },
      {},
      { home: HOME },
    ),
  },
  hostile: {
    about: 'the server says things that would be markup',
    make: waiting(async (_, side) => {
      side.refusal = { result: 2, error: 6, text: EVIL };
    }, {}),
  },
  'up-hostile': {
    about: 'up at a server whose name would be markup',
    make: upWith(() => undefined, {}, { tunnel: { ...LNS_SETTINGS.tunnel, hostName: EVIL, vendorName: EVIL } }),
  },
};
