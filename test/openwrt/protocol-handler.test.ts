/** The protocol handler of netifd, under BusyBox: what it declares, hands over, waits for, and says when it waits in vain. */
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { declarationOf, INTERFACE_OPTIONS } from '../../src/host/openwrt/interface-options-table.ts';
import { busybox, FILES, Userland } from './userland.ts';

const HANDLER = join(FILES, 'lib/netifd/proto/l2tpwan.sh');
const SETTINGS = '{"proto":"l2tpwan","server":["lns.example.net"],"password":"it\'s \\"s3cret\\" %s $HOME"}';

describe('the protocol handler', () => {
  let router: Userland;
  /** What was said to ubus and to netifd, in order. */
  const said = () =>
    existsSync(router.path('said')) ? readFileSync(router.path('said'), 'utf8').trim().split('\n') : [];
  const settings = (...names: string[]) => router.path('run', 'interfaces', ...names);

  /** netifd-proto.sh, as far as the handler uses it, then the handler, then a function of it. */
  const words = (call: string, waitSeconds: number) => [
    '-c',
    `say() { echo "$*" >>${router.path('said')}; }
     proto_notify_error() { say notify_error "$@"; }
     proto_block_restart() { say block_restart "$@"; }
     proto_setup_failed() { say setup_failed "$@"; }
     for each in array string boolean int defaults; do eval "proto_config_add_$each() { say proto_config_add_$each \\"\\$@\\"; }"; done
     INCLUDE_ONLY=1
     . ${HANDLER}
     L2TPWAN_RUN_DIR=${router.path('run')} L2TPWAN_WAIT_SECONDS=${waitSeconds}
     ${call}`,
  ];
  const run = (call: string, waitSeconds = 3) => router.run(words(call, waitSeconds), { data: SETTINGS });
  /** The daemon's object is there or not, and `connect` ends so. */
  const ubus = (isThere: boolean, status = 0) =>
    router.program(
      'ubus',
      `echo "ubus $*" >>${router.path('said')}
       case "$*" in *wait_for*) ${isThere ? 'exit 0' : 'sleep 1; exit 7'};; *) exit ${status};; esac`,
    );

  beforeEach(() => {
    router = new Userland();
    ubus(true);
  });
  afterEach(() => router.remove());

  it('declares every option of the table as netifd is to read it', () => {
    run('proto_l2tpwan_init_config');
    expect(said()).toEqual(
      [
        'proto_config_add_defaults ',
        ...INTERFACE_OPTIONS.map((option) => declarationOf(option).replaceAll("'", '')),
      ].map((line) => line.trim()),
    );
    const { stdout } = run(
      'proto_l2tpwan_init_config; echo $no_device $available $no_proto_task $teardown_on_l3_link_down',
    );
    expect(stdout.trim()).toBe('1 1 1');
  });

  it('writes the settings as they are, for root alone, and tells the daemon the name', () => {
    expect(run('proto_l2tpwan_setup wan').status).toBe(0);
    expect(readFileSync(settings('wan.json'), 'utf8')).toBe(`${SETTINGS}\n`);
    expect(statSync(settings('wan.json')).mode & 0o777).toBe(0o600);
    expect(statSync(settings()).mode & 0o777).toBe(0o700);
    expect(statSync(router.path('run')).mode & 0o777).toBe(0o755);
    expect(readdirSync(settings()).sort()).toEqual(['wan.json', 'wan.options']);
    expect(said()).toEqual([
      expect.stringMatching(/^ubus -S -t [23] wait_for l2tpwan$/),
      'ubus -S -t 10 call l2tpwan connect {"interface":"wan","netifd":true}',
    ]);
  });

  it('hands over the names of all options, and nothing of what they hold', () => {
    router.program(
      'uci',
      `[ "$*" = '-q show network.wan' ] || exit 1
       cat <<'END'
network.wan=interface
network.wan.proto='l2tpwan'
network.wan.server='a=b' 'network.wan.c=d'
network.wan.password='s3cret=1
s3cret2
network.wide=x
'
network.wan.usernme='alice'
END`,
    );
    run('proto_l2tpwan_setup wan');
    expect(readFileSync(settings('wan.options'), 'utf8')).toBe('proto\nserver\npassword\nusernme\n');
    expect(statSync(settings('wan.options')).mode & 0o777).toBe(0o600);
    router.program('uci', 'exit 1'); // an interface that nobody has configured
    run('proto_l2tpwan_setup wan');
    expect(readFileSync(settings('wan.options'), 'utf8').trim()).toBe('');
  });

  it('puts no secret into an argument list', () => {
    const log = router.path('arguments');
    router.program('uci', `echo "uci $*" >>${log}; echo "network.wan.password='s3cret'"`);
    for (const applet of ['mkdir', 'mv', 'rm', 'cat'])
      router.program(applet, `echo "${applet} $*" >>${log}; exec ${busybox} ${applet} "$@"`);
    // BusyBox has its applets at hand and would look for none of these; another shell has the same builtins.
    const [option = '', script = ''] = words('proto_l2tpwan_setup wan; proto_l2tpwan_teardown wan', 3);
    router.run(['-c', `exec /bin/sh ${option} "$script"`], { data: SETTINGS, script });
    const run = readFileSync(log, 'utf8') + said().join('\n');
    expect(run).toMatch(/^mkdir .*^mv .*^rm .*^ubus .*connect.*disconnect/ms);
    expect(run).not.toContain('s3cret');
  });

  it('keeps what is there when the new settings cannot be written', () => {
    mkdirSync(router.path('run'));
    writeFileSync(router.path('run/interfaces'), 'in the way');
    const { status, stdout } = run('proto_l2tpwan_setup wan');
    expect(status).toBe(1);
    expect(stdout).toBe(`the settings cannot be written to ${router.path('run')}\n`);
    expect(said()).toEqual(['notify_error wan SETTINGS_NOT_WRITTEN']);
  });

  it.each(['', '.', '../wan', 'a/b', '-wan', 'a"b', 'a b'])('touches nothing for an interface named "%s"', (name) => {
    const { status, stdout } = run(`proto_l2tpwan_setup '${name}'`);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^an interface of this name cannot be set up: /);
    expect(run(`proto_l2tpwan_teardown '${name}'`).status).toBe(0);
    expect(said()).toEqual([`notify_error ${name} SETTINGS_NOT_WRITTEN`]);
    expect(existsSync(router.path('run'))).toBe(false);
  });

  it.each(['wan', '_6', 'a.b-c', '6in4'])('takes an interface named %s', (name) => {
    expect(run(`proto_l2tpwan_setup ${name}`).status).toBe(0);
  });

  it('waits for the daemon', async () => {
    ubus(false);
    const child = router.start(words('proto_l2tpwan_setup wan', 20), { data: SETTINGS });
    const ended = new Promise((resolve) => child.on('close', resolve));
    await sleep(1500);
    ubus(true);
    expect(await ended).toBe(0);
    expect(said().at(-1)).toBe('ubus -S -t 10 call l2tpwan connect {"interface":"wan","netifd":true}');
  });

  it('asks again when the daemon has gone in between', () => {
    ubus(true, 4);
    expect(run('proto_l2tpwan_setup wan').status).toBe(1);
    expect(said().filter((line) => line.includes('connect')).length).toBeGreaterThan(1);
    expect(said().at(-1)).toBe('notify_error wan NO_DAEMON');
  });

  it('says that there is no daemon, and has netifd not begin anew at once', () => {
    ubus(false);
    const begin = Date.now();
    const { status, stdout } = run('proto_l2tpwan_setup wan', 3);
    expect(Date.now() - begin).toBeLessThan(6000);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^no answer from the daemon: see /);
    expect(said().filter((line) => !line.startsWith('ubus'))).toEqual(['notify_error wan NO_DAEMON']);
    expect(existsSync(settings('wan.json'))).toBe(true);
  });

  it('does not try again what cannot work, and has netifd neither begin anew nor stay down for ever', () => {
    ubus(true, 2);
    expect(run('proto_l2tpwan_setup wan').status).toBe(1);
    expect(said().length).toBe(2);
  });

  it('ends at once, with what it waits for, when netifd does not want it any more', async () => {
    router.program('ubus', `echo "ubus $$" >>${router.path('said')}; exec sleep 30`);
    const child = router.start(words('proto_l2tpwan_setup wan', 20), { data: SETTINGS });
    const ended = new Promise((resolve) => child.on('close', resolve));
    while (said().length === 0) await sleep(20);
    const begin = Date.now();
    child.kill('SIGTERM');
    expect(await ended).toBe(143);
    expect(Date.now() - begin).toBeLessThan(5000);
    const pid = Number(said()[0]?.split(' ')[1]);
    await sleep(50);
    expect(router.run(['-c', `cat /proc/${pid}/cmdline`]).stdout).toBe(''); // gone, or waiting for somebody to notice
  });

  it('takes the settings away and has the daemon hang up', () => {
    run('proto_l2tpwan_setup wan');
    expect(run('proto_l2tpwan_teardown wan').status).toBe(0);
    expect(readdirSync(settings())).toEqual([]);
    expect(said().at(-1)).toBe('ubus -S -t 4 call l2tpwan disconnect {"interface":"wan","netifd":true}');
  });

  it('is torn down without a daemon too', () => {
    ubus(false, 4);
    expect(run('proto_l2tpwan_teardown wan').status).toBe(0);
  });
});
