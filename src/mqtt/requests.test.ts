import { describe, expect, it } from 'vitest';
import { mqttScene } from '../../test/support/mqtt-scene.ts';

async function scene(mqtt: object = { commands: true }) {
  const all = await mqttScene({ mqtt, connections: { wan: {}, spare: {} } });
  await all.soon(1500);
  all.broker.takeTopics();
  return {
    ...all,
    async request(topic: string, payload: unknown = {}, retain = false) {
      all.broker.publish(`l2tpwan/${topic}`, typeof payload === 'string' ? payload : JSON.stringify(payload), retain);
      await all.soon(100);
      return all.broker.last(`l2tpwan/bridge/response/${topic.includes('/set') ? 'set' : topic.split('/').at(-1)}`);
    },
  };
}

describe('a command', () => {
  // biome-ignore format: a table
  it.each([
    ['wan/set',                   { enabled: true },      'connect',    { name: 'wan', enabled: true }],
    ['wan/set',                   { enabled: false },     'disconnect', { name: 'wan', enabled: false }],
    ['wan/set/enabled',           'ON',                   'connect',    { name: 'wan', enabled: true }],
    ['wan/set/enabled',           'off',                  'disconnect', { name: 'wan', enabled: false }],
    ['wan/set/redial',            'PRESS',                'redial',     { name: 'wan', enabled: true }],
    ['bridge/request/connect',    { connection: 'wan' },  'connect',    { name: 'wan', enabled: true }],
    ['bridge/request/disconnect', { connection: 'wan' },  'disconnect', { name: 'wan', enabled: false }],
    ['bridge/request/redial',     { connection: 'wan' },  'redial',     { name: 'wan', enabled: true }],
  ])('%s %j is obeyed and answered', async (topic, payload, input, data) => {
    const { request, engine } = await scene();
    expect(await request(topic, payload)).toEqual({ status: 'ok', data });
    expect(engine().heard[0]).toBe(input);
    expect(engine('spare').heard).toEqual([]);
  });

  it('shows at once', async () => {
    const { request, broker } = await scene();
    await request('wan/set/enabled', 'ON');
    expect(broker.last('l2tpwan/wan')).toMatchObject({ enabled: true, state: 'tunnel' });
  });

  it('has its transaction in the answer', async () => {
    const { request } = await scene();
    expect(await request('bridge/request/reload', { transaction: 7 })).toMatchObject({ status: 'ok', transaction: 7 });
    expect(await request('wan/set', { enabled: true, transaction: 'a' })).toMatchObject({ transaction: 'a' });
    expect(await request('bridge/request/redial', { conection: 'wan', transaction: 8 })).toEqual({
      status: 'error',
      error: 'connection: the name of a connection; unknown: conection',
      transaction: 8,
    });
  });

  it('is refused as long as commands are not allowed, reading is not', async () => {
    const { request, engine } = await scene({});
    for (const [topic, payload] of [
      ['wan/set', { enabled: true }],
      ['wan/set/redial', 'PRESS'],
      ['bridge/request/connect', { connection: 'wan' }],
      ['bridge/request/reload', {}],
    ] as const)
      expect(await request(topic, payload)).toMatchObject({
        status: 'error',
        error: 'commands are not allowed: set commands of mqtt to true in the configuration',
      });
    expect(engine().heard).toEqual([]);
    expect(await request('bridge/request/status', '')).toMatchObject({
      status: 'ok',
      data: { connections: { wan: {} } },
    });
    expect(await request('bridge/request/info', '')).toMatchObject({ status: 'ok', data: { version: '1.2.3' } });
  });

  // biome-ignore format: a table
  it.each([
    ['wan/set',                   { enabled: 'yes' },          'enabled: true or false'],
    ['wan/set',                   'ON',                        'an object: { "enabled": … }'],
    ['wan/set',                   { enabled: true, mtu: 1 },   'unknown: mtu'],
    ['wan/set/enabled',           'perhaps',                   'enabled: ON or OFF'],
    ['wan/set/redial',            '1',                         'redial: PRESS'],
    ['wan/set/mtu',               '1400',                      'there is enabled and redial to set'],
    ['lan/set',                   { enabled: true },           'no connection is called "lan": there is wan, spare'],
    ['bridge/request/redial',     {},                          'connection: the name of a connection'],
    ['bridge/request/redial',     { connection: 'lan' },       'no connection is called "lan": there is wan, spare'],
    ['bridge/request/redial',     '',                          'an empty message asks for nothing: {} is the least'],
    ['bridge/request/reload',     'now',                       'an object, {} will do'],
    ['bridge/request/reboot',     {},                          'there is no such request: connect, disconnect, redial, reload, status, events, negotiated, info'],
    ['bridge/request/__proto__',  {},                          'there is no such request: connect, disconnect, redial, reload, status, events, negotiated, info'],
    ['bridge/request/events',     { limit: 0 },                'limit: a whole number from 1 to 50'],
    ['bridge/request/status',     { limit: 1 },                'limit: only of events'],
    ['bridge/request/status',     { transaction: 'x'.repeat(65) }, 'transaction: text of at most 64 characters or a number'],
    ['bridge/request/status',     `{"connection":"${'x'.repeat(5000)}"}`, 'a message of at most 4096 characters'],
  ])('%s %j is refused in words', async (topic, payload, error) => {
    const { request, engine } = await scene();
    expect(await request(topic, payload)).toEqual({ status: 'error', error });
    expect(engine().heard).toEqual([]);
  });

  it('that is retained is not obeyed, for it would be with each connection; nor is its removal', async () => {
    const { request, engine, broker, lines, soon } = await scene();
    await request('wan/set', { enabled: true }, true);
    expect(engine().heard).toEqual(['connect']); // said now, nobody can tell
    broker.cut();
    await soon(3000);
    expect(engine().heard).toEqual(['connect']);
    expect(lines.join('\n')).toContain('l2tpwan/wan/set: what is retained is not obeyed');
    const answers = broker.log.filter(({ topic }) => topic.includes('/response/')).length;
    broker.publish('l2tpwan/wan/set', '', true);
    await soon(100);
    expect(engine().heard).toEqual(['connect']);
    expect(broker.log.filter(({ topic }) => topic.includes('/response/'))).toHaveLength(answers);
  });

  it('is one of ten in ten seconds', async () => {
    const { request, engine, broker, soon } = await scene();
    for (let i = 0; i < 100; i++) broker.publish('l2tpwan/wan/set/redial', 'PRESS');
    await soon(1000);
    expect(engine().heard.filter((each) => each === 'redial')).toHaveLength(10);
    const answers = broker.log.filter(({ topic }) => topic.endsWith('/response/set'));
    expect(answers).toHaveLength(20);
    const refused = answers.filter(({ payload }) => payload.includes('too many requests: at most 10 in 10 s'));
    expect(refused).toHaveLength(10);
    await soon(10_000);
    expect(await request('wan/set/redial', 'PRESS')).toMatchObject({ status: 'ok' });
  });

  it('that reads is answered with what the command line would show', async () => {
    const all = await scene();
    const { request } = all;
    await all.comesUp();
    expect(await request('bridge/request/negotiated', { connection: 'wan' })).toMatchObject({
      data: { name: 'wan', mtu: 1456 },
    });
    expect(await request('bridge/request/events', { connection: 'wan', limit: 1 })).toMatchObject({
      data: [{ connection: 'wan', kind: 'stage' }],
    });
    expect(await request('bridge/request/status', { connection: 'spare' })).toMatchObject({
      data: { connections: { spare: { state: 'idle' } } },
    });
  });
});
