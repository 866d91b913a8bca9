/** The command l2tpwan of a router: asks over ubus, prints what it is told, starts no Node.js for it. */
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FILES, Userland } from './userland.ts';

const COMMAND = join(FILES, 'usr/bin/l2tpwan');

describe('the command', () => {
  let router: Userland;
  const lib = () => router.path('lib');
  const run = (...words: string[]) => router.run([COMMAND, ...words], { L2TPWAN_LIB: lib(), TERM: 'xterm' });
  const asked = () =>
    existsSync(router.path('asked')) ? readFileSync(router.path('asked'), 'utf8').trim().split('\n') : [];
  /** ubus answers so. */
  const daemonSays = (answer: string, status = 0) => {
    writeFileSync(router.path('answer'), answer);
    router.program(
      'ubus',
      `case "$1" in list) [ -e ${router.path('daemon')} ] || exit 4; exit 0;; esac
       echo "$*" >>${router.path('asked')}; cat ${router.path('answer')}; exit ${status}`,
    );
  };

  beforeEach(() => {
    router = new Userland();
    cpSync(join(FILES, 'usr/lib/l2tpwan'), lib(), { recursive: true });
    writeFileSync(join(lib(), 'version'), '1.2.3\n');
    mkdirSync(join(lib(), 'runtime'));
    router.script('lib/runtime/node', 'case $1 in --version) echo v24.1.0;; *) echo "node $*";; esac');
    router.program('uci', 'exit 1');
    writeFileSync(router.path('daemon'), '');
    daemonSays('{"text":"wan: up"}\n');
  });
  afterEach(() => router.remove());

  it.each([
    ['status', [], 'call l2tpwan status {"format":"text"}'],
    ['status', ['wan'], 'call l2tpwan status {"interface":"wan","format":"text"}'],
    ['status', ['wan', '--json'], 'call l2tpwan status {"interface":"wan","format":"json"}'],
    ['events', ['--limit', '5', 'wan'], 'call l2tpwan events {"interface":"wan","limit":5,"format":"text"}'],
    ['events', ['-n', '5'], 'call l2tpwan events {"limit":5,"format":"text"}'],
    ['events', ['--limit=7'], 'call l2tpwan events {"limit":7,"format":"text"}'],
    ['negotiated', ['wan'], 'call l2tpwan negotiated {"interface":"wan","format":"text"}'],
    ['info', [], 'call l2tpwan info {"format":"text"}'],
    ['up', ['wan'], 'call l2tpwan connect {"interface":"wan"}'],
    ['down', ['wan'], 'call l2tpwan disconnect {"interface":"wan"}'],
    ['redial', ['wan'], 'call l2tpwan redial {"interface":"wan"}'],
    ['reload', [], 'call l2tpwan reload {}'],
  ])('%s %j asks the daemon', (verb, words, call) => {
    const { status, stderr } = run(verb, ...words);
    expect({ status, stderr, asked: asked() }).toEqual({ status: 0, stderr: '', asked: [`-S -t 10 ${call}`] });
  });

  it('tries MQTT out, with more patience, and a status that tells the outcome', () => {
    daemonSays('{"text":"ok     load\\nmqtt://broker: all right"}\n');
    expect(run('mqtt', 'test')).toMatchObject({ status: 0, stdout: 'ok     load\nmqtt://broker: all right\n' });
    expect(asked()).toEqual(['-S -t 60 call l2tpwan mqtt_test {"format":"text"}']);
    daemonSays('{"text":"FAILED connect\\nfailed: nobody answers"}\n');
    expect(run('mqtt', 'test')).toMatchObject({ status: 69, stdout: 'FAILED connect\nfailed: nobody answers\n' });
    daemonSays('{"ok":false,"steps":[]}\n');
    expect(run('mqtt', 'test', '--json')).toMatchObject({ status: 69, stdout: '{"ok":false,"steps":[]}\n' });
  });

  it.each([[['mqtt']], [['mqtt', 'tset']], [['mqtt', 'test', '-c', '/etc/wan.json']]])(
    'leaves %j to the bundle',
    (words) => {
      expect(run(...words).stdout).toContain(words.join(' '));
      expect(asked()).toEqual([]);
    },
  );

  it('prints the text with everything that JSON hides in it, jsonfilter or not', () => {
    const text = 'wan: "up"\n  back\\slash \\n, \u001b[32mgreen\u001b[0m, a/b, 中文\ttab';
    daemonSays(`{"text":${JSON.stringify(text).replace('a/b', 'a\\/b')}}\n`);
    expect(run('status').stdout).toBe(`${text}\n`);
    router.program('jsonfilter', 'echo "$*"; cat >/dev/null');
    expect(run('status').stdout).toBe('-e @.text\n');
  });

  it('prints JSON as it came', () => {
    daemonSays('{"connections":{}}\n');
    expect(run('status', '--json').stdout).toBe('{"connections":{}}\n');
  });

  it('says what was ordered', () => {
    expect(run('up', 'wan').stdout).toBe('wan: dialling\n');
    expect(run('down', 'wan').stdout).toBe('wan: hanging up\n');
    expect(run('redial', 'wan').stdout).toBe('wan: dialling anew\n');
  });

  it.each([
    [['status', '--nonsense'], 'status: unknown option --nonsense'],
    [['up'], 'up: the name of a connection is missing'],
    [['up', 'wan', '--json'], 'up: unknown option --json'],
    [['up', 'a', 'b'], 'up: too many arguments: b'],
    [['reload', 'wan'], 'reload: too many arguments: wan'],
    [['status', 'w"n'], 'status: "w"n" is no name of a connection'],
    [['events', '--limit', '0'], 'events: --limit takes a number, not "0"'],
    [['events', '--limit'], 'events: --limit takes a number'],
  ])('%j is a wrong command line', (words, complaint) => {
    const { status, stderr } = run(...words);
    expect({ status, stderr, asked: asked() }).toEqual({
      status: 64,
      stderr: `l2tpwan: ${complaint}\nl2tpwan: (l2tpwan help shows all commands)\n`,
      asked: [],
    });
  });

  it.each([
    ['not found, and there is a daemon', 4, true, 64, 'no connection is called "wan"'],
    ['not found, and there is none', 4, false, 69, 'the daemon is not running'],
    ['invalid argument', 2, true, 64, 'the daemon does not take this'],
    ['permission denied', 6, true, 77, 'no permission'],
    ['timeout', 7, true, 69, 'does not answer'],
    ['no ubus', 255, false, 69, 'there is no ubus here'],
    ['unknown error', 9, true, 70, 'cannot do this (ubus status 9)'],
  ])('%s: says so, with the status of the bundle', (_what, ubusStatus, isThere, status, words) => {
    daemonSays('', ubusStatus);
    if (!isThere) router.run(['-c', `rm ${router.path('daemon')}`]);
    const result = run('status', 'wan');
    expect(result.status).toBe(status);
    expect(result.stderr).toContain(words);
    expect(result.stdout).toBe('');
  });

  it('an interface that cannot be up is shown with what is wrong', () => {
    const text = 'wan: wrong settings\\n  option mtu: found \\"abc\\"';
    router.program('ubus', `case "$*" in *connect*) exit 2;; *) echo '{"text":"${text}"}';; esac`);
    expect(run('up', 'wan')).toMatchObject({
      status: 78,
      stdout: '',
      stderr: 'wan: wrong settings\n  option mtu: found "abc"\n',
    });
  });

  it('a reload of a wrong configuration is told apart', () => {
    daemonSays('', 2);
    expect(run('reload').status).toBe(78);
  });

  it.each([
    [['run', '-c', 'file']],
    [['check', 'file']],
    [['status', '--watch']],
    [['events', 'wan', '-f']],
    [['status', '--run-dir', '/x']],
    [['help']],
    [['nonsense']],
  ])('%j is the business of the bundle', (words) => {
    const { status, stdout } = run(...words);
    expect(status).toBe(0);
    expect(stdout).toMatch(new RegExp(`^node --optimize-for-size .*${lib()}/l2tpwan.cjs ${words.join(' ')}\n$`));
    expect(asked()).toEqual([]);
  });

  it('says what to do where there is no runtime', () => {
    router.run(['-c', `rm ${lib()}/runtime/node`]);
    const { status, stderr } = run('help');
    expect(status).toBe(69);
    expect(stderr).toMatch(/there is no JavaScript runtime: run 'l2tpwan-runtime install'/);
    expect(run('version').stdout).toBe('l2tpwan 1.2.3\n');
  });

  it('takes less than 50 ms, jsonfilter or not', () => {
    const text = Array.from({ length: 40 }, (_, k) => `  line ${k} of a status with "quotes"`).join('\n');
    daemonSays(`{"text":${JSON.stringify(text)}}`);
    const times = Array.from({ length: 15 }, () => {
      const begin = performance.now();
      expect(run('status').status).toBe(0);
      return performance.now() - begin;
    }).sort((a, b) => a - b);
    console.log(`l2tpwan status: median ${times[7]?.toFixed(1)} ms, most ${times[14]?.toFixed(1)} ms`);
    expect(times[7]).toBeLessThan(50);
  });
});
