/** A whole daemon with scripted engines, its MQTT, and a broker in memory: what a test of MQTT moves and looks at. */
import { controlOf } from '../../src/daemon/control.ts';
import { Daemon } from '../../src/daemon/daemon.ts';
import { LineLog } from '../../src/daemon/log.ts';
import { type Reading, readSettings, type Settings } from '../../src/daemon/settings.ts';
import { MqttService } from '../../src/mqtt/service.ts';
import type { ClientSnapshot } from '../../src/protocol/client-history.ts';
import type { LaneCounters } from '../../src/protocol/lane-counters.ts';
import { noneCounted } from '../../src/protocol/lane-counters.ts';
import { FakeBroker } from './fake-broker.ts';
import { FakeHost, settled } from './fake-host.ts';
import { UP } from './observed.ts';
import { ScriptedEngine, stage } from './scripted-engine.ts';

const WAN = { servers: ['lns.example.net'], username: 'alice', password: 's3cret', enabled: false };

export interface SceneOptions {
  readonly mqtt?: object;
  readonly connections?: Record<string, object>;
  readonly id?: string;
  readonly broker?: FakeBroker;
  /** What an earlier run has saved. */
  readonly saved?: string;
  readonly seed?: number;
  readonly configured?: () => Promise<readonly string[]>;
}

export type MqttScene = Awaited<ReturnType<typeof mqttScene>>;

export async function mqttScene(options: SceneOptions = {}) {
  const { connections = { wan: {} }, id = 'b00b1e5', broker = new FakeBroker(), seed = 1 } = options;
  const host = new FakeHost(seed);
  const { clock } = host;
  const lines: string[] = [];
  const log = new LineLog((line) => lines.push(line));
  log.level = 'debug';
  const engines = new Map<string, ScriptedEngine>();
  const made: ScriptedEngine[] = [];
  let next = settingsOf(connections, options.mqtt);
  const daemon = new Daemon({
    host,
    log,
    version: '1.2.3',
    surroundings: { hostName: 'router' },
    about: { runtime: 'node v22', machine: 'linux x64' },
    read: async (): Promise<Reading> => ({ settings: next, warnings: [] }),
    makeEngine: () => {
      const engine = new ScriptedEngine((input) => {
        if (input.type === 'connect') return [stage('tunnel')];
        return input.type === 'disconnect' ? [stage('hanging-up'), stage('idle')] : [];
      });
      made.push(engine);
      return engine;
    },
  });
  await daemon.start(next);
  for (const [at, name] of Object.keys(connections).entries()) {
    const engine = made[at];
    if (engine !== undefined) engines.set(name, engine);
  }
  const saves: string[] = [];
  const service = new MqttService({
    serve: controlOf(daemon, clock),
    clock,
    entropy: host.entropy,
    load: async () => broker,
    log: (level, words) => log.write(level, undefined, `MQTT: ${words}`),
    host: 'router',
    machineId: async () => id,
    configured: options.configured ?? (async () => []),
    store: {
      load: async () => options.saved,
      save: async (text) => void saves.push(text),
    },
  });
  log.follow((level, connection, words) => service.line(level, connection, words));
  await service.apply(next.mqtt, next.mqttFaults);
  return {
    host,
    clock,
    broker,
    daemon,
    service,
    lines,
    saves,
    id,
    engine: (name = 'wan') => engines.get(name) as ScriptedEngine,
    /** Everything happens that can happen now, and what comes soon after. */
    async soon(ms = 100) {
      await clock.pass(ms);
      await settled();
    },
    /** The connection says something. */
    async happens(effect: ReturnType<typeof stage>, fields: Partial<ClientSnapshot> = {}, name = 'wan') {
      const engine = engines.get(name);
      if (engine === undefined) throw new Error(`no engine ${name}`);
      engine.snapshotFields = { ...engine.snapshotFields, ...fields };
      engine.rule = ({ type }) => (type === 'redial' ? [effect] : []);
      daemon.connection(name)?.redial('a test');
      await settled();
    },
    async comesUp(counters: Partial<LaneCounters> = {}, name = 'wan') {
      const { stage: _, lastFailure: __, ...up } = UP.snapshot;
      await this.happens(stage('up'), { ...up, counters: { ...noneCounted(), ...counters } }, name);
    },
    count(counters: Partial<LaneCounters>, name = 'wan') {
      const engine = engines.get(name);
      if (engine !== undefined)
        engine.snapshotFields = { ...engine.snapshotFields, counters: { ...noneCounted(), ...counters } };
    },
    /** New settings, as after a reload. */
    async reload(mqtt: object, names: Record<string, object> = connections) {
      next = settingsOf(names, mqtt);
      const before = made.length;
      const kept = [...engines.keys()];
      await daemon.reload();
      const fresh = Object.keys(names).filter((name) => !kept.includes(name));
      for (const [at, name] of fresh.entries()) {
        const engine = made[before + at];
        if (engine !== undefined) engines.set(name, engine);
      }
      const applied = service.apply(next.mqtt, next.mqttFaults);
      await clock.pass(1);
      await Promise.race([applied, settled()]);
    },
  };
}

/** A scene that is connected, its first round over. */
export async function connectedScene(options: SceneOptions = {}) {
  const scene = await mqttScene(options);
  await scene.soon(1500);
  return scene;
}

function settingsOf(connections: Record<string, object>, mqtt: object = {}): Settings {
  const raw = {
    connections: Object.fromEntries(Object.entries(connections).map(([name, fields]) => [name, { ...WAN, ...fields }])),
    mqtt: { enabled: true, ...mqtt },
  };
  const reading = readSettings(raw, { hostName: 'router' });
  if ('faults' in reading) throw new Error(reading.faults.join('\n'));
  return reading.settings;
}
