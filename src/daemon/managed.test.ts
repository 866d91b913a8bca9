import { describe, expect, it } from 'vitest';
import { FakeHost, settled } from '../../test/support/fake-host.ts';
import { ScriptedEngine, stage } from '../../test/support/scripted-engine.ts';
import { type InterfaceOwner, OwnerRefused } from '../ports/interface-owner.ts';
import type { ClientEffect, ClientInput } from '../protocol/client-io.ts';
import type { Failure } from '../protocol/failure.ts';
import { Calendar } from './calendar.ts';
import { controlOf } from './control.ts';
import type { Answer, Request } from './control-words.ts';
import { Daemon } from './daemon.ts';
import { LineLog } from './log.ts';
import { readSettings } from './settings.ts';

const LEAST = { servers: ['lns'], username: 'alice', password: 's3cret' };

const read = (names: readonly string[], forAll: object = {}) => {
  const reading = readSettings(
    { netifd: true, connections: Object.fromEntries(names.map((name) => [name, LEAST])), ...forAll },
    { hostName: 'router' },
  );
  if ('faults' in reading) throw new Error(reading.faults.join('\n'));
  return reading;
};

const obliging = (input: ClientInput): ClientEffect[] => {
  if (input.type === 'connect') return [stage('up')];
  if (input.type === 'disconnect') return [stage('hanging-up'), { type: 'release' }];
  return input.type === 'released' ? [stage('idle')] : [];
};

/** A daemon with one connection of the file, `home`, and an owner for all others. */
async function scene(rule = obliging, reread = () => read(['home', 'campus'])) {
  const orders: string[] = [];
  const failures: (readonly [string, Failure])[] = [];
  const refused: Record<string, readonly string[]> = {};
  const take = async (order: string, name: string): Promise<void> => {
    orders.push(`${order} ${name}`);
    if (name === 'nobody') throw new OwnerRefused('no-such-interface', 'there is no interface nobody');
    if (name === 'wrong') throw new OwnerRefused('wrong-settings', 'the settings of interface wrong cannot work');
    if (name === 'later') throw new OwnerRefused('not-there', 'netifd is not there');
  };
  const owner: InterfaceOwner = {
    up: (name) => take('up', name),
    down: (name) => take('down', name),
    names: async () => [],
    failed: (name, failure) => void failures.push([name, failure]),
    refused,
  };
  const host = Object.assign(new FakeHost(), { owner });
  const lines: string[] = [];
  const engines: ScriptedEngine[] = [];
  const daemon = new Daemon({
    host,
    log: new LineLog((line) => lines.push(line), new Calendar(host.clock)),
    version: '1.2.3',
    surroundings: { hostName: 'router' },
    read: async () => reread(),
    makeEngine: () => {
      const engine = new ScriptedEngine(rule);
      engines.push(engine);
      return engine;
    },
  });
  await daemon.start(read(['home']).settings);
  const serve = controlOf(daemon, host.clock);
  const ask = async (request: Request): Promise<Answer[]> => {
    const answers: Answer[] = [];
    serve(JSON.stringify(request), { write: (answer) => answers.push(JSON.parse(answer)), end: () => undefined });
    await settled();
    return answers;
  };
  return { host, daemon, engines, lines, orders, failures, refused, ask };
}

