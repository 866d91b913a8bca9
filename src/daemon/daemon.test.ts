import { describe, expect, it } from 'vitest';
import { FakeHost, settled } from '../../test/support/fake-host.ts';
import { ScriptedEngine } from '../../test/support/scripted-engine.ts';
import { Calendar } from './calendar.ts';
import { Daemon } from './daemon.ts';
import { LineLog } from './log.ts';
import { readSettings } from './settings.ts';

const settingsOf = (...names: string[]) => {
  const connection = { servers: ['192.0.2.72'], username: 'alice', password: 's3cret' };
  const connections = Object.fromEntries(names.map((name) => [name, connection]));
  const reading = readSettings({ connections }, { hostName: 'router' });
  if ('faults' in reading) throw new Error(reading.faults.join('\n'));
  return reading;
};

describe('a reload', () => {
  it('in the middle of the start waits for its end, and has the last word', async () => {
    const host = new FakeHost();
    let finish: () => void = () => undefined;
    host.hooks.set('recover', () => new Promise<void>((resolve) => (finish = resolve)));
    const daemon = new Daemon({
      host,
      log: new LineLog(() => undefined, new Calendar(host.clock)),
      version: '1.2.3',
      surroundings: { hostName: 'router' },
      read: async () => settingsOf('new'),
      makeEngine: () => new ScriptedEngine(() => []),
    });
    const started = daemon.start(settingsOf('old').settings);
    const reloaded = daemon.reload();
    await settled();
    expect(daemon.names).toEqual([]); // nothing is dialled before the old tunnels are hung up
    finish();
    await started;
    expect(await reloaded).toEqual({ changes: { added: ['new'], changed: [], removed: ['old'] } });
    expect(daemon.names).toEqual(['new']);
  });
});
