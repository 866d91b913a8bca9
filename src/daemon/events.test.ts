import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/support/fake-host.ts';
import type { Failure } from '../protocol/failure.ts';
import { Calendar } from './calendar.ts';
import { type ConnectionEvent, Events, type EventView } from './events.ts';
import { LineLog } from './log.ts';

const server = { name: 'lns.example.net', address: '10.5.1.9', port: 1701 };
const plain = (text: string) => text;

function scene() {
  const clock = new FakeClock();
  const calendar = new Calendar(clock);
  return { clock, calendar, events: new Events(calendar) };
}

const wordsOf = (event: ConnectionEvent): string => scene().events.record('wan', event, plain).words;

describe('the words of an event', () => {
  const failure: Failure = {
    code: 'auth-rejected',
    detail: 'CHAP-MD5 was refused',
    peer: { message: 'CHAP Failure', text: 'bad password' },
  };
  const busy: Failure = {
    code: 'tunnel-busy',
    detail: 'StopCCN result 2, error 4, "no more tunnels"',
    peer: { message: 'StopCCN', result: 2, error: 4, text: 'no more tunnels' },
  };

  it.each<[ConnectionEvent, string]>([
    [{ kind: 'stage', stage: 'resolving' }, 'looking up the servers'],
    [{ kind: 'stage', stage: 'tunnel', server }, 'dialling lns.example.net (10.5.1.9)'],
    [
      { kind: 'stage', stage: 'tunnel', server: { ...server, port: 1702 } },
      'dialling lns.example.net (10.5.1.9 port 1702)',
    ],
    [{ kind: 'stage', stage: 'tunnel', server: { ...server, name: '10.5.1.9' } }, 'dialling 10.5.1.9'],
    [{ kind: 'authenticated', method: 'pap', message: '' }, 'authenticated by pap'],
    [{ kind: 'authenticated', method: 'chap-md5', message: 'hi' }, 'authenticated by chap-md5, the server said: "hi"'],
    [{ kind: 'authenticated', method: 'none', message: '' }, 'the server asked for no authentication'],
    [
      { kind: 'failed', stage: 'authentication', failure },
      'failed while authenticating: the server did not accept the user name or password (auth-rejected): CHAP-MD5 was refused; the server said: "bad password"',
    ],
    [
      { kind: 'failed', stage: 'tunnel', failure: busy },
      'failed while opening the tunnel: the server has no room for another tunnel (tunnel-busy): StopCCN result 2, error 4, "no more tunnels"',
    ],
    [{ kind: 'retry-in', ms: 1234 }, 'next attempt in 1.2 s'],
    [{ kind: 'retry-in', ms: 61_500 }, 'next attempt in 62 s'],
    [{ kind: 'warning', code: 'routing-loop', detail: 'looped' }, 'looped'],
    [{ kind: 'notice', level: 'warn', words: 'odd' }, 'odd'],
  ])('%j', (event, words) => expect(wordsOf(event)).toBe(words));
});

describe('events', () => {
  it('are kept with their dates, oldest first, of one connection or all', async () => {
    const { clock, events } = scene();
    events.record('wan', { kind: 'stage', stage: 'resolving' }, plain);
    await clock.pass(250);
    events.record('campus', { kind: 'stage', stage: 'idle' }, plain);
    events.record('wan', { kind: 'stage', stage: 'up' }, plain, ': 10.64.0.10');
    expect(events.list().map(({ at, connection, words }) => `${at} ${connection} ${words}`)).toEqual([
      '2026-11-22T07:00:00.000Z wan looking up the servers',
      '2026-11-22T07:00:00.250Z campus down',
      '2026-11-22T07:00:00.250Z wan up: 10.64.0.10',
    ]);
    expect(events.list('campus').map(({ words }) => words)).toEqual(['down']);
    events.forget('wan');
    expect(events.list()).toHaveLength(1);
  });

  it('are forgotten after two hundred, and none of the others’', () => {
    const { events } = scene();
    events.record('campus', { kind: 'stage', stage: 'idle' }, plain);
    for (let i = 0; i < 1000; i++) events.record('wan', { kind: 'retry-in', ms: i * 1000 }, plain);
    expect(events.list('wan')).toHaveLength(200);
    expect(events.list('wan')[0]?.retryInMs).toBe(800_000);
    expect(events.list('campus')).toHaveLength(1);
  });

  it('can be followed until one has enough', () => {
    const { events } = scene();
    const heard: EventView[] = [];
    const stop = events.follow((event) => heard.push(event));
    events.record('wan', { kind: 'retry-in', ms: 1000 }, plain);
    stop();
    events.record('wan', { kind: 'retry-in', ms: 2000 }, plain);
    expect(heard).toEqual([
      {
        at: '2026-11-22T07:00:00.000Z',
        connection: 'wan',
        kind: 'retry',
        level: 'info',
        words: 'next attempt in 1.0 s',
        retryInMs: 1000,
      },
    ]);
  });
});

describe('the log', () => {
  it('writes a line an event, as loud as wished', () => {
    const lines: string[] = [];
    const log = new LineLog((line) => lines.push(line), scene().calendar);
    log.write('info', 'wan', 'up');
    log.write('debug', 'wan', 'details');
    log.write('error', undefined, 'two\nlines \u001b[31m and a colour');
    log.level = 'error';
    log.write('warn', 'wan', 'hm');
    expect(lines).toEqual([
      '2026-11-22T07:00:00.000Z info  wan: up',
      '2026-11-22T07:00:00.000Z error two lines  [31m and a colour',
    ]);
  });

  it('leaves the date to whoever has one, and says how grave a line is where that would be lost', () => {
    const lines: [string, string][] = [];
    const log = new LineLog((line, level) => lines.push([level, line]));
    log.level = 'debug';
    for (const level of ['error', 'warn', 'info', 'debug'] as const) log.write(level, 'wan', 'so it is');
    expect(lines).toEqual([
      ['error', 'wan: so it is'],
      ['warn', 'warning: wan: so it is'],
      ['info', 'wan: so it is'],
      ['debug', 'debug: wan: so it is'],
    ]);
  });
});