describe('a connection of an owner', () => {
  it('is dialled, hung up and forgotten, beside those of the file', async () => {
    const { daemon, engines, host } = await scene();
    expect(await daemon.connect('campus', LEAST)).toEqual([]);
    expect(daemon.names).toEqual(['home', 'campus']);
    expect(daemon.connectionStatus('campus')).toMatchObject({ state: 'up', enabled: true });
    await daemon.disconnect('campus', 'asked to');
    expect(daemon.connectionStatus('campus')).toMatchObject({ state: 'idle', enabled: false, timesUp: 1 });
    expect(host.log).toContain('down campus');
    await daemon.connect('campus', LEAST);
    expect(daemon.connectionStatus('campus')).toMatchObject({ state: 'up', timesUp: 2 });
    await daemon.forget('campus');
    expect(daemon.names).toEqual(['home']);
    expect(daemon.events.list('campus')).toEqual([]);
    expect(engines[0]?.heard).toEqual(['connect']); // home has noticed nothing
    await daemon.disconnect('stranger', 'x');
    await daemon.forget('stranger');
  });

  it('with the same settings again is left in peace; with others it is made anew', async () => {
    const { daemon, engines } = await scene();
    await daemon.connect('campus', LEAST);
    await daemon.connect('campus', { ...LEAST });
    expect(engines[1]?.heard).toEqual(['connect']);
    await daemon.connect('campus', { ...LEAST, mtu: 1400 });
    expect(engines[1]?.heard).toEqual(['connect', 'disconnect', 'released']);
    expect(engines[2]?.heard).toEqual(['connect']);
  });

  it('that is wrong changes nothing, and says what is wrong without a secret', async () => {
    const { daemon } = await scene();
    expect(
      await daemon.connect('campus', { ...LEAST, mtu: 'abc', redial: { first: 'x' }, password: ['s3cret'] }),
    ).toEqual([
      { field: 'password', words: 'found a list, allowed: text of 0 to 255 octets' },
      { field: 'mtu', words: 'found "abc", allowed: a whole number of octets from 128 to 9000' },
      { field: 'redial.first', words: 'found "x", allowed: seconds from 0.1 to 3600' },
    ]);
    expect(await daemon.connect('campus', 's3cret')).toEqual([
      { field: '', words: expect.not.stringContaining('s3cret') },
    ]);
    expect(await daemon.connect('home', LEAST)).toEqual([
      { field: '', words: 'the configuration file has a connection of this name' },
    ]);
    expect(daemon.names).toEqual(['home']);
  });

  it('has to get along with all others', async () => {
    const { daemon } = await scene();
    await daemon.connect('a', { ...LEAST, device: 'l2w-x', uplink: 'wan', sourcePort: 1701 });
    expect(await daemon.connect('b', { ...LEAST, device: 'l2w-x', uplink: 'lte', sourcePort: 1701 })).toEqual([
      { field: 'device', words: 'found "l2w-x", allowed: a device that connection "a" does not have' },
      {
        field: 'uplink',
        words: 'found "lte", allowed: the uplink over which connection "a" reaches lns too, or another server',
      },
    ]);
    expect(await daemon.connect('c', { ...LEAST, device: 'l2w-home' })).toHaveLength(1);
    expect(await daemon.connect('a', { ...LEAST, device: 'l2w-x' })).toEqual([]); // not with itself
  });

  it('may have a name that no file would have', async () => {
    const { daemon } = await scene();
    for (const name of ['_wan', 'wan.6', '__proto__']) expect(await daemon.connect(name, LEAST)).toEqual([]);
    expect(daemon.names).toEqual(['home', '_wan', 'wan.6', '__proto__']);
  });

  it('outlives a reload, even of a file that names it', async () => {
    const { daemon, engines, lines } = await scene();
    await daemon.connect('campus', LEAST);
    await daemon.reload();
    expect(daemon.names).toEqual(['home', 'campus']);
    expect(engines).toHaveLength(2);
    expect(lines.join('\n')).toContain('campus: the configuration names it, but it is an interface already');
  });

  it('has the data path that holds for all unless it has its own, and is dialled anew when that is another', async () => {
    let forAll: object = { dataPath: 'tun' };
    const { daemon, engines, lines } = await scene(obliging, () => read(['home'], forAll));
    const paths = () => daemon.names.map((name) => `${name} ${daemon.connection(name)?.settings.dataPath}`);
    await daemon.connect('campus', LEAST);
    await daemon.connect('own', { ...LEAST, dataPath: 'tun' });
    await daemon.connect('down', LEAST);
    await daemon.disconnect('down', 'asked to');
    expect(paths()).toEqual(['home auto', 'campus auto', 'own tun', 'down auto']);
    expect(await daemon.reload()).toEqual({ changes: { added: [], changed: ['home', 'campus'], removed: [] } });
    expect(paths()).toEqual(['home tun', 'campus tun', 'own tun', 'down auto']);
    expect(engines.map(({ heard }) => heard.join(' '))).toEqual([
      'connect disconnect released', // home
      'connect disconnect released', // campus
      'connect', // own: what it has is what it had
      'connect disconnect released', // down
      'connect', // home
      'connect', // campus
    ]);
    expect(daemon.connectionStatus('campus')).toMatchObject({ state: 'up', enabled: true });
    expect(daemon.connectionStatus('down')).toMatchObject({ state: 'idle', enabled: false });
    expect(lines.at(-1)).toContain('configuration read again: changed home, campus');
    await daemon.reload();
    expect(engines).toHaveLength(6);
    await daemon.connect('down', LEAST);
    expect(paths()).toContain('down tun');
    forAll = { dataPath: 'kernel' };
    await daemon.forget('campus');
    expect(await daemon.reload()).toMatchObject({ changes: { changed: ['home', 'down'] } });
  });

  it('stays as it is when what holds for all cannot work with it', async () => {
    let forAll = { dataPath: 'tun' };
    const { daemon, engines, lines } = await scene(obliging, () => read([], forAll));
    await daemon.connect('campus', { ...LEAST, mark: 7 });
    expect(await daemon.reload()).toMatchObject({ changes: { changed: [], removed: ['home'] } });
    expect(engines[1]?.heard).toEqual(['connect']);
    expect(daemon.connection('campus')?.settings.dataPath).toBe('auto');
    const complaints = () => lines.filter((line) => /campus: mark: found 7, .*; it stays as it is/.test(line));
    expect(complaints()).toHaveLength(1);
    forAll = { dataPath: 'auto' };
    await daemon.reload();
    await daemon.forget('campus');
    forAll = { dataPath: 'tun' };
    await daemon.reload();
    expect(complaints()).toHaveLength(1); // nobody has it any more
  });

  it('hangs up while another one dials', async () => {
    const { daemon, host } = await scene();
    await daemon.connect('slow', LEAST);
    host.hooks.set('down slow', () => new Promise(() => undefined));
    let isDown = false;
    void daemon.disconnect('slow', 'x').then(() => (isDown = true));
    await daemon.connect('campus', LEAST);
    expect(daemon.connectionStatus('campus')?.state).toBe('up');
    await host.clock.pass(3900);
    expect(isDown).toBe(false);
    await host.clock.pass(200);
    expect(isDown).toBe(true); // netifd would not wait longer
  });

  it('tells its owner of every failure, without secrets', async () => {
    const failed: ClientEffect = {
      type: 'event',
      event: {
        kind: 'failed',
        stage: 'authentication',
        failure: { code: 'auth-rejected', detail: 'no s3cret', peer: { message: 'PAP Nak', text: 's3cret?' } },
      },
    };
    const { daemon, failures } = await scene((input) => (input.type === 'connect' ? [failed] : []));
    await daemon.connect('campus', LEAST);
    expect(failures).toEqual([
      ['campus', { code: 'auth-rejected', detail: 'no ***', peer: { message: 'PAP Nak', text: '***?' } }],
    ]); // and nothing of home
  });

  it.each<[Failure['code'], boolean]>([
    ['no-route', true],
    ['resolve-failed', true],
    ['no-answer', true],
    ['auth-rejected', false],
    ['tunnel-busy', false],
  ])('that waits after %s dials at once when the uplink is back: %s', async (code, hurries) => {
    const failed: ClientEffect = {
      type: 'event',
      event: { kind: 'failed', stage: 'tunnel', failure: { code, detail: '' } },
    };
    const { daemon, engines } = await scene((input) => (input.type === 'connect' ? [failed, stage('waiting')] : []));
    await daemon.connect('campus', LEAST);
    daemon.hurry('campus', 'wan came up');
    daemon.hurry('stranger', 'wan came up');
    daemon.hurry('home', 'wan came up');
    expect(engines[1]?.heard.includes('redial')).toBe(hurries);
    expect(engines[0]?.heard).toEqual(['connect']);
  });

  it('that is up or down is not hurried', async () => {
    const { daemon, engines } = await scene();
    await daemon.connect('campus', LEAST);
    daemon.hurry('campus', 'x');
    await daemon.disconnect('campus', 'x');
    daemon.hurry('campus', 'x');
    expect(engines[1]?.heard).not.toContain('redial');
  });
});

