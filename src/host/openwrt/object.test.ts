import { describe, expect, it } from 'vitest';
import { FakeHost, settled } from '../../../test/support/fake-host.ts';
import { FakeNetifd } from '../../../test/support/fake-netifd.ts';
import { ScriptedEngine, stage } from '../../../test/support/scripted-engine.ts';
import { Calendar } from '../../daemon/calendar.ts';
import { controlOf } from '../../daemon/control.ts';
import { Daemon } from '../../daemon/daemon.ts';
import { LineLog } from '../../daemon/log.ts';
import { readSettings } from '../../daemon/settings.ts';
import { OwnerRefused } from '../../ports/interface-owner.ts';
import type { ClientEffect } from '../../protocol/client-io.ts';
import { publishObject } from './object.ts';
import { METHOD } from './object-table.ts';
import type { Table } from './ubus/blobmsg.ts';

const failed: ClientEffect = {
  type: 'event',
  event: { kind: 'failed', stage: 'tunnel', failure: { code: 'no-answer', detail: 'nobody' } },
};

async function scene() {
  const host = new FakeHost();
  const bus = new FakeNetifd();
  const calendar = new Calendar(host.clock);
  const engine = new ScriptedEngine((input) => (input.type === 'connect' ? [stage('up')] : []));
  const connections = { wan: { servers: ['lns'], username: 'alice', password: 's3cret' } };
  const reading = readSettings({ connections }, { hostName: 'router' });
  if ('faults' in reading) throw new Error(reading.faults.join());
  const daemon = new Daemon({
    host,
    log: new LineLog(() => undefined, calendar),
    version: '1.2.3',
    surroundings: { hostName: 'router' },
    about: { runtime: 'node v20' },
    read: async () => ({ faults: ['line 1: wrong'] }),
    makeEngine: () => engine,
  });
  const asked: string[] = [];
  const take = async (what: string, name: string, netifd?: boolean): Promise<void> => {
    asked.push(`${what} ${name} ${netifd}`);
    if (name === 'stranger') throw new OwnerRefused('no-such-interface', 'there is no interface stranger');
  };
  const end = publishObject({
    bus,
    clock: host.clock,
    serve: controlOf(daemon, host.clock),
    interfaces: {
      connect: (name, netifd) => take('connect', name, netifd),
      disconnect: (name, netifd) => take('disconnect', name, netifd),
    },
  });
  await daemon.start(reading.settings);
  const object = bus.published.get('l2tpwan');
  const call = async (method: string, args: Table = {}) => object?.methods[method]?.answer(args);
  const notified = (kind: string) => bus.notified.filter(({ method }) => method === kind).map(({ data }) => data);
  return { host, bus, daemon, engine, asked, call, notified, object, end };
}

describe('the object l2tpwan', () => {
  it('announces what each method takes', async () => {
    const { object } = await scene();
    const announced = Object.entries(object?.methods ?? {}).map(([name, { args }]) => [name, args]);
    expect(Object.fromEntries(announced)).toMatchObject({
      status: { interface: 'string', format: 'string', colour: 'bool' },
      connect: { interface: 'string', netifd: 'bool' },
      events: { interface: 'string', limit: 'int32' },
      reload: {},
    });
    expect(Object.keys(object?.methods ?? {})).toEqual(Object.keys(METHOD));
  });

  it('answers as the control socket does', async () => {
    const { call, daemon } = await scene();
    expect(await call('status')).toEqual(daemon.status);
    expect(await call('status', { interface: 'wan', ubus_rpc_session: '0123' })).toEqual(daemon.status);
    expect(await call('status', { format: 'text' })).toEqual({ text: expect.stringMatching(/^wan: up/) });
    expect(await call('status', { format: 'text', colour: true })).toEqual({
      text: expect.stringContaining('\u001b['),
    });
    expect(await call('events', { limit: 1 })).toEqual({ events: [expect.objectContaining({ connection: 'wan' })] });
    expect(await call('events', { format: 'text' })).toEqual({ text: expect.stringContaining('wan: up') });
    expect(await call('negotiated', { interface: 'wan' })).toMatchObject({ name: 'wan', negotiated: null });
    expect(await call('info')).toMatchObject({ version: '1.2.3', runtime: 'node v20', connections: ['wan'] });
    expect(await call('redial', { interface: 'wan' })).toEqual({ name: 'wan', enabled: true });
  });

  it('hands up and down to whoever decides', async () => {
    const { call, asked } = await scene();
    expect(await call('connect', { interface: 'campus' })).toEqual({});
    expect(await call('disconnect', { interface: 'campus', netifd: true })).toEqual({});
    expect(asked).toEqual(['connect campus undefined', 'disconnect campus true']);
  });

  it.each<[string, Table, string, string]>([
    ['status', { interface: 7 }, 'invalidArgument', 'argument interface: the name of an interface'],
    ['status', { interface: '' }, 'invalidArgument', 'argument interface: the name of an interface'],
    ['status', { format: 'xml' }, 'invalidArgument', 'argument format: text or json'],
    ['status', { colour: 'yes' }, 'invalidArgument', 'argument colour: true or false'],
    ['status', { interfaces: 'wan' }, 'invalidArgument', 'unknown argument interfaces'],
    ['events', { limit: 0 }, 'invalidArgument', 'argument limit: at least 1'],
    ['events', { limit: 1.5 }, 'invalidArgument', 'argument limit: how many'],
    ['connect', {}, 'invalidArgument', 'argument interface: the name of an interface'],
    ['connect', { interface: 'stranger' }, 'notFound', 'there is no interface stranger'],
    ['status', { interface: 'nope' }, 'notFound', 'no connection is called "nope": there is wan'],
    ['reload', {}, 'invalidArgument', 'line 1: wrong'],
  ])('refuses %s %j', async (method, args, status, message) => {
    const { call } = await scene();
    await expect(call(method, args)).rejects.toMatchObject({ name: 'UbusError', status, message });
  });
});

describe('subscribers', () => {
  it('hear of states and failures as they happen', async () => {
    const { notified, engine, daemon } = await scene();
    engine.rule = () => [failed, stage('waiting')];
    daemon.connection('wan')?.redial('x');
    expect(notified('state')).toEqual([
      expect.objectContaining({ interface: 'wan', state: 'up' }),
      expect.objectContaining({ interface: 'wan', state: 'waiting' }),
      expect.objectContaining({ interface: 'wan', state: 'waiting' }),
    ]);
    expect(notified('failure')[0]).toMatchObject({
      interface: 'wan',
      code: 'no-answer',
      detail: 'nobody',
      stage: 'tunnel',
    });
  });

  it('hear of traffic, which is counted for them alone', async () => {
    const { notified, engine, host, object } = await scene();
    engine.snapshotFields = {
      counters: { sentPackets: 1, sentOctets: 2, receivedPackets: 3, receivedOctets: 4 } as never,
    };
    await host.clock.pass(5000);
    expect(notified('traffic')).toEqual([]);
    object?.watched?.(true);
    await host.clock.pass(2500);
    expect(notified('traffic')).toHaveLength(3);
    expect(notified('traffic')[0]).toMatchObject({ interface: 'wan', sentOctets: 2, receivedOctets: 4 });
    object?.watched?.(false);
    await host.clock.pass(5000);
    expect(notified('traffic')).toHaveLength(3);
  });

  it('hear nothing more at the end', async () => {
    const { bus, daemon, end, object } = await scene();
    object?.watched?.(true);
    end();
    bus.notified.length = 0;
    daemon.connection('wan')?.up();
    await settled();
    expect(bus.notified).toEqual([]);
  });
});
