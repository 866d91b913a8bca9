import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ControlServer, serveControl } from '../host/node/control-socket.ts';
import type { Serve } from '../ports/control-channel.ts';
import { commandLine, type RunOptions } from './command-line.ts';
import { EXIT } from './exit-code.ts';

let directory: string;
let server: ControlServer | undefined;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'l2tpwan-'));
});
afterEach(async () => {
  await server?.close();
  server = undefined;
  rmSync(directory, { recursive: true });
});

/** Runs a command; a daemon that was to be run is only noted. */
async function command(args: string[], environment: Record<string, string | undefined> = {}, isScreen = false) {
  const printed: string[] = [];
  const complaints: string[] = [];
  const runs: RunOptions[] = [];
  const code = await commandLine(args, {
    terminal: { print: (text) => printed.push(text), complain: (text) => complaints.push(text), isScreen },
    environment,
    run: async (options) => {
      runs.push(options);
      return EXIT.ok;
    },
    testMqtt: async ({ broker }) => ({ ok: false, server: broker.server, steps: [], failure: null }),
  });
  return { code, printed, complaints, runs };
}

function write(text: string | Uint8Array, mode = 0o600): string {
  const path = join(directory, 'wan.json');
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const GOOD = '{"connections":{"wan":{"servers":["lns"],"username":"alice","password":"s3cret"}}}';

describe('check', () => {
  it('of a good file', async () => {
    const path = write(GOOD);
    expect(await command(['check', path])).toMatchObject({
      code: 0,
      printed: [`${path}: all right (wan)`],
      complaints: [],
    });
  });

  it('of a wrong one: one line a fault, and exit status 78', async () => {
    const path = write('{"connections":{"wan":{"servers":[],"username":"alice","pasword":"s3cret"}}}');
    expect(await command(['check', path])).toMatchObject({
      code: 78,
      printed: [],
      complaints: [
        `${path}: connections.wan.servers: found an empty list, allowed: a list of servers, at least 1`,
        `${path}: connections.wan.password: missing, allowed: text of 0 to 255 octets`,
        `${path}: connections.wan.pasword: unknown field, did you mean "password"?`,
      ],
    });
  });

  it('of one that others can read', async () => {
    const path = write(GOOD, 0o644);
    const { code, complaints } = await command(['check', path]);
    expect(code).toBe(0);
    expect(complaints).toEqual([
      `warning: ${path}: everybody on this machine can read it, and the passwords in it: chmod 600 it`,
    ]);
  });

  it.each<[string, () => string, string]>([
    ['of nothing', () => join(directory, 'none.json'), 'there is no such file'],
    ['of a directory', () => directory, 'it is a directory'],
    ['of no text', () => write(Uint8Array.of(0x22, 0xff, 0x22)), 'it is not UTF-8 text'],
    [
      'of no JSON',
      () => write('{"password": "s3cret}'),
      'line 1, column 14: the quotes that open here are never closed',
    ],
  ])('%s', async (_, path, words) => {
    const file = path();
    expect(await command(['check', file])).toMatchObject({ code: 78, complaints: [`${file}: ${words}`] });
  });
});

describe('run', () => {
  it('reads its file whenever it is asked', async () => {
    const path = write(GOOD);
    const { runs } = await command(['run', '-c', path, '--run-dir', directory]);
    expect(runs[0]?.runDir).toBe(directory);
    expect(await runs[0]?.read()).toHaveProperty('settings');
    write('[');
    expect(await runs[0]?.read()).toEqual({
      faults: [`${path}: line 1, column 2: the text ends where a value should be`],
    });
  });

  it('takes a password from the environment, and out of it', async () => {
    const environment: Record<string, string | undefined> = { L2TPWAN_PASSWORD: 's3cret', PATH: '/bin' };
    const { runs } = await command(['run', '--server', 'lns', '--user', 'alice'], environment);
    const reading = await runs[0]?.read();
    if (reading === undefined || !('settings' in reading)) throw new Error(JSON.stringify(reading));
    expect(reading.settings.connections.get('wan')?.client.link.password).toBe('s3cret');
    expect(environment).toEqual({ PATH: '/bin' });
  });

  it('takes a password from a file, without the end of its line', async () => {
    const path = write(' s3cret \n');
    const { runs } = await command(['run', '--server', 'lns', '--user', 'alice', '--password-file', path]);
    const reading = await runs[0]?.read();
    if (reading === undefined || !('settings' in reading)) throw new Error(JSON.stringify(reading));
    expect(reading.settings.connections.get('wan')?.client.link.password).toBe(' s3cret ');
    expect(await command(['run', '--server', 'lns', '--password-file', '/none'])).toMatchObject({
      code: 64,
      complaints: ['run: /none: there is no such file\n(l2tpwan help shows all commands)'],
    });
  });
});

describe('a question to the daemon', () => {
  const serve = async (answer: Serve) => {
    server = await serveControl(join(directory, 'control.sock'), answer);
  };
  const saying =
    (...answers: object[]): Serve =>
    (_, reply) => {
      for (const answer of answers) reply.write(JSON.stringify(answer));
      reply.end();
      return () => undefined;
    };
  const ask = (...args: string[]) => command([...args, '--run-dir', directory]);

  it('is asked and its answer shown as it is', async () => {
    const asked: unknown[] = [];
    await serve((request, reply) => {
      asked.push(JSON.parse(request));
      return saying({ text: 'wan: up' })(request, reply);
    });
    expect(await ask('status', 'wan')).toMatchObject({ code: 0, printed: ['wan: up'], complaints: [] });
    expect(asked).toEqual([{ method: 'status', name: 'wan', watch: false, format: 'text', colour: false }]);
  });

  it('is answered in JSON: whole for one answer, a line for each of many', async () => {
    await serve(saying({ data: { connections: {} } }));
    expect((await ask('status', '--json')).printed).toEqual(['{\n  "connections": {}\n}']);
    expect((await ask('events', '--json')).printed).toEqual(['{"connections":{}}']);
  });

  it.each([
    ['no-such-connection', 64],
    ['bad-request', 64],
    ['wrong-configuration', 78],
    ['internal', 70],
  ])('%s ends with exit status %i', async (error, code) => {
    await serve(saying({ error, words: 'because' }));
    expect(await ask('up', 'wan')).toMatchObject({ code, printed: [], complaints: ['because'] });
  });

  it('finds no daemon', async () => {
    expect(await ask('status')).toMatchObject({
      code: 69,
      complaints: [`no daemon is running at ${join(directory, 'control.sock')} (another one is found with --run-dir)`],
    });
  });

  it('that tries MQTT out ends with a status that tells the outcome', async () => {
    await serve(saying({ text: 'failed: nobody answers', failed: true }));
    expect(await ask('mqtt', 'test')).toMatchObject({ code: 69, printed: ['failed: nobody answers'] });
  });

  it('that tries MQTT out for programs does so, too', async () => {
    await serve(saying({ data: { ok: false } }));
    expect((await ask('mqtt', 'test', '--json')).code).toBe(69);
  });

  it('that is watched on a screen clears it each time', async () => {
    await serve(saying({ text: 'a' }, { text: 'b' }));
    const { printed } = await command(['status', '--watch', '--run-dir', directory], {}, true);
    expect(printed).toEqual(['\u001b[H\u001b[2Ja', '\u001b[H\u001b[2Jb']);
  });
});

describe('help and version', () => {
  it('fit a terminal', async () => {
    const { printed } = await command(['help']);
    for (const line of String(printed[0]).split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    expect(await command(['version'])).toMatchObject({
      code: 0,
      printed: [expect.stringMatching(/^l2tpwan \d+\.\d+\.\d+$/)],
    });
    expect((await command(['nonsense'])).code).toBe(64);
  });
});

describe('mqtt test', () => {
  it('of a file, without a daemon', async () => {
    const path = write(GOOD);
    expect(await command(['mqtt', 'test', '-c', path])).toMatchObject({
      code: 69,
      printed: ['failed: it is not known why'],
      complaints: [],
    });
    const { printed } = await command(['mqtt', 'test', '--json', '-c', path]);
    expect(JSON.parse(String(printed[0]))).toEqual({
      ok: false,
      server: 'mqtt://localhost:1883',
      steps: [],
      failure: null,
    });
  });

  it.each([
    ['a wrong file', '{"connections":{},"mqtt":{"interval":0}}'],
    ['one whose MQTT is left out', '{"connections":{},"netifd":true,"mqtt":{"interval":0}}'],
  ])('of %s', async (_, text) => {
    const { code, printed, complaints } = await command(['mqtt', 'test', '-c', write(text)]);
    expect({ code, printed }).toEqual({ code: 78, printed: [] });
    expect(complaints.join()).toContain('mqtt.interval: found 0');
  });
});