describe('orders', () => {
  it('go to the owner, of unknown names too; those of the file are ours', async () => {
    const { daemon, ask, orders, engines } = await scene();
    await daemon.connect('campus', LEAST);
    expect(await ask({ method: 'down', name: 'campus', format: 'text' })).toEqual([{ text: 'campus: hanging up' }]);
    expect(await ask({ method: 'up', name: 'idle' })).toEqual([{ data: { name: 'idle', enabled: true } }]);
    expect(await ask({ method: 'down', name: 'home' })).toEqual([{ data: { name: 'home', enabled: false } }]);
    expect(orders).toEqual(['down campus', 'up idle']);
    expect(engines[1]?.heard).toEqual(['connect']);
  });

  it('to redial are ours while the owner wants the connection up', async () => {
    const { daemon, ask, orders, engines } = await scene();
    await daemon.connect('campus', LEAST);
    await ask({ method: 'redial', name: 'campus' });
    expect(engines[1]?.heard).toEqual(['connect', 'redial', 'connect']);
    await daemon.disconnect('campus', 'x');
    await ask({ method: 'redial', name: 'campus' });
    expect(orders).toEqual(['up campus']);
  });

  it('that the owner refuses are refused in its words', async () => {
    const { ask } = await scene();
    expect(await ask({ method: 'up', name: 'nobody' })).toEqual([
      { error: 'no-such-connection', words: 'there is no interface nobody' },
    ]);
    expect(await ask({ method: 'up', name: 'wrong' })).toEqual([
      { error: 'wrong-configuration', words: 'the settings of interface wrong cannot work' },
    ]);
    expect(await ask({ method: 'down', name: 'later' })).toEqual([{ error: 'refused', words: 'netifd is not there' }]);
  });
});

