import { describe, expect, it } from 'vitest';
import { FakeHost, settled } from '../../test/support/fake-host.ts';
import { ScriptedEngine, stage } from '../../test/support/scripted-engine.ts';
import type { MqttVerdict } from '../ports/mqtt.ts';
import { Calendar } from './calendar.ts';
import { controlOf } from './control.ts';
import type { Answer, Request } from './control-words.ts';
import { Daemon } from './daemon.ts';
import { LineLog } from './log.ts';
import type { MqttDoor, MqttView } from './mqtt-view.ts';
import { type Reading, readSettings } from './settings.ts';

const reading = (connections: Record<string, object>): Reading =>
  readSettings(
    {
      connections: Object.fromEntries(
        Object.entries(connections).map(([name, fields]) => [
          name,
          { servers: ['lns'], username: 'alice', password: 's3cret', ...fields },
        ]),
      ),
    },
    { hostName: 'router' },
  );

async function scene(connections: Record<string, object> = { wan: {}, spare: { enabled: false } }) {
  const host = new FakeHost();
  const lines: string[] = [];
  const log = new LineLog((line) => lines.push(line), new Calendar(host.clock));
  const engines: ScriptedEngine[] = [];
  let next: Reading = reading(connections);
  const daemon = new Daemon({
    host,
    log,
    version: '1.2.3',
    surroundings: { hostName: 'router' },
    read: async () => next,
    makeEngine: () => {
      const engine = new ScriptedEngine((input) => (input.type === 'connect' ? [stage('up')] : []));
      engines.push(engine);
      return engine;
    },
  });
  if ('settings' in next) await daemon.start(next.settings);
  const serve = controlOf(daemon, host.clock);
  /** Asks, and gives what was answered so far. */
  const ask = (request: Request | string) => {
    const answers: Answer[] = [];
    const state = { ended: false };
    const line = typeof request === 'string' ? request : JSON.stringify(request);
    const stop = serve(line, {
      write: (answer) => {
        expect(answer).not.toContain('\n');
        answers.push(JSON.parse(answer) as Answer);
      },
      end: () => {
        state.ended = true;
      },
    });
    return { answers, state, stop };
  };
  const reload = (again: Reading) => {
    next = again;
  };
  return { host, daemon, engines, lines, ask, reload };
}

