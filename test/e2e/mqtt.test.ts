/** The bridge of a whole daemon, with a real LNS and a real broker: what is published, what may be commanded, what may go wrong. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../lab/command.ts';
import { Authority } from '../support/certificates.ts';
import { discoveryFaults } from '../support/home-assistant-schema.ts';
import { type BrokerOptions, Mosquitto } from '../support/mosquitto.ts';
import type { Account } from '../support/mqtt-observer.ts';
import { Observer } from '../support/mqtt-observer.ts';
import { Cell } from './cell.ts';
import { BUNDLE, configuration } from './daemon.ts';
import { Record } from './mqtt-record.ts';

const IP = 'ip';
const WAN = { servers: ['10.0.2.72'], dataPath: 'tun' };
const MQTT = { enabled: true, server: 'mqtt://127.0.0.1', discovery: true };

interface Stage {
  readonly cell: Cell;
  readonly broker: Mosquitto;
  readonly observer: Observer;
  /** What the broker has of the connection, once it is so. */
  state(wanted: string, withinMs?: number): Promise<Record_>;
}
type Record_ = Readonly<globalThis.Record<string, unknown>>;

/** A cell with an LNS and a broker on the client's loopback, whom somebody listens to from outside. */
async function stage(
  label: string,
  play: (stage: Stage) => Promise<void>,
  options: BrokerOptions & { readonly observer?: Account } = {},
): Promise<void> {
  await Cell.run(label, async (cell) => {
    await cell.lns('l2tpns', { chatty: 'no' });
    const { observer: account, ...rest } = options;
    const broker = await Mosquitto.start({
      port: 1883,
      spawn: (program, args, more) => cell.netns.spawn(program, args, more),
      ...rest,
    });
    try {
      const observer = await Observer.connect(broker.socketPath, account);
      const state = async (wanted: string, withinMs?: number) => {
        const now = (): Record_ => JSON.parse(observer.last('l2tpwan/wan')?.payload ?? '{}');
        await observer.until(() => now().state === wanted, wanted, withinMs);
        return now();
      };
      try {
        await play({ cell, broker, observer, state });
      } finally {
        await observer.close();
      }
    } finally {
      await broker.destroy();
    }
  });
}

describe('what a subscriber sees', () => {
  it('from the first connect to the removal of a connection', () =>
    stage('mqrec', async ({ cell, observer, state }) => {
      const record = new Record(observer, TITLE);
      const slow = { first: 1, max: 2, busy: 1, slow: 3600 };
      const wan = { ...WAN, redial: slow };
      const mqtt = { ...MQTT, commands: true, interval: 3600, logging: 'info' };
      const daemon = await cell.daemon({ wan }, { mqtt });
      await state('up');
      await record.step('the daemon starts, and the connection comes up');

      await observer.publish('homeassistant/status', 'online');
      const announcements = () =>
        observer.heard.filter(({ topic }) => topic.startsWith('homeassistant/device/')).length;
      const before = announcements();
      await observer.until(() => announcements() > before, 'announced again');
      await record.step('-> homeassistant/status online');

      await observer.publish('l2tpwan/wan/set/redial', 'PRESS');
      const isUpAgain = () => JSON.parse(observer.last('l2tpwan/wan')?.payload ?? '{}').times_up === 2;
      await observer.until(isUpAgain, 'up again');
      await record.step('-> l2tpwan/wan/set/redial PRESS');

      await observer.publish('l2tpwan/wan/set', '{"enabled": false}');
      await state('idle');
      await record.step('-> l2tpwan/wan/set {"enabled": false}');

      await observer.publish('l2tpwan/bridge/request/connect', '{"connection": "wan", "transaction": 7}');
      await state('up');
      await record.step('-> l2tpwan/bridge/request/connect {"connection": "wan", "transaction": 7}');

      await observer.publish('l2tpwan/bridge/request/redial', '{"connection": "lan"}');
      await observer.publish('l2tpwan/wan/set', 'no json');
      await record.step('-> l2tpwan/bridge/request/redial {"connection": "lan"}, and l2tpwan/wan/set no json');

      daemon.configure({ wan: { ...wan, password: 'wr0ng-pa55' } });
      daemon.signal('SIGHUP');
      await state('waiting');
      await record.step('another password, which is wrong');

      daemon.configure({ other: { ...wan, enabled: false } });
      daemon.signal('SIGHUP');
      await observer.until(() => observer.last('l2tpwan/wan') === undefined, 'taken away');
      await record.step('the connection has another name');

      await daemon.stop();
      await record.step('the daemon ends');
      const { now, before: known } = record.compare();
      expect(now).toBe(known);
      for (const { topic, payload } of observer.heard) {
        expect(`${topic} ${payload}`).not.toMatch(/s3cret|tunn3l|wr0ng|alice/);
        if (topic.startsWith('homeassistant/device/')) expect(discoveryFaults(topic, payload)).toEqual([]);
      }
    }));
});

