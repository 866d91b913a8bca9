import { describe, expect, it } from 'vitest';
import { FakeHost, settled } from '../../test/support/fake-host.ts';
import { ScriptedEngine } from '../../test/support/scripted-engine.ts';
import { HostError } from '../ports/host-error.ts';
import type { FarewellRecord } from '../protocol/l2tp/farewell.ts';
import { Calendar } from './calendar.ts';
import { Daemon } from './daemon.ts';
import { LineLog } from './log.ts';
import { readSettings } from './settings.ts';

const farewell: FarewellRecord = {
  ...{ local: { address: '192.0.2.2', port: 1701 }, peer: { address: '10.5.1.9', port: 1701 }, uplink: 'eth0' },
  ...{ localTunnelId: 1, peerTunnelId: 2, localSessionId: 3, peerSessionId: 4, ns: 5, nr: 6 },
};
const CANDIDATE = { name: 'lns', address: '10.5.1.7', port: 1701 };
const BRIEFLY = 'pin 10.5.1.9 over eth0 for a moment';
const noAddress = () => {
  throw new HostError('no-route', 'the uplink eth0 has no address to reach 10.5.1.9 from');
};

/** A daemon whose one connection dials as soon as it may, from port 1701. */
function begin(left: Partial<FarewellRecord> = {}, hooks: Record<string, () => void> = {}) {
  const host = new FakeHost();
  host.left = [{ name: 'wan', farewell: { ...farewell, ...left } }];
  for (const [entry, hook] of Object.entries(hooks)) host.hooks.set(entry, hook);
  const lines: string[] = [];
  const log = new LineLog((line) => lines.push(line), new Calendar(host.clock));
  const connections = { wan: { servers: ['10.5.1.7'], username: 'alice', password: 's3cret' } };
  const surroundings = { hostName: 'router' };
  const reading = readSettings({ connections }, surroundings);
  if ('faults' in reading) throw new Error(reading.faults.join('\n'));
  const makeEngine = () =>
    new ScriptedEngine((input) =>
      input.type === 'connect' ? [{ type: 'prepare', candidate: CANDIDATE, localPort: 1701 }] : [],
    );
  const daemon = new Daemon({ host, log, version: '1.2.3', read: async () => reading, surroundings, makeEngine });
  void daemon.start(reading.settings);
  /** Lines of the log about the server of the earlier run. */
  const said = () => lines.filter((line) => line.includes('of an earlier run'));
  return { host, daemon, said };
}

describe('the farewell of an earlier run', () => {
  it('is said before the first dial, with nothing native where nothing is marked', async () => {
    const { host, said } = begin();
    await host.clock.pass(3000);
    expect(host.log).toEqual([
      ...['recover', BRIEFLY, 'socket 192.0.2.2:1701', 'close socket 1701', 'unpin 10.5.1.9'],
      ...['pin wan 10.5.1.7', 'socket 192.0.2.2:1701'],
    ]);
    expect(host.choices).toEqual(['tun', 'auto']);
    expect(host.sockets[0]).toMatchObject({ mark: undefined });
    expect(said()).toEqual([expect.stringContaining('did not answer our hanging up')]);
  });

  it('goes the way of the tunnel, and is marked as the tunnel was', async () => {
    const { host } = begin({ mark: 7 });
    await host.clock.pass(3000);
    expect(host.log.slice(1, 3)).toEqual([`${BRIEFLY}, mark 7`, 'socket 192.0.2.2:1701']);
    expect(host.choices[0]).toBe('auto');
    expect(host.sockets[0]?.mark).toBe(7);
    expect(host.sockets[0]?.sent).not.toEqual([]);
  });

  it('that cannot be sent yet is said once there is a way to the server, before the dial', async () => {
    let hasAddress = false;
    const uplink = () => {
      if (!hasAddress) noAddress();
    };
    const { host, daemon, said } = begin({}, { [BRIEFLY]: uplink, 'pin wan 10.5.1.7': uplink });
    await host.clock.pass(30_000);
    expect(host.sockets).toEqual([]);
    expect(said()).toEqual([expect.stringMatching(/cannot be told yet.*before its next dial.*has no address/)]);
    hasAddress = true;
    host.log.length = 0;
    daemon.connection('wan')?.up();
    await host.clock.pass(3000);
    expect(host.log).toEqual([
      ...['pin wan 10.5.1.7', BRIEFLY, 'socket 192.0.2.2:1701', 'close socket 1701', 'unpin 10.5.1.9'],
      'socket 192.0.2.2:1701',
    ]);
    expect(said()).toHaveLength(2);
    host.log.length = 0;
    daemon.connection('wan')?.up();
    await settled();
    expect(host.log[0]).toBe('pin wan 10.5.1.7');
    expect(host.log).not.toContain(BRIEFLY);
  });

  it('that cannot be sent then either is given up, and nothing is in the way of the dial', async () => {
    const { host, said } = begin({}, { [BRIEFLY]: noAddress });
    await host.clock.pass(3000);
    expect(host.log).toEqual(['recover', BRIEFLY, 'pin wan 10.5.1.7', BRIEFLY, 'socket 192.0.2.2:1701']);
    expect(said()).toEqual([
      expect.stringContaining('cannot be told yet'),
      expect.stringContaining('could not be told that we hang up: the uplink eth0 has no address'),
    ]);
  });

  it('that meets a mistake of ours is given up, and stops nothing', async () => {
    const oops = () => {
      throw new TypeError('oops');
    };
    const { host, said } = begin({}, { [BRIEFLY]: oops });
    await host.clock.pass(3000);
    expect(host.log).toEqual(['recover', BRIEFLY, 'pin wan 10.5.1.7', 'socket 192.0.2.2:1701']);
    expect(said()).toEqual([]);
  });
});