describe('status', () => {
  it('is the read model, of all or of one', async () => {
    const { ask, daemon } = await scene();
    const { answers, state } = ask({ method: 'status' });
    expect(answers).toEqual([{ data: daemon.status }]);
    expect(state.ended).toBe(true);
    expect(daemon.status).toMatchObject({
      daemon: { version: '1.2.3' },
      connections: { wan: { state: 'up' }, spare: { state: 'idle' } },
    });
    const [one] = ask({ method: 'status', name: 'spare' }).answers as [{ data: { connections: object } }];
    expect(Object.keys(one.data.connections)).toEqual(['spare']);
  });

  it.each(['constructor', 'toString', 'hasOwnProperty'])(
    'and orders find a connection called %s, and none that is not',
    async (name) => {
      const { ask, daemon } = await scene({ [name]: {} });
      expect(daemon.names).toEqual([name]);
      expect(ask({ method: 'status', name }).answers).toEqual([
        { data: expect.objectContaining({ connections: { [name]: expect.objectContaining({ state: 'up' }) } }) },
      ]);
      expect(ask({ method: 'status', name, format: 'text' }).answers).toEqual([
        { text: expect.stringContaining(`${name}: up`) },
      ]);
      expect(ask({ method: 'down', name }).answers).toEqual([{ data: { name, enabled: false } }]);
      const others = await scene();
      for (const method of ['status', 'events', 'up'] as const)
        for (const none of [name, '__proto__'])
          expect(others.ask({ method, name: none }).answers).toMatchObject([{ error: 'no-such-connection' }]);
    },
  );

  it('is text for people', async () => {
    const { ask } = await scene({ wan: {} });
    expect(ask({ method: 'status', format: 'text' }).answers).toEqual([
      { text: expect.stringMatching(/^wan: up for 0 ms \(since /) },
    ]);
    expect(ask({ method: 'status', format: 'text', colour: true }).answers).toEqual([
      { text: expect.stringContaining('\u001b[32m') },
    ]);
  });

  it('is told again every second while it is watched', async () => {
    const { ask, host } = await scene();
    const { answers, state, stop } = ask({ method: 'status', watch: true });
    await host.clock.pass(2500);
    expect(answers).toHaveLength(3);
    expect(state.ended).toBe(false);
    stop();
    await host.clock.pass(5000);
    expect(answers).toHaveLength(3);
  });
});

describe('events', () => {
  it('are one answer each for programs, one for all for people', async () => {
    const { ask } = await scene();
    expect(ask({ method: 'events' }).answers).toEqual([
      { data: expect.objectContaining({ connection: 'wan', kind: 'stage', stage: 'up' }) },
    ]);
    expect(ask({ method: 'events', format: 'text' }).answers).toEqual([
      { text: '2026-11-22T07:00:00.000Z wan: up: ? on ?, MTU ?' },
    ]);
    expect(ask({ method: 'events', format: 'text', name: 'spare' }).answers).toEqual([]);
  });

  it('are followed, of the connection that was named', async () => {
    const { ask, daemon } = await scene();
    const { answers, stop } = ask({ method: 'events', name: 'spare', follow: true, format: 'text' });
    daemon.connection('wan')?.redial('x');
    daemon.connection('spare')?.up();
    expect(answers).toEqual([{ text: expect.stringContaining('spare: up') }]);
    stop();
    daemon.connection('spare')?.up();
    expect(answers).toHaveLength(1);
  });
});

describe('orders', () => {
  it('are given to the connection', async () => {
    const { ask, engines } = await scene();
    expect(ask({ method: 'down', name: 'wan', format: 'text' }).answers).toEqual([{ text: 'wan: hanging up' }]);
    expect(ask({ method: 'redial', name: 'wan', format: 'text' }).answers).toEqual([{ text: 'wan: dialling anew' }]);
    expect(ask({ method: 'up', name: 'spare' }).answers).toEqual([{ data: { name: 'spare', enabled: true } }]);
    expect(engines.map(({ heard }) => heard)).toEqual([['connect', 'disconnect', 'redial', 'connect'], ['connect']]);
  });

  it('for a connection that does not exist are refused', async () => {
    const { ask } = await scene();
    expect(ask({ method: 'up', name: 'wna' }).answers).toEqual([
      { error: 'no-such-connection', words: 'no connection is called "wna": there is wan, spare' },
    ]);
    expect(ask({ method: 'status', name: '__proto__' }).answers).toEqual([
      { error: 'no-such-connection', words: 'no connection is called "__proto__": there is wan, spare' },
    ]);
  });
});

describe('reload', () => {
  it('says what changed', async () => {
    const { ask, reload, daemon } = await scene();
    reload(reading({ wan: {}, third: {} }));
    const { answers } = ask({ method: 'reload', format: 'text' });
    await settled();
    expect(answers).toEqual([{ text: 'added third; removed spare' }]);
    expect(daemon.names).toEqual(['wan', 'third']);
    expect(ask({ method: 'version' }).answers).toEqual([{ data: daemon.status.daemon }]);
  });

  it('of a wrong file says why, and changes nothing', async () => {
    const { ask, reload, daemon, engines, lines } = await scene();
    reload({ faults: ['line 1, column 2: a colon should be here', 'and more'] });
    const { answers } = ask({ method: 'reload' });
    await settled();
    expect(answers).toEqual([
      { error: 'wrong-configuration', words: 'line 1, column 2: a colon should be here\nand more' },
    ]);
    expect(daemon.names).toEqual(['wan', 'spare']);
    expect(engines[0]?.heard).toEqual(['connect']);
    expect(lines.slice(-3).map((line) => line.slice(25))).toEqual([
      'error the new configuration is wrong, everything stays as it is:',
      'error line 1, column 2: a colon should be here',
      'error and more',
    ]);
  });
});

describe('nonsense', () => {
  it.each<[string, string]>([
    ['', 'the request is not JSON'],
    ['{"method":', 'the request is not JSON'],
    ['null', 'request: '],
    [
      '{"method":"shutdown"}',
      'method: a method: status, events, negotiated, up, down, redial, reload, version, info or mqtt-test',
    ],
    ['{"method":"up"}', 'name: the name of a connection'],
    ['{"method":"status","watch":"yes"}', 'watch: true or false'],
  ])('%j', async (line, words) => {
    const { ask } = await scene();
    const { answers, state } = ask(line);
    expect(answers).toEqual([{ error: 'bad-request', words: expect.stringContaining(words) }]);
    expect(state.ended).toBe(true);
  });

  it('and mistakes of ours are answered, and disturb nobody', async () => {
    const { ask, engines, host, daemon } = await scene();
    const { answers: watched, state } = ask({ method: 'status', watch: true });
    (engines[0] as ScriptedEngine).snapshot = () => {
      throw new TypeError('bad day');
    };
    expect(ask({ method: 'status' }).answers).toEqual([
      { error: 'internal', words: expect.stringContaining('TypeError: bad day') },
    ]);
    await host.clock.pass(1000);
    expect(watched.at(-1)).toMatchObject({ error: 'internal' });
    expect(state.ended).toBe(true);
    expect(daemon.connectionStatus('spare')).toMatchObject({ state: 'idle' });
  });
});

describe('mqtt-test', () => {
  const failure = { stage: 'dns', words: 'broker has no address', detail: 'ENOTFOUND' } as const;
  const steps = [
    { step: 'load', ok: true, words: 'MQTT is loaded', ms: 3 },
    { step: 'connect', ok: false, words: 'broker has no address (ENOTFOUND)', ms: 12 },
  ] as const;
  const verdict: MqttVerdict = { ok: false, server: 'mqtt://broker', steps, failure };
  const view: MqttView = { state: 'waiting', server: 'mqtt://broker', base: 'l2tpwan', failure: failure.words };

  const asked = async (request: Request, mqtt?: MqttDoor): Promise<Answer[]> => {
    const { daemon, host } = await scene();
    const answers: Answer[] = [];
    controlOf(
      daemon,
      host.clock,
      () => mqtt,
    )(JSON.stringify(request), {
      write: (answer) => answers.push(JSON.parse(answer) as Answer),
      end: () => undefined,
    });
    await settled();
    return answers;
  };

  it('says what came of it', async () => {
    const door: MqttDoor = { view, test: async () => verdict };
    expect(await asked({ method: 'mqtt-test' }, door)).toEqual([{ data: verdict }]);
    expect(await asked({ method: 'mqtt-test', format: 'text' }, door)).toEqual([
      {
        text: [
          'ok     load       MQTT is loaded (3 ms)',
          'FAILED connect    broker has no address (ENOTFOUND) (12 ms)',
          'failed: broker has no address',
        ].join('\n'),
        failed: true,
      },
    ]);
    const right: MqttDoor = { view, test: async () => ({ ...verdict, ok: true, steps: [], failure: null }) };
    expect(await asked({ method: 'mqtt-test', format: 'text' }, right)).toEqual([{ text: 'mqtt://broker: all right' }]);
  });

  it('needs MQTT', async () => {
    expect(await asked({ method: 'mqtt-test' })).toEqual([{ error: 'refused', words: 'there is no MQTT here' }]);
  });

  it.each<[Partial<MqttView>, string]>([
    [{}, 'not connected to mqtt://broker: broker has no address'],
    [{ state: 'connected', failure: null }, 'connected to mqtt://broker, base topic l2tpwan'],
    [{ state: 'disabled', failure: null }, 'disabled'],
    [{ state: 'wrong', failure: 'mqtt.interval: found 0' }, 'left out: mqtt.interval: found 0'],
  ])('and info tells how it stands: %j', async (more, words) => {
    const door: MqttDoor = { view: { ...view, ...more }, test: async () => verdict };
    const [text] = await asked({ method: 'info', format: 'text' }, door);
    expect(text && 'text' in text && text.text).toMatch(new RegExp(`^  mqtt +${words}$`, 'm'));
    expect(await asked({ method: 'info' }, door)).toMatchObject([{ data: { mqtt: { ...view, ...more } } }]);
  });
});