describe('a broker', () => {
  it('that was away has everything again, as it is by then', () =>
    stage('mqaway', async ({ cell, broker, observer, state }) => {
      const daemon = await cell.daemon(WAN, { mqtt: { ...MQTT, keepalive: 5 } });
      await state('up');
      const kept = observer.kept;
      await broker.kill();
      await observer.close();
      await daemon.command('redial', 'wan');
      await daemon.until(({ timesUp }) => timesUp === 2, 'up again');
      await broker.resume();
      const again = await Observer.connect(broker.socketPath);
      await again.until(() => again.kept.size === kept.size, 'all there again', 60_000);
      expect([...again.kept.keys()].sort()).toEqual([...kept.keys()].sort());
      expect(JSON.parse(again.last('l2tpwan/wan')?.payload ?? '')).toMatchObject({ state: 'up', times_up: 2 });
      await again.until(() => again.heard.some(({ topic }) => topic === 'l2tpwan/bridge/event'), 'told of it');
      const stages = again.heard.filter(({ topic }) => topic === 'l2tpwan/wan/event');
      expect(stages.map(({ payload }) => JSON.parse(payload).state)).toContain('hanging-up');
      await again.close();
    }));

  it('says that we are gone when we die, and that we are back', () =>
    stage('mqdies', async ({ cell, observer, state }) => {
      const daemon = await cell.daemon(WAN, { mqtt: MQTT });
      await state('up');
      const bridge = () => JSON.parse(observer.last('l2tpwan/bridge/state')?.payload ?? '{}').state;
      expect(bridge()).toBe('online');
      await daemon.stop('SIGKILL');
      await observer.until(() => bridge() === 'offline', 'offline');
      expect(observer.last('l2tpwan/bridge/state')?.retain).toBe(true);
      daemon.start();
      await observer.until(() => bridge() === 'online', 'online');
      await daemon.up();
      await daemon.stop();
      await observer.until(() => bridge() === 'offline', 'offline');
      expect(observer.last('l2tpwan/wan/availability')?.payload).toBe('offline');
    }));

  it('that does not know the password: the log and the test say so, and the next password is taken', () => {
    const account = { username: 'alice', password: 'br0ker-pa55' };
    return stage(
      'mqpass',
      async ({ cell, observer, state }) => {
        const daemon = await cell.daemon(WAN, { mqtt: { ...MQTT, username: 'alice', password: 'wr0ng-pa55' } });
        await daemon.up();
        const words =
          'the broker refuses the connection: user or password is wrong or missing, or this user may not connect';
        await expect.poll(() => daemon.log, { timeout: 10_000 }).toContain(words);
        const tested = await daemon.command('mqtt', 'test').catch((error: Error) => error.message);
        expect(tested.replaceAll(/\s+/g, ' ')).toContain(words);
        daemon.configure({ wan: WAN }, { ...MQTT, ...account });
        daemon.signal('SIGHUP');
        await state('up');
        expect(await daemon.command('mqtt', 'test')).toContain('all right');
        await observer.quiet();
        for (const { topic, payload } of observer.heard)
          expect(`${topic} ${payload}`).not.toMatch(/s3cret|tunn3l|wr0ng-pa55|br0ker-pa55|alice/);
        expect(daemon.log + tested).not.toMatch(/wr0ng-pa55|br0ker-pa55/);
      },
      { accounts: { alice: account.password }, observer: account },
    );
  });

  it('that may not be commanded through', () =>
    stage('mqoff', async ({ cell, observer, state }) => {
      const daemon = await cell.daemon(WAN, { mqtt: MQTT });
      await state('up');
      await observer.publish('l2tpwan/wan/set', '{"enabled": false}');
      await observer.publish('l2tpwan/bridge/request/redial', '{"connection": "wan"}');
      const answers = () => observer.heard.filter(({ topic }) => topic.startsWith('l2tpwan/bridge/response/'));
      await observer.until(() => answers().length === 2, 'refused');
      for (const { payload } of answers()) expect(JSON.parse(payload)).toMatchObject({ status: 'error' });
      expect(await daemon.status()).toMatchObject({ state: 'up', timesUp: 1 });
      const { components } = JSON.parse(
        observer.heard.findLast(({ topic }) => topic.startsWith('homeassistant/device/'))?.payload ?? '',
      );
      expect(Object.keys(components)).not.toContain('redial');
    }));
});