describe('an interface whose settings cannot work', () => {
  it('is in the status, with what is wrong', async () => {
    const { ask, refused } = await scene();
    const faults = ['option mtu: found "abc", allowed: a whole number of octets from 128 to 9000', 'option x: unknown'];
    Object.assign(refused, { campus: faults });
    expect(await ask({ method: 'status' })).toEqual([
      { data: expect.objectContaining({ connections: { home: expect.anything() }, refused: { campus: faults } }) },
    ]);
    expect(await ask({ method: 'status', name: 'campus' })).toEqual([
      { data: expect.objectContaining({ connections: {}, refused: { campus: faults } }) },
    ]);
    expect(await ask({ method: 'status', name: 'home' })).toEqual([{ data: expect.objectContaining({ refused: {} }) }]);
    expect(await ask({ method: 'status', name: 'campus', format: 'text' })).toEqual([
      { text: ['campus: wrong settings', ...faults].join('\n  ') },
    ]);
    expect(await ask({ method: 'negotiated', name: 'campus' })).toEqual([
      { error: 'wrong-configuration', words: 'campus: wrong settings, so nothing is negotiated' },
    ]);
    expect(await ask({ method: 'status', name: 'stranger' })).toEqual([
      { error: 'no-such-connection', words: 'no connection is called "stranger": there is home, campus' },
    ]);
  });
});

describe('what can be asked besides', () => {
  it('is what was negotiated', async () => {
    const { ask, engines } = await scene();
    expect(await ask({ method: 'negotiated', name: 'home', format: 'text' })).toEqual([
      { text: 'home: nothing is agreed on yet' },
    ]);
    const lcp = { ours: ['mru 1460'], theirs: ['mru 1500'] };
    const none = { ours: [], theirs: [] };
    Object.assign(engines[0]?.snapshotFields ?? {}, { negotiated: { lcp, ipcp: none, ipv6cp: none }, mtu: 1460 });
    expect(await ask({ method: 'negotiated', name: 'home' })).toEqual([
      { data: expect.objectContaining({ name: 'home', negotiated: expect.objectContaining({ lcp }), mtu: 1460 }) },
    ]);
    const [said] = (await ask({ method: 'negotiated', name: 'home', format: 'text' })) as [{ text: string }];
    expect(said.text).toMatch(/^options +LCP: ours mru 1460; theirs mru 1500\nmtu +1460$/);
    expect(await ask({ method: 'negotiated', name: 'stranger' })).toEqual([
      { error: 'no-such-connection', words: expect.stringContaining('stranger') },
    ]);
  });

  it('is who we are, and the last of the events', async () => {
    const { daemon, ask } = await scene();
    expect(await ask({ method: 'info' })).toEqual([
      { data: expect.objectContaining({ version: '1.2.3', connections: ['home'] }) },
    ]);
    expect(await ask({ method: 'info', format: 'text' })).toEqual([
      { text: expect.stringMatching(/^l2tpwan 1\.2\.3, .*\n +connections +home$/) },
    ]);
    daemon.connection('home')?.down('x');
    await settled();
    expect(await ask({ method: 'events', limit: 2 })).toHaveLength(2);
    expect(await ask({ method: 'events', limit: 0 })).toEqual([
      { error: 'bad-request', words: expect.stringContaining('limit') },
    ]);
  });
});
