import { expect, it } from 'vitest';
import { mqttScene } from '../../test/support/mqtt-scene.ts';

// What stands in the configuration and must never be published, each where it would be found.
const SECRETS = {
  password: 'pass-of-the-tunnel',
  tunnelSecret: 'secret-of-the-tunnel',
  broker: 'pass-of-the-broker',
  credentials: '/etc/where-the-credentials-are',
  key: '/etc/where-the-key-is',
};

it('nothing secret is ever published, whatever a server makes of it', async () => {
  const wan = { password: SECRETS.password, tunnelSecret: SECRETS.tunnelSecret };
  for (const login of [{ username: 'router', password: SECRETS.broker }, { credentialsFile: SECRETS.credentials }]) {
    const mqtt = {
      ...login,
      server: 'mqtts://broker',
      certificate: '/etc/c',
      key: SECRETS.key,
      logging: 'debug',
      commands: true,
    };
    const scene = await mqttScene({ connections: { wan }, mqtt });
    await scene.soon(1500);
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
    await scene.service.farewell();
    await scene.service.end();
    const published = scene.broker.log.map(({ topic, payload }) => `${topic} ${payload}`);
    expect(published.filter((each) => each.includes('/response/'))).toHaveLength(5);
    expect(published.length).toBeGreaterThan(20);
    for (const secret of Object.values(SECRETS))
      expect(
        published.filter((each) => each.includes(secret) || each.includes(JSON.stringify(secret).slice(1, -1))),
      ).toEqual([]);
  }
});
