/** The broker at its slowest, and beside a bridge that is connected: what whole daemons do then. */
import { describe, expect, it } from 'vitest';
import { FakeBroker } from '../../test/support/fake-broker.ts';
import { mqttScene } from '../../test/support/mqtt-scene.ts';
import { discoveryTopic } from './topics.ts';

describe('trying the broker out', () => {
  it.each([
    ['b00b1e5', 'test'],
    ['a', 'b'],
  ])('leaves Home Assistant what there is, whatever routers and connections are called: %s, %s', async (id, name) => {
    const scene = await mqttScene({ connections: { [name]: {} }, id });
    await scene.soon(1500);
    const theirs = [...scene.broker.retained].filter(([topic]) => topic.startsWith('homeassistant/'));
    expect(theirs.map(([topic]) => topic)).toEqual([discoveryTopic('homeassistant', id, name)]);
    // And another router, whose id has the name of that connection in it.
    const other = await mqttScene({ broker: scene.broker, id: `${id}_${name}`, connections: {} });
    await other.soon(1500);
    scene.broker.takeTopics();
    for (const { service, clock } of [scene, other]) {
      const trying = service.test();
      await clock.pass(1000);
      expect(await trying).toMatchObject({ ok: true });
    }
    const empty = scene.broker.log.filter(({ payload }) => payload === '').map(({ topic }) => topic);
    expect(empty).toEqual([
      `homeassistant/device/l2tpwan-${id}/config`,
      `homeassistant/device/l2tpwan-${id}_${name}/config`,
    ]);
    expect([...scene.broker.retained].filter(([topic]) => topic.startsWith('homeassistant/'))).toEqual(theirs);
  });

  it('takes an end with a broker that is stuck, and can be done again', async () => {
    const scene = await mqttScene();
    await scene.soon(1500);
    scene.broker.ignores = (topic) => topic.endsWith('/test');
    const [trying, trying2] = [scene.service.test(), scene.service.test()];
    await scene.soon(5100);
    expect(await trying).toMatchObject({ ok: false, failure: { stage: 'subscribe', detail: 'timeout' } });
    expect(await trying2).toBe(await trying);
    scene.broker.ignores = () => false;
    const again = scene.service.test();
    await scene.soon(100);
    expect(await again).toMatchObject({ ok: true });
  });
});

describe('a broker that takes few messages at a time', () => {
  it.each([1, 10])('hears them all, %i under way at most', async (most) => {
    const broker = new FakeBroker();
    broker.receiveMaximum = most;
    const connections = Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`wan${at}`, {}]));
    const scene = await mqttScene({ broker, connections });
    await scene.soon(1500);
    expect(scene.service.view).toMatchObject({ state: 'connected', failure: null });
    expect(scene.lines.filter((line) => line.includes('exceeded'))).toEqual([]);
    for (const name of Object.keys(connections))
      expect(broker.last(`l2tpwan/${name}`)).toMatchObject({ state: 'idle' });
  });
});
