import { describe, expect, it } from 'vitest';
import { FakeBroker } from '../../test/support/fake-broker.ts';
import { connectedScene, type MqttScene, mqttScene } from '../../test/support/mqtt-scene.ts';
import { stage } from '../../test/support/scripted-engine.ts';

const DISCOVERY = 'homeassistant/device/l2tpwan_b00b1e5_wan/config';

const state = ({ broker }: MqttScene): unknown => JSON.parse(broker.retained.get('l2tpwan/wan') ?? 'null');

describe('the first connection to a broker', () => {
  it('is a survey that leaves nothing behind, under the same name', async () => {
    const scene = await mqttScene();
    await scene.soon(500);
    expect(scene.broker.clients).toEqual(['l2tpwan-b00b1e5']);
    expect(scene.broker.log).toEqual([]);
    await scene.soon(1000);
    expect(scene.broker.asked).toHaveLength(2);
  });

  it('tells everything, in an order in which nobody is told too much too early', async () => {
    const { broker } = await connectedScene();
    expect(broker.takeTopics()).toEqual([
      'l2tpwan/bridge/info',
      'l2tpwan/wan/availability',
      DISCOVERY,
      DISCOVERY,
      'l2tpwan/wan',
      'l2tpwan/wan/stats',
      'l2tpwan/bridge/state',
      'l2tpwan/bridge/event',
    ]);
    expect(broker.retained.get('l2tpwan/bridge/state')).toBe('{"state":"online"}');
    expect(broker.retained.get('l2tpwan/wan/availability')).toBe('online');
  });

  it('tells nothing twice that has not changed', async () => {
    const scene = await connectedScene();
    scene.broker.takeTopics();
    await scene.soon(120_000);
    expect(scene.broker.takeTopics()).toEqual([]);
  });
});

describe('what happens to a connection', () => {
  it('is published at once, as a state and as events', async () => {
    const scene = await connectedScene();
    scene.broker.takeTopics();
    await scene.comesUp();
    await scene.soon(60);
    expect(scene.broker.takeTopics()).toEqual(['l2tpwan/wan/event', 'l2tpwan/wan']);
    expect(state(scene)).toMatchObject({
      state: 'up',
      words: 'up',
      connected_since: '2026-11-22T07:00:05.000Z',
      server: 'lns.example.net',
      server_address: '10.5.1.9',
      address: '210.32.148.92',
      peer_address: '10.0.2.72',
      ipv6: 'fe80::211:22ff:fe33:4455',
      dns: ['10.10.0.21', '10.10.2.21'],
      mtu: 1456,
      authentication: 'chap-md5',
      times_up: 1,
      last_failure: null,
    });
  });

  it('has its failure in words', async () => {
    const scene = await connectedScene();
    await scene.happens({
      type: 'event',
      event: {
        kind: 'failed',
        failure: { code: 'auth-rejected', detail: 'CHAP Failure: s3cret no' },
        stage: 'authentication',
      },
    });
    await scene.soon(60);
    expect(state(scene)).toMatchObject({
      last_failure: {
        code: 'auth-rejected',
        fault: 'user',
        words: 'the server did not accept the user name or password',
      },
    });
    expect(scene.broker.last('l2tpwan/wan/event')).toMatchObject({
      kind: 'failed',
      failure: { code: 'auth-rejected' },
    });
    expect(JSON.stringify(scene.broker.log)).not.toContain('s3cret');
  });

  it('and what flows is measured', async () => {
    const scene = await connectedScene();
    await scene.comesUp({ receivedOctets: 1000, sentOctets: 10 });
    await scene.soon(10_000);
    scene.count({ receivedOctets: 101_000, sentOctets: 1010, receivedPackets: 5 });
    await scene.soon(10_000);
    expect(scene.broker.last('l2tpwan/wan/stats')).toEqual({
      rx_rate: 80_000,
      tx_rate: 800,
      rx_total: 101_000,
      tx_total: 1010,
      rx_packets: 5,
      tx_packets: 0,
      echo_rtt_ms: 12.35,
      interval_s: 10,
    });
    await scene.happens(stage('waiting'), { counters: undefined });
    await scene.soon(10_000);
    expect(scene.broker.last('l2tpwan/wan/stats')).toMatchObject({
      rx_rate: null,
      rx_total: 101_000,
      echo_rtt_ms: null,
    });
  });

  it('to the last octet that can be known before a tunnel is hung up', async () => {
    const scene = await connectedScene();
    await scene.comesUp({ receivedOctets: 1000 });
    await scene.soon(5000);
    scene.count({ receivedOctets: 5000 });
    await scene.happens(stage('hanging-up'));
    await scene.happens(stage('idle'), { counters: undefined });
    await scene.soon(10_000);
    expect(scene.broker.last('l2tpwan/wan/stats')).toMatchObject({ rx_total: 5000 });
  });

  it('survives a wall clock that is set: rates do not move', async () => {
    const scene = await connectedScene();
    await scene.comesUp();
    await scene.soon(10_000);
    scene.clock.wallOffset += 86_400_000;
    scene.count({ receivedOctets: 10_000 });
    await scene.soon(10_000);
    expect(scene.broker.last('l2tpwan/wan/stats')).toMatchObject({ rx_rate: 8000 });
  });
});

