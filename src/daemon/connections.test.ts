import { describe, expect, it } from 'vitest';
import { FakeHost, settled } from '../../test/support/fake-host.ts';
import { ScriptedEngine, stage } from '../../test/support/scripted-engine.ts';
import type { ClientEffect, ClientInput } from '../protocol/client-io.ts';
import { Calendar } from './calendar.ts';
import { Connections } from './connections.ts';
import { Events } from './events.ts';
import { LineLog } from './log.ts';
import { type ConnectionSettings, readSettings } from './settings.ts';

type Fields = Record<string, object>;

function settingsOf(connections: Fields): ReadonlyMap<string, ConnectionSettings> {
  const basic = { servers: ['lns'], username: 'alice', password: 's3cret', tunnelSecret: 'tunn3l' };
  const raw = Object.fromEntries(Object.entries(connections).map(([name, fields]) => [name, { ...basic, ...fields }]));
  const reading = readSettings({ connections: raw }, { hostName: 'router' });
  if ('faults' in reading) throw new Error(reading.faults.join('\n'));
  return reading.settings.connections;
}

/** Up at once, down at once. */
const obliging = (input: ClientInput): ClientEffect[] => {
  if (input.type === 'connect') return [stage('up')];
  if (input.type === 'disconnect') return [stage('hanging-up'), { type: 'release' }];
  return input.type === 'released' ? [stage('idle')] : [];
};

function scene(rule = obliging) {
  const host = new FakeHost();
  const calendar = new Calendar(host.clock);
  const events = new Events(calendar);
  const lines: string[] = [];
  const log = new LineLog((line) => lines.push(line), calendar);
  const engines: ScriptedEngine[] = [];
  const makeEngine = () => {
    const engine = new ScriptedEngine(rule);
    engines.push(engine);
    return engine;
  };
  const beforeDial = async () => undefined;
  const connections = new Connections({ host, calendar, events, log, makeEngine, beforeDial });
  return { host, events, lines, engines, connections };
}

describe('new settings', () => {
  it('make connections, and dial the enabled ones', async () => {
    const { connections, engines } = scene();
    const changes = await connections.apply(settingsOf({ wan: {}, spare: { enabled: false } }));
    expect(changes).toEqual({ added: ['wan', 'spare'], changed: [], removed: [] });
    expect(connections.names).toEqual(['wan', 'spare']);
    expect(engines.map(({ heard }) => heard)).toEqual([['connect'], []]);
    expect(connections.status('wan')).toMatchObject({ state: 'up', enabled: true, timesUp: 1 });
    expect(connections.status('spare')).toMatchObject({ state: 'idle', enabled: false });
    expect(connections.status('nope')).toBeUndefined();
  });

  it('touch only what they change', async () => {
    const { connections, engines, host, events } = scene();
    await connections.apply(settingsOf({ one: {}, two: {}, three: {} }));
    const [one] = engines;
    const changes = await connections.apply(settingsOf({ four: {}, one: {}, two: { mtu: 1400 } }));
    expect(changes).toEqual({ added: ['four'], changed: ['two'], removed: ['three'] });
    expect(connections.names).toEqual(['four', 'one', 'two']);
    expect(one?.heard).toEqual(['connect']);
    expect(host.log.filter((entry) => entry.startsWith('down'))).not.toContain('down one');
    expect(engines.map(({ heard }) => heard.join(' '))).toEqual([
      'connect',
      'connect disconnect released',
      'connect disconnect released',
      'connect',
      'connect',
    ]);
    expect(events.list('three')).toEqual([]);
    expect(events.list('two').length).toBeGreaterThan(2);
  });

  it('keep what the user said last, unless they say something new about it', async () => {
    const { connections } = scene();
    await connections.apply(settingsOf({ wan: {}, spare: { enabled: false }, third: {} }));
    connections.get('wan')?.down('asked to');
    connections.get('spare')?.up();
    await settled();
    await connections.apply(
      settingsOf({ wan: { mtu: 1400 }, spare: { enabled: false, mtu: 1400 }, third: { enabled: false } }),
    );
    expect(connections.status('wan')?.enabled).toBe(false);
    expect(connections.status('spare')?.enabled).toBe(true);
    expect(connections.status('third')?.enabled).toBe(false);
  });

  it('may swap the devices of two connections: both are gone before either comes', async () => {
    const { connections, host } = scene((input) =>
      input.type === 'connect'
        ? [{ type: 'prepare', candidate: { name: 'lns', address: '10.5.1.9', port: 1701 }, localPort: 0 }]
        : obliging(input),
    );
    await connections.apply(settingsOf({ one: { device: 'l2w-a' }, two: { device: 'l2w-b' } }));
    await settled();
    host.log.length = 0;
    await connections.apply(settingsOf({ one: { device: 'l2w-b' }, two: { device: 'l2w-a' } }));
    await settled();
    const firstPin = host.log.findIndex((entry) => entry.startsWith('pin'));
    expect(host.log.slice(firstPin).filter((entry) => entry.startsWith('down'))).toEqual([]);
    expect(host.log.filter((entry) => entry.startsWith('pin'))).toHaveLength(2);
  });
});

describe('the end', () => {
  it('comes to all of them at once', async () => {
    const { connections, host } = scene((input) => (input.type === 'connect' ? [stage('up')] : []));
    await connections.apply(settingsOf({ one: {}, two: {}, three: {} }));
    let over = false;
    void connections.stop('SIGTERM').then(() => {
      over = true;
    });
    await host.clock.pass(2900);
    expect(over).toBe(true);
  });

  it('lets nothing begin after it', async () => {
    const { connections, engines } = scene();
    await connections.apply(settingsOf({ one: {} }));
    const applying = connections.apply(settingsOf({ one: { mtu: 1400 }, two: {} }));
    await connections.stop('SIGTERM');
    await applying;
    expect(engines).toHaveLength(1);
  });
});

describe('no secret', () => {
  it('gets into log, events or status, though the server repeats it in everything it says', async () => {
    const hostile = 's3cret and tunn3l \u001b[2J';
    const { connections, events, lines, engines } = scene((input) =>
      input.type === 'connect'
        ? [
            { type: 'event', event: { kind: 'authenticated', method: 'pap', message: hostile } },
            {
              type: 'event',
              event: {
                kind: 'failed',
                stage: 'up',
                failure: { code: 'call-closed', detail: hostile, peer: { message: 'CDN', text: hostile } },
              },
            },
            { type: 'event', event: { kind: 'warning', code: 'unknown-avp', detail: hostile } },
          ]
        : [],
    );
    await connections.apply(settingsOf({ wan: {} }));
    const tunnel = {
      localId: 1,
      peerId: 2,
      peerHostName: hostile,
      peerVendorName: hostile,
      peer: { address: '', port: 1 },
    };
    (engines[0] as ScriptedEngine).snapshotFields = { tunnel, authentication: { method: 'pap', message: hostile } };
    const everything = JSON.stringify([lines, events.list(), connections.status('wan')]);
    expect(everything).toContain('*** and ***');
    expect(everything).not.toMatch(/s3cret|tunn3l|\\u001b/);
  });
});
