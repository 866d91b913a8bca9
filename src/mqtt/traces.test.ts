/** What the broker is left with, whatever becomes of settings and links. */
import { describe, expect, it } from 'vitest';
import { connectedScene, mqttScene } from '../../test/support/mqtt-scene.ts';

const DISCOVERY = 'homeassistant/device/l2tpwan_b00b1e5_wan/config';
const REFUSED = { stage: 'connack', words: 'the broker refuses the user name or password', detail: '' } as const;

describe('the broker', () => {
  it('knows that we are offline when it refuses our new settings', async () => {
    const scene = await connectedScene();
    scene.broker.refusal = REFUSED;
    await scene.reload({ username: 'x', password: 'wrong' });
    await scene.soon(2000);
    expect(scene.service.view).toMatchObject({ state: 'waiting' });
    expect(scene.broker.retained.get('l2tpwan/bridge/state')).toBe('{"state":"offline"}');
    scene.broker.refusal = undefined;
    await scene.soon(10_000);
    expect(scene.broker.retained.get('l2tpwan/bridge/state')).toBe('{"state":"online"}');
  });

  it('is left with nothing below a base topic that is ours no more, though it refuses the new settings', async () => {
    const scene = await connectedScene();
    scene.broker.refusal = REFUSED;
    await scene.reload({ baseTopic: 'attic' });
    await scene.soon(2000);
    expect([...scene.broker.retained.keys()].filter((topic) => topic.startsWith('l2tpwan/'))).toEqual([]);
  });

  it('keeps no discovery that was switched off while nobody ran', async () => {
    const before = await connectedScene();
    await before.service.farewell();
    await before.service.end();
    const { broker } = before;
    expect(broker.retained.has(DISCOVERY)).toBe(true);
    const scene = await mqttScene({ broker, mqtt: { discovery: false }, configured: async () => ['wan', 'asleep'] });
    await scene.soon(130_000);
    expect(broker.retained.has(DISCOVERY)).toBe(false);
    expect(broker.retained.has('l2tpwan/wan')).toBe(true);
  });

  it('is left with nothing of an id that is ours no more, and the base topic stays', async () => {
    const scene = await connectedScene({ mqtt: { id: 'old' } });
    await scene.reload({ id: 'new' });
    await scene.soon(5000);
    expect(scene.service.view).toMatchObject({ state: 'connected', base: 'l2tpwan' });
    expect([...scene.broker.retained.keys()].filter((topic) => topic.includes('old'))).toEqual([]);
    expect(scene.broker.retained.has('homeassistant/device/l2tpwan_new_wan/config')).toBe(true);
    expect(scene.broker.last('l2tpwan/bridge/info')).toMatchObject({ id: 'new' });
  });

  it('is told of switch and button that are gone until it has taken it', async () => {
    const scene = await connectedScene({ mqtt: { commands: true } });
    scene.broker.isStalled = true;
    await scene.reload({ commands: false });
    await scene.soon(100);
    scene.broker.cut();
    scene.broker.isStalled = false;
    scene.broker.takeTopics();
    await scene.soon(5000);
    const told = scene.broker.log.filter(({ topic }) => topic === DISCOVERY).map(({ payload }) => JSON.parse(payload));
    expect(told.map(({ components }) => components.enabled)).toEqual([{ platform: 'switch' }, undefined]);
  });
});

describe('without retain', () => {
  const firstOf = (topics: readonly string[], topic: string, from = 0) => topics.indexOf(topic, from);

  it.each([
    ['the connection', async () => undefined],
    [
      'the start of Home Assistant',
      async ({ broker, soon }: Awaited<ReturnType<typeof connectedScene>>) => {
        await soon(10_000);
        broker.takeTopics();
        broker.publish('homeassistant/status', 'online');
        await soon(5000);
      },
    ],
  ])('says what discovery tells of once more, some seconds after %s', async (_, happen) => {
    const scene = await connectedScene({ mqtt: { retain: false } });
    await happen(scene);
    await scene.soon(6000);
    const topics = scene.broker.takeTopics();
    const announced = firstOf(topics, DISCOVERY);
    expect(announced).toBeGreaterThanOrEqual(0);
    const last = topics.lastIndexOf(DISCOVERY);
    for (const topic of ['l2tpwan/bridge/info', 'l2tpwan/bridge/state', 'l2tpwan/wan', 'l2tpwan/wan/availability'])
      expect([topic, firstOf(topics, topic, last) > last]).toEqual([topic, true]);
    await scene.soon(60_000);
    expect(scene.broker.takeTopics()).toEqual([]);
  });
});