describe('a broker that is away', () => {
  it('gets the newest states, the latest events and a word about the rest when it is back', async () => {
    const scene = await connectedScene();
    scene.broker.refusal = { stage: 'tcp', words: 'nobody answers at localhost', detail: 'ECONNREFUSED' };
    scene.broker.cut();
    expect(scene.broker.retained.get('l2tpwan/bridge/state')).toBe('{"state":"offline"}');
    for (let i = 0; i < 200; i++) await scene.happens(stage(i % 2 === 0 ? 'tunnel' : 'waiting'));
    await scene.soon(1000);
    scene.broker.refusal = undefined;
    scene.broker.takeTopics();
    await scene.soon(10_000);
    const topics = scene.broker.log.map(({ topic }) => topic);
    expect(topics.filter((topic) => topic === 'l2tpwan/wan')).toHaveLength(1);
    expect(topics.filter((topic) => topic.endsWith('/event'))).toHaveLength(64);
    expect(scene.broker.last('l2tpwan/bridge/event')).toMatchObject({ kind: 'connected' });
    expect(JSON.stringify(scene.broker.last('l2tpwan/bridge/event'))).toMatch(
      /, \d+ older events and log lines were left out/,
    );
    expect(topics.indexOf('l2tpwan/bridge/state')).toBeGreaterThan(topics.indexOf('l2tpwan/wan'));
  });

  it('is tried again after growing waits, at most five minutes apart', async () => {
    const scene = await connectedScene();
    scene.broker.refusal = { stage: 'tcp', words: 'nobody answers', detail: '' };
    scene.broker.cut();
    await scene.soon(3_600_000);
    const tries = scene.broker.asked.length;
    expect(tries).toBeGreaterThan(15);
    expect(tries).toBeLessThan(40);
    await scene.soon(3_600_000);
    expect(scene.broker.asked.length - tries).toBeLessThanOrEqual(25);
    expect(scene.service.view).toMatchObject({ state: 'waiting', failure: 'nobody answers' });
    // One line for each kind of failure, not one for each try.
    expect(scene.lines.filter((line) => line.startsWith('warning: MQTT: nobody answers'))).toHaveLength(1);
  });

  it('is tried at once when a tunnel comes up', async () => {
    const scene = await connectedScene();
    scene.broker.refusal = { stage: 'tcp', words: 'no route', detail: '' };
    scene.broker.cut();
    await scene.soon(600_000);
    const tries = scene.broker.asked.length;
    await scene.comesUp();
    await scene.soon(600);
    expect(scene.broker.asked).toHaveLength(tries + 1);
  });

  it('is not waited for on a way that has changed', async () => {
    const scene = await mqttScene();
    scene.broker.isStalled = true;
    await scene.soon(1500);
    const tries = scene.broker.asked.length;
    expect(scene.service.view).toMatchObject({ state: 'connecting' });
    await scene.comesUp();
    await scene.soon(600);
    expect(scene.broker.asked).toHaveLength(tries + 1);
  });

  it('though nobody says so, is noticed', async () => {
    const scene = await connectedScene();
    scene.broker.isStalled = true;
    await scene.comesUp();
    await scene.soon(19_000);
    expect(scene.service.view).toMatchObject({ state: 'connected' });
    await scene.soon(2000);
    expect(scene.service.view).toMatchObject({ failure: 'the broker does not answer any more' });
    scene.broker.recover();
    await scene.soon(10_000);
    expect(scene.service.view).toMatchObject({ state: 'connected' });
    expect(state(scene)).toMatchObject({ state: 'up' });
  });

  it('costs no more memory after a day', async () => {
    const scene = await connectedScene();
    scene.broker.isStalled = true;
    for (let i = 0; i < 500; i++) await scene.happens(stage('tunnel'), { attempts: i });
    scene.broker.recover();
    await scene.soon(1000);
    expect(scene.broker.log.length).toBeLessThan(200);
    expect(state(scene)).toMatchObject({ attempts: 499 });
  });
});