describe('a broker at the other end of the tunnel', () => {
  it('is found as soon as the tunnel is up, and hears that we leave, or that we are lost', () =>
    Cell.run('mqfar', async (cell) => {
      const lns = await cell.lns('l2tpns', { chatty: 'no' });
      const netns = (program: string, args: readonly string[], options: object) =>
        spawn(IP, ['netns', 'exec', lns.netns, program, ...args], options);
      const broker = await Mosquitto.start({ port: 1883, address: '203.0.113.1', spawn: netns });
      const observer = await Observer.connect(broker.socketPath);
      try {
        const mqtt = { ...MQTT, server: 'mqtt://203.0.113.1', keepalive: 5, connectTimeout: 3 };
        const daemon = await cell.daemon(WAN, { mqtt });
        await daemon.up();
        const since = performance.now();
        const bridge = () => JSON.parse(observer.last('l2tpwan/bridge/state')?.payload ?? '{}').state;
        await observer.until(() => bridge() === 'online', 'online');
        expect(performance.now() - since).toBeLessThan(4000);
        await daemon.stop();
        await observer.until(() => bridge() === 'offline', 'offline', 1000);

        daemon.start();
        await observer.until(() => bridge() === 'online', 'online again');
        await lns.kill('KILL');
        await observer.until(() => bridge() === 'offline', 'offline by its will', 20_000);
      } finally {
        await observer.close();
        await broker.destroy();
      }
    }));
});

describe('the bundle', () => {
  it('reaches brokers with TLS and over WebSocket, with MQTT 5 and 3.1.1', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'l2tpwan-mqtt-'));
    const authority = await Authority.create(directory, 'Home CA');
    const tls = await authority.issue('broker', { names: ['IP:127.0.0.1'] });
    const brokers = await Promise.all([
      Mosquitto.start({ tls }),
      Mosquitto.start({ tls, webSockets: true }),
      Mosquitto.start({ webSockets: true }),
    ]);
    try {
      const [mqtts, wss, ws] = brokers.map(({ port }) => port);
      const test = (server: string, version: string, ca = authority.certificate) => {
        const mqtt = { ...MQTT, server, version, ...(ca !== '' && { ca }) };
        const path = join(directory, 'config.json');
        writeFileSync(path, configuration({ wan: WAN }, mqtt), { mode: 0o600 });
        return run('node', [BUNDLE, 'mqtt', 'test', '-c', path]).catch((error: Error) => error.message);
      };
      for (const version of ['3.1.1', '5']) {
        for (const server of [`mqtts://127.0.0.1:${mqtts}`, `wss://127.0.0.1:${wss}/mqtt`])
          expect(await test(server, version)).toContain(`${server}: all right`);
        expect(await test(`ws://127.0.0.1:${ws}/mqtt`, version, '')).toContain('all right');
      }
      expect(await test(`mqtts://127.0.0.1:${mqtts}`, '5', '')).toMatch(
        /FAILED connect .*issued by Home CA\) is not trusted/,
      );
    } finally {
      for (const broker of brokers) await broker.destroy();
      rmSync(directory, { recursive: true, force: true });
    }
  });
});

const TITLE = `What a subscriber to everything sees of a daemon with MQTT: recorded and compared by mqtt.test.ts beside this file.
(kept): the broker keeps it, and of each step only the last is shown. TIME, N, ID and the like: masked.`;
