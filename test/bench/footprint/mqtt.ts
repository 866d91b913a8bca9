/** What MQTT adds to the memory of one daemon: switched off, connected, and connected with TLS; beside bare Node. */
import { pause } from '../../e2e/daemon.ts';
import type { Netns } from '../../lab/netns.ts';
import { Authority } from '../../support/certificates.ts';
import { type BrokerOptions, Mosquitto } from '../../support/mosquitto.ts';
import type { Ground } from '../ground.ts';
import { memoryOf } from '../process-figures.ts';
import { flagsOfTheService } from '../service-flags.ts';
import { type Summary, summary } from '../summary.ts';

const KINDS = ['off', 'mqtt', 'mqtts'] as const;

/** RSS, MB. */
export interface MqttMemory {
  readonly bareNode: Summary;
  readonly daemon: Readonly<Record<(typeof KINDS)[number], Summary>>;
}

export async function measureMqtt(
  ground: Ground,
  copies: number,
  ageSeconds: number,
  say: (words: string) => void,
): Promise<MqttMemory> {
  const netns = await ground.netns();
  await ground.lns('l2tpns', netns, { chatty: 'no' });
  const authority = await Authority.create(ground.directory, 'Bench CA');
  const tls = await authority.issue('broker', { names: ['IP:127.0.0.1'] });
  const brokers = [await broker(ground, netns, 1883, {}), await broker(ground, netns, 8883, { tls })];
  const nodeOptions = flagsOfTheService();
  const settings = {
    off: undefined,
    mqtt: { enabled: true, server: 'mqtt://127.0.0.1' },
    mqtts: { enabled: true, server: 'mqtts://127.0.0.1', ca: authority.certificate },
  };
  const numbers = Array.from({ length: copies }, (_, index) => index);
  const daemons = KINDS.flatMap((kind) =>
    numbers.map((number) => {
      // Each is another router to the broker.
      const mqtt = settings[kind] && {
        mqtt: { ...settings[kind], id: `${kind}${number}`, baseTopic: `${kind}${number}` },
      };
      return { kind, daemon: ground.daemon(netns, `${kind}${number}`, {}, { nodeOptions, ...mqtt }).start() };
    }),
  );
  const bare = numbers.map(() => {
    const child = netns.spawn('node', [...nodeOptions, '-e', 'setInterval(() => {}, 1e9)'], { stdio: 'ignore' });
    ground.own(child);
    return child.pid ?? 0;
  });
  await pause(ageSeconds * 1000);
  const connected = brokers.map(({ log }) => new Set(log.match(/as l2tpwan-\w+/g)).size);
  if (connected.some((count) => count < copies))
    throw new Error(`connected to the brokers: ${connected.join(' and ')} of ${copies}`);
  const of = (wanted: (typeof KINDS)[number]) =>
    rssOf(daemons.filter(({ kind }) => kind === wanted).map(({ daemon }) => daemon.pid));
  const memory = { bareNode: rssOf(bare), daemon: { off: of('off'), mqtt: of('mqtt'), mqtts: of('mqtts') } };
  const { off, mqtt, mqtts } = memory.daemon;
  say(
    `memory: ${off.median} MB without MQTT, ${mqtt.median} MB with it, ${mqtts.median} MB with TLS; bare Node ${memory.bareNode.median} MB`,
  );
  return memory;
}

const rssOf = (pids: readonly number[]): Summary => summary(pids.map((pid) => memoryOf(pid).rss));

async function broker(ground: Ground, netns: Netns, port: number, options: BrokerOptions): Promise<Mosquitto> {
  const spawn: BrokerOptions['spawn'] = (program, args, more) => netns.spawn(program, args, more);
  const started = await Mosquitto.start({ port, spawn, ...options });
  ground.defer(() => started.destroy());
  return started;
}
