import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Aedes } from 'aedes';
import { expect, it } from 'vitest';
import { FakeBroker } from '../../test/support/fake-broker.ts';
import { Door } from '../../test/support/mqtt-ends.ts';
import { type MqttScene, mqttScene } from '../../test/support/mqtt-scene.ts';
import { mqttClient } from '../host/mqtt/client.ts';

// What stands in the configuration and must never be published, each where it would be found.
const SECRETS = {
  password: 'pass-of-the-tunnel',
  tunnelSecret: 'secret-of-the-tunnel',
  broker: 'pass-of-the-broker',
  token: 'token-of-the-broker',
  credentials: '/etc/where-the-credentials-are',
  key: '/etc/where-the-key-is',
};
const WAN = { password: SECRETS.password, tunnelSecret: SECRETS.tunnelSecret };

const holds = (text: string, secret: string): boolean =>
  text.includes(secret) || text.includes(JSON.stringify(secret).slice(1, -1));

/** Everything that can be said happens, and everything that can be asked is asked. */
async function talk(scene: MqttScene): Promise<void> {
  const text = `you are ${SECRETS.password} with ${SECRETS.tunnelSecret}`;
  const failure = {
    code: 'call-refused',
    detail: text,
    peer: { message: 'CDN', result: 2, error: 6, text },
  } as const;
  await scene.happens({ type: 'event', event: { kind: 'failed', failure, stage: 'session' } });
  await scene.comesUp();
  for (const name of ['status', 'events', 'info', 'reload'])
    scene.broker.publish(`l2tpwan/bridge/request/${name}`, '{}');
  scene.broker.publish('l2tpwan/bridge/request/negotiated', '{"connection":"wan"}');
  await scene.soon(60_000);
}

it.each([
  ['a password', { username: 'router', password: SECRETS.broker }],
  ['a credentials file', { credentialsFile: SECRETS.credentials }],
  ['a token in the URL', { server: `wss://broker/mqtt?token=${SECRETS.token}` }],
])('nothing secret is ever published or shown, whatever a server makes of it: %s', async (_, login) => {
  const mqtt = {
    server: 'mqtts://broker',
    ...login,
    certificate: '/etc/c',
    key: SECRETS.key,
    logging: 'debug',
    commands: true,
  };
  const scene = await mqttScene({ connections: { wan: WAN }, mqtt });
  await scene.soon(1500);
  await talk(scene);
  const trying = scene.service.test();
  await scene.soon(1000);
  const shown = [await trying, scene.service.view].map((each) => JSON.stringify(each));
  await scene.service.farewell();
  await scene.service.end();
  const published = scene.broker.log.map(({ topic, payload }) => `${topic} ${payload}`);
  expect(published.filter((each) => each.includes('/response/'))).toHaveLength(5);
  expect(published.length).toBeGreaterThan(20);
  expect(shown.every((each) => /"server":"\w+:\/\/broker(\/mqtt)?"/.test(each))).toBe(true);
  for (const secret of Object.values(SECRETS))
    expect([...published, ...shown, ...scene.lines].filter((each) => holds(each, secret))).toEqual([]);
});

it('what a credentials file holds reaches the broker, and nobody else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'l2tpwan-secrets-'));
  const credentialsFile = join(folder, 'mqtt');
  const login = ['user-in-the-file', 'pass-in-the-file'];
  writeFileSync(credentialsFile, `${login.join('\n')}\n`);
  const broker = await Aedes.createBroker();
  const logins: string[][] = [];
  const published: string[] = [];
  broker.authenticate = (_client, username, password, done) => {
    logins.push([username ?? '', password?.toString() ?? '']);
    done(null, true);
  };
  broker.on('publish', ({ topic, payload }) => {
    published.push(`${topic} ${payload}`);
  });
  const door = await Door.open((socket) => broker.handle(socket));
  try {
    const real = new FakeBroker();
    real.connect = (settings, will, listener) => mqttClient.connect(settings, will, listener);
    const mqtt = { server: `mqtt://127.0.0.1:${door.port}`, credentialsFile, logging: 'debug' };
    const scene = await mqttScene({ broker: real, connections: { wan: WAN }, mqtt });
    const ours = () => published.filter((each) => each.startsWith('l2tpwan/'));
    const isThere = async (word: string) => {
      await scene.soon(100);
      return ours().some((each) => each.startsWith(word));
    };
    await expect.poll(() => isThere('l2tpwan/bridge/state {"state":"online"}'), { timeout: 5000 }).toBe(true);
    await talk(scene);
    await expect.poll(() => isThere('l2tpwan/wan/event'), { timeout: 5000 }).toBe(true);
    expect(logins.at(-1)).toEqual(login);
    const shown = [...published, ...scene.lines, JSON.stringify(scene.service.view)];
    for (const secret of login) expect(shown.filter((each) => holds(each, secret))).toEqual([]);
    await scene.service.end();
  } finally {
    door.close();
    await new Promise<void>((resolve) => broker.close(resolve));
    rmSync(folder, { recursive: true });
  }
});
