import { describe, expect, it } from 'vitest';
import { readSettings } from '../daemon/settings.ts';
import { fieldsAt } from '../daemon/settings-schema.ts';
import { isOneOff, ONE_OFF_OPTIONS, oneOffFile } from './one-off.ts';

const NO_SECRETS = { fromFile: () => 'from a file', fromEnvironment: () => undefined };

describe('a connection of options', () => {
  it('is what a file would hold', () => {
    const values = {
      name: 'campus',
      server: ['lns', '10.5.1.9:1702'],
      user: '12345',
      'password-file': '/pw',
      mtu: '1400',
      'peer-dns': 'false',
      'default-route': 'split',
      echo: '{"interval":1,"failures":2}',
      route: ['10.0.0.0/8'],
      'host-name': '007',
    };
    expect(oneOffFile(values, NO_SECRETS)).toEqual({
      connections: {
        campus: {
          servers: ['lns', '10.5.1.9:1702'],
          username: '12345',
          password: 'from a file',
          mtu: 1400,
          peerDns: false,
          defaultRoute: 'split',
          echo: { interval: 1, failures: 2 },
          routes: ['10.0.0.0/8'],
          hostName: '007',
        },
      },
    });
  });

  it('takes its secrets from the environment', () => {
    const secrets = { ...NO_SECRETS, fromEnvironment: (name: string) => `the value of ${name}` };
    expect(oneOffFile({ server: ['lns'], user: 'alice' }, secrets)).toEqual({
      connections: {
        wan: {
          servers: ['lns'],
          username: 'alice',
          password: 'the value of L2TPWAN_PASSWORD',
          tunnelSecret: 'the value of L2TPWAN_TUNNEL_SECRET',
        },
      },
    });
  });

  it('that is wrong is as wrong as in a file', () => {
    const file = oneOffFile({ server: ['lns'], user: 'alice', mtu: 'big', 'password-file': '/pw' }, NO_SECRETS);
    expect(readSettings(file, { hostName: 'router' })).toEqual({
      faults: ['connections.wan.mtu: found "big", allowed: a whole number of octets from 128 to 9000'],
    });
  });

  it('has an option for every field, and none for a secret', () => {
    const fields = fieldsAt(['connections', 'wan']);
    expect(Object.keys(ONE_OFF_OPTIONS)).toHaveLength(fields.length + 1);
    expect(Object.keys(ONE_OFF_OPTIONS)).not.toContain('password');
    expect(Object.keys(ONE_OFF_OPTIONS)).not.toContain('tunnel-secret');
    expect(isOneOff({ config: 'x', 'run-dir': 'y' })).toBe(false);
    expect(isOneOff({ server: ['lns'] })).toBe(true);
  });
});
