/** Two routers on one broker: what each leaves there is its own. */
import { describe, expect, it } from 'vitest';
import { FakeBroker } from '../../test/support/fake-broker.ts';
import { connectedScene, mqttScene } from '../../test/support/mqtt-scene.ts';
import { stage } from '../../test/support/scripted-engine.ts';

describe('two routers on one broker', () => {
  const topicsOf = ({ retained }: FakeBroker, base: string) =>
    [...retained.keys()].filter((topic) => topic.startsWith(`${base}/`)).sort();

  it('the second one steps aside, and says so', async () => {
    const one = await connectedScene({ id: 'aaa' });
    const other = await connectedScene({ id: 'bbb', broker: one.broker, seed: 2 });
    expect(topicsOf(one.broker, 'l2tpwan-bbb')).toEqual([
      'l2tpwan-bbb/bridge/info',
      'l2tpwan-bbb/bridge/state',
      'l2tpwan-bbb/wan',
      'l2tpwan-bbb/wan/availability',
      'l2tpwan-bbb/wan/stats',
    ]);
    expect(other.broker.last('l2tpwan-bbb/bridge/info')).toMatchObject({ id: 'bbb', displaced_by: 'aaa' });
    expect(other.lines.join()).toContain('router aaa has the base topic already, ours is l2tpwan-bbb');
    expect(JSON.parse(one.broker.retained.get('l2tpwan/bridge/info') ?? '')).toMatchObject({ id: 'aaa' });
  });

  it('that come at the same time: the greater id yields, the other one says everything again', async () => {
    const broker = new FakeBroker();
    const one = await mqttScene({ id: 'bbb', broker, connections: { wan: {}, extra: {} } });
    const other = await mqttScene({ id: 'aaa', broker, seed: 2 });
    broker.isMute = true;
    await one.soon(2000);
    await other.soon(2000);
    expect([one, other].map(({ service }) => service.view)).toMatchObject([{ base: 'l2tpwan' }, { base: 'l2tpwan' }]);
    broker.isMute = false;
    broker.cut();
    for (let i = 0; i < 60; i++) {
      await one.soon(50);
      await other.soon(50);
    }
    expect(one.service.view).toMatchObject({ base: 'l2tpwan-bbb', state: 'connected' });
    expect(other.service.view).toMatchObject({ base: 'l2tpwan', state: 'connected' });
    expect(JSON.parse(broker.retained.get('l2tpwan/bridge/info') ?? '')).toMatchObject({ id: 'aaa' });
    expect(broker.retained.get('l2tpwan/bridge/state')).toBe('{"state":"online"}');
    expect(topicsOf(broker, 'l2tpwan')).toEqual([
      'l2tpwan/bridge/info',
      'l2tpwan/bridge/state',
      'l2tpwan/wan',
      'l2tpwan/wan/availability',
      'l2tpwan/wan/stats',
    ]);
    expect(topicsOf(broker, 'l2tpwan-bbb')).toHaveLength(8);
  });

  it.each([
    ['aaa', 'bbb'],
    ['bbb', 'aaa'],
  ])(
    'router %s keeps all that is its own when %s comes later, whatever happens to the broker',
    async (first, second) => {
      const broker = new FakeBroker();
      const one = await connectedScene({ id: first, broker });
      const before = topicsOf(broker, 'l2tpwan');
      const other = await mqttScene({ id: second, broker, seed: 2, connections: { wan: {}, extra: {} } });
      const pass = async (ms: number) => {
        for (let at = 0; at < ms; at += 50) {
          await one.soon(50);
          await other.soon(50);
        }
      };
      await pass(3000);
      broker.cut();
      await pass(10_000);
      await other.happens(stage('tunnel'));
      await pass(70_000); // and what the other one takes for its own traces has been taken away
      const said = broker.log.filter(
        ({ client, topic }) => client === `l2tpwan-${second}` && topic.startsWith('l2tpwan/'),
      );
      expect(said).toEqual([]);
      expect(topicsOf(broker, 'l2tpwan')).toEqual(before);
      expect([one, other].map(({ service }) => service.view.base)).toEqual(['l2tpwan', `l2tpwan-${second}`]);
      expect(topicsOf(broker, `l2tpwan-${second}`)).toHaveLength(8);
      expect(JSON.parse(broker.retained.get(`l2tpwan-${second}/bridge/info`) ?? '').topics.join()).not.toContain(
        'l2tpwan/',
      );
    },
  );

  it('what happened before the second one knew of the first goes to its own topics', async () => {
    const one = await connectedScene({ id: 'aaa' });
    one.broker.refusal = { stage: 'tcp', words: 'away', detail: '' };
    const other = await mqttScene({ id: 'bbb', broker: one.broker, seed: 2 });
    await other.comesUp();
    await other.soon(1500);
    one.broker.refusal = undefined;
    one.broker.takeTopics();
    await other.soon(30_000);
    const events = one.broker.log.filter(({ client, retain }) => client === 'l2tpwan-bbb' && !retain);
    expect(new Set(events.map(({ topic }) => topic))).toEqual(
      new Set(['l2tpwan-bbb/bridge/event', 'l2tpwan-bbb/wan/event']),
    );
  });
});
