import { describe, expect, it } from 'vitest';
import { readArguments, UsageError } from './arguments.ts';

const read = (line: string, environment: Record<string, string> = {}) =>
  readArguments(
    line.split(' ').filter((word) => word !== ''),
    environment,
  );

const runDir = '/var/run/l2tpwan';
const asked = (request: object) => ({ command: 'ask', runDir, request });

describe('a command line', () => {
  it.each<[string, object]>([
    ['', { command: 'help' }],
    ['help', { command: 'help' }],
    ['status --help', { command: 'help' }],
    ['version', { command: 'version' }],
    ['--version', { command: 'version' }],
    ['check wan.json', { command: 'check', file: 'wan.json' }],
    ['check -c wan.json', { command: 'check', file: 'wan.json' }],
    ['run -c wan.json', { command: 'run', runDir, file: 'wan.json' }],
    ['run --config wan.json --run-dir /run/x', { command: 'run', runDir: '/run/x', file: 'wan.json' }],
    ['status', asked({ method: 'status', watch: false, format: 'text' })],
    ['status wan --json', asked({ method: 'status', watch: false, format: 'json', name: 'wan' })],
    ['status --watch', asked({ method: 'status', watch: true, format: 'text' })],
    ['events wan -f', asked({ method: 'events', follow: true, format: 'text', name: 'wan' })],
    ['events -n 5', asked({ method: 'events', follow: false, limit: 5, format: 'text' })],
    ['negotiated wan --json', asked({ method: 'negotiated', name: 'wan', format: 'json' })],
    ['info', asked({ method: 'info', format: 'text' })],
    ['up wan', asked({ method: 'up', name: 'wan', format: 'text' })],
    ['down wan', asked({ method: 'down', name: 'wan', format: 'text' })],
    ['redial wan', asked({ method: 'redial', name: 'wan', format: 'text' })],
    ['reload', asked({ method: 'reload', format: 'text' })],
    ['mqtt test', asked({ method: 'mqtt-test', format: 'text' })],
    ['mqtt test --json', asked({ method: 'mqtt-test', format: 'json' })],
    ['mqtt test -c wan.json', { command: 'mqtt-test', file: 'wan.json', json: false }],
  ])('%j', (line, command) => expect(read(line)).toEqual(command));

  it('finds the run directory in the environment, if it is not told', () => {
    const environment = { L2TPWAN_RUN_DIR: '/run/other' };
    expect(read('status', environment)).toMatchObject({ runDir: '/run/other' });
    expect(read('status --run-dir /run/x', environment)).toMatchObject({ runDir: '/run/x' });
    expect(read('status', { L2TPWAN_RUN_DIR: '' })).toMatchObject({ runDir });
  });

  it('holds a connection without a file', () => {
    expect(read('run --server lns --server 10.5.1.9 --user alice --mtu 1400 --password-file pw')).toEqual({
      command: 'run',
      runDir,
      options: expect.objectContaining({
        server: ['lns', '10.5.1.9'],
        user: 'alice',
        mtu: '1400',
        'password-file': 'pw',
      }),
    });
  });

  it.each([
    ['statsu', 'unknown command "statsu"'],
    ['toString', 'unknown command "toString"'],
    ['status --jsno', "status: Unknown option '--jsno'"],
    ['status one two', 'status: too many arguments: two'],
    ['mqtt', 'mqtt: the word test is missing'],
    ['mqtt tset', 'mqtt: there is only "mqtt test", not "mqtt tset"'],
    ['up', 'up: the name of a connection is missing'],
    ['check', 'check: the file is missing'],
    ['check -c a.json b.json', 'check: one file at a time'],
    ['run', 'run: a file is missing: run -c FILE'],
    ['run -c a.json --server lns', 'run: either a file, or the options of a connection'],
    [
      'run --server lns --password s3cret',
      'run: everybody can see the command line: use --password-file, or the environment',
    ],
    [
      'run --server lns --tunnel-secret=s3cret',
      'run: everybody can see the command line: use --tunnel-secret-file, or the environment',
    ],
    ['run -c', "run: Option '-c, --config <value>' argument missing"],
  ])('%j is wrong', (line, words) => {
    expect(() => read(line)).toThrow(UsageError);
    expect(() => read(line)).toThrow(words);
    expect(() => read(line)).not.toThrow('s3cret');
  });
});