describe('Home Assistant', () => {
  it('that starts is told again what there is, after a moment, and then how things stand', async () => {
    const scene = await connectedScene();
    scene.broker.takeTopics();
    scene.broker.publish('homeassistant/status', 'online');
    await scene.soon(900);
    expect(scene.broker.takeTopics()).toEqual(['homeassistant/status']);
    await scene.soon(4200);
    expect(scene.broker.takeTopics()).toEqual([
      'l2tpwan/wan/availability',
      DISCOVERY,
      'l2tpwan/wan',
      'l2tpwan/wan/stats',
      'l2tpwan/bridge/state',
    ]);
  });

  it('is not told again by what was said before we came', async () => {
    const broker = new FakeBroker();
    broker.publish('homeassistant/status', 'online', true);
    const scene = await connectedScene({ broker });
    scene.broker.takeTopics();
    await scene.soon(8000);
    expect(scene.broker.takeTopics()).toEqual([]);
  });

  it('loses a connection that is removed, without a restart', async () => {
    const scene = await connectedScene({ connections: { wan: {}, spare: {} } });
    expect(scene.broker.retained.has('l2tpwan/spare/stats')).toBe(true);
    await scene.reload({}, { wan: {} });
    await scene.soon(10_000);
    expect([...scene.broker.retained.keys()].filter((topic) => topic.includes('spare'))).toEqual([]);
    expect(JSON.stringify(scene.broker.last('l2tpwan/bridge/info'))).not.toContain('spare');
    expect(scene.broker.last('l2tpwan/bridge/event')).toMatchObject({
      kind: 'connection-removed',
      connection: 'spare',
    });
  });

  it('loses everything when discovery is switched off, without a restart and without another connection', async () => {
    const scene = await connectedScene();
    const tries = scene.broker.asked.length;
    await scene.reload({ discovery: false, discoveryStatusTopic: 'homeassistant/status' });
    await scene.soon(2000);
    expect(scene.broker.retained.has(DISCOVERY)).toBe(false);
    expect(scene.broker.retained.has('l2tpwan/wan')).toBe(true);
    expect(scene.broker.asked.length - tries).toBeLessThanOrEqual(1);
  });

  it('loses switch and button in the way it wants when commands are switched off', async () => {
    const scene = await connectedScene({ mqtt: { commands: true } });
    expect(scene.broker.last(DISCOVERY)).toMatchObject({ components: { enabled: { platform: 'switch' } } });
    scene.broker.takeTopics();
    await scene.reload({ commands: false });
    await scene.soon(1000);
    const told = scene.broker.log.filter(({ topic }) => topic === DISCOVERY).map(({ payload }) => JSON.parse(payload));
    expect(told).toHaveLength(2);
    expect(told[0].components.enabled).toEqual({ platform: 'switch' });
    expect(told[0].components.redial).toEqual({ platform: 'button' });
    expect(told[1].components).not.toHaveProperty('enabled');
    expect(told[1].components).toHaveProperty('connected');
  });

  it('loses what an earlier run announced and nobody wants any more, once that is certain', async () => {
    const before = await connectedScene({ connections: { wan: {}, old: {}, asleep: {} } });
    await before.service.farewell();
    await before.service.end();
    const scene = await connectedScene({ broker: before.broker, configured: async () => ['asleep'] });
    expect(scene.broker.retained.has('l2tpwan/old')).toBe(true);
    expect(JSON.stringify(scene.broker.last('l2tpwan/bridge/info'))).toContain('l2tpwan/old');
    await scene.soon(60_000);
    expect([...scene.broker.retained.keys()].filter((topic) => topic.includes('old'))).toEqual([]);
    expect(scene.broker.retained.get('l2tpwan/asleep/availability')).toBe('offline');
    expect(scene.broker.retained.has('homeassistant/device/l2tpwan_b00b1e5_asleep/config')).toBe(true);
    expect(JSON.stringify(scene.broker.last('l2tpwan/bridge/info'))).toContain('l2tpwan/asleep');
  });
});

describe('the end', () => {
  it('is told before tunnels are hung up, and waited for half a second at most', async () => {
    const scene = await connectedScene();
    const farewell = scene.service.farewell();
    await scene.soon(0);
    await farewell;
    expect(scene.broker.retained.get('l2tpwan/bridge/state')).toBe('{"state":"offline"}');
    expect(scene.broker.retained.get('l2tpwan/wan/availability')).toBe('offline');
    await scene.service.end();
    expect(scene.broker.clients).toEqual([]);
    expect(scene.clock.pending).toBe(0);
  });

  it('waits for nobody who is not there', async () => {
    const scene = await connectedScene();
    scene.broker.isStalled = true;
    let isOver = false;
    void scene.service.farewell().then(() => {
      isOver = true;
    });
    await scene.soon(400);
    expect(isOver).toBe(false);
    await scene.soon(110);
    expect(isOver).toBe(true);
    scene.broker.refusal = { stage: 'tcp', words: 'away', detail: '' };
    scene.broker.cut();
    await scene.service.farewell();
  });

  it('keeps no totals that say nothing', async () => {
    const scene = await connectedScene();
    await scene.soon(3_600_000);
    await scene.service.end();
    expect(scene.saves).toEqual([]);
  });

  it('keeps the totals each hour as well, when they have changed', async () => {
    const scene = await connectedScene();
    await scene.comesUp({ receivedOctets: 500 });
    await scene.soon(3_500_000);
    expect(scene.saves).toEqual([]);
    await scene.soon(200_000);
    expect(scene.saves).toHaveLength(1);
    await scene.soon(7_200_000);
    expect(scene.saves).toHaveLength(1);
  });

  it('keeps the totals', async () => {
    const scene = await connectedScene();
    await scene.comesUp({ receivedOctets: 500, sentOctets: 5 });
    await scene.soon(100);
    await scene.service.end();
    expect(scene.saves).toHaveLength(1);
    const again = await connectedScene({ saved: scene.saves[0] ?? '' });
    expect(again.broker.last('l2tpwan/wan/stats')).toMatchObject({ rx_total: 500, tx_total: 5 });
    await again.comesUp({ receivedOctets: 100 });
    await again.soon(10_000);
    expect(again.broker.last('l2tpwan/wan/stats')).toMatchObject({ rx_total: 600 });
  });
});

describe('a reload', () => {
  it('that changes nothing leaves the connection alone', async () => {
    const scene = await connectedScene();
    const tries = scene.broker.asked.length;
    scene.broker.takeTopics();
    await scene.reload({});
    await scene.reload({ interval: 5 });
    await scene.soon(2000);
    expect(scene.broker.asked).toHaveLength(tries);
    expect(scene.broker.takeTopics().filter((topic) => topic === 'l2tpwan/wan')).toEqual([]);
  });

  it('to another base topic takes the old ones away', async () => {
    const scene = await connectedScene();
    await scene.reload({ baseTopic: 'attic/wan' });
    await scene.soon(3000);
    expect([...scene.broker.retained.keys()].sort()).toEqual([
      'attic/wan/bridge/info',
      'attic/wan/bridge/state',
      'attic/wan/wan',
      'attic/wan/wan/availability',
      'attic/wan/wan/stats',
      DISCOVERY,
    ]);
  });

  it('to another broker says goodbye to the old one', async () => {
    const scene = await connectedScene();
    await scene.reload({ server: 'mqtt://other' });
    await scene.soon(3000);
    expect(scene.broker.asked.at(-1)?.server).toBe('mqtt://other');
    const states = scene.broker.log
      .filter(({ topic }) => topic === 'l2tpwan/bridge/state')
      .map(({ payload }) => payload);
    expect(states).toEqual(['{"state":"online"}', '{"state":"offline"}', '{"state":"online"}']);
  });

  it('that switches it off, and on again', async () => {
    const scene = await connectedScene();
    await scene.reload({ enabled: false });
    await scene.soon(100);
    expect(scene.broker.clients).toEqual([]);
    expect(scene.broker.retained.get('l2tpwan/bridge/state')).toBe('{"state":"offline"}');
    expect(scene.service.view).toMatchObject({ state: 'disabled', server: null });
    expect(scene.clock.pending).toBe(0);
    await scene.reload({});
    await scene.soon(1500);
    expect(scene.broker.retained.get('l2tpwan/bridge/state')).toBe('{"state":"online"}');
  });

  it('without retain: the broker forgets, and is still told', async () => {
    const scene = await connectedScene();
    await scene.reload({ retain: false });
    await scene.soon(2000);
    expect([...scene.broker.retained.keys()]).toEqual([]);
    expect(scene.broker.last('l2tpwan/wan')).toMatchObject({ state: 'idle' });
  });
});

describe('the log', () => {
  it('is published from the level on that is wished for, and never its own echo', async () => {
    const scene = await connectedScene({ mqtt: { logging: 'warn' } });
    scene.broker.forbids = (topic) => (topic === 'l2tpwan/wan' ? 'refused' : false);
    await scene.comesUp();
    await scene.soon(100);
    expect(scene.lines.join('\n')).toContain('warning: MQTT: may not publish l2tpwan/wan');
    expect(scene.broker.last('l2tpwan/bridge/logging')).toBeUndefined();
    await scene.happens({ type: 'event', event: { kind: 'warning', code: 'x', detail: 'odd' } as never });
    await scene.soon(100);
    expect(scene.broker.last('l2tpwan/bridge/logging')).toMatchObject({
      level: 'warn',
      connection: 'wan',
      message: 'odd',
    });
  });
});
