/** The init script, under BusyBox with stand-ins for procd, jshn and the validation of UCI: which instance it describes, and when. */
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FILES, Userland } from './userland.ts';

const SCRIPT = join(FILES, 'etc/init.d/l2tpwan');

/** What rc.common, procd.sh and jshn.sh bring along, writing down what they are told. */
const STAND_INS = `
say_() { echo "$*" >>$SAID; }
for each in open_instance close_instance set_param add_jail add_jail_mount add_jail_mount_rw add_reload_trigger add_validation; do
  eval "procd_$each() { say_ $each \\"\\$@\\"; }"
done
json_init() { json='{'; }
json_add_boolean() { json="$json\\"$1\\":$([ $2 = 1 ] && echo true || echo false),"; }
json_add_string() { json="$json\\"$1\\":\\"$(printf %s "$2" | sed 's/[\\\\"]/\\\\&/g')\\","; }
json_add_object() { json="$json\\"$1\\":{"; }
json_close_object() { json="$json}"; }
json_dump() { echo "$json}" | sed 's/,}/}/g'; }
json_cleanup() { :; }
logger() { say_ logger "$@"; }
uci_validate_section() { eval "$UCI"; return \${UCI_STATUS:-0}; }
stop() { say_ stop; stop_service; service_stopped; }
start() { say_ start; start_service; }
`;

describe('the service', () => {
  let router: Userland;
  const said = () =>
    existsSync(router.path('said')) ? readFileSync(router.path('said'), 'utf8').trim().split('\n') : [];
  const state = () => JSON.parse(readFileSync(router.path('run/service.json'), 'utf8')) as unknown;
  const config = () => JSON.parse(readFileSync(router.path('run/config.json'), 'utf8')) as unknown;
  const run = (call: string, uci = '', status = 0) => {
    writeFileSync(router.path('said'), '');
    const words = `${STAND_INS}
      . ${SCRIPT}
      RUN_DIR=${router.path('run')} CONFIG=${router.path('run/config.json')} LAUNCH_FILE=${router.path('run/launch')}
      STATE_FILE=${router.path('run/service.json')}
      PID_FILE=${router.path('pid')} PROGRAM=${router.path('program/l2tpwan')} JAIL_PROGRAM=${router.path('ujail')}
      ${call}`;
    return router.run(['-c', words], {
      IPKG_INSTROOT: FILES,
      L2TPWAN_LIB: router.path('lib'),
      SAID: router.path('said'),
      UCI: uci,
      UCI_STATUS: String(status),
    });
  };
  const node = (words = 'echo v20.1.0') => {
    mkdirSync(router.path('lib/runtime'), { recursive: true });
    return router.script('lib/runtime/node', words);
  };

  beforeEach(() => {
    router = new Userland();
  });
  afterEach(() => router.remove());

  it('starts the daemon lean, for ever, with its log and its signals', () => {
    node();
    expect(run('start_service').stderr).toBe('');
    expect(said()).toEqual(
      [
        'open_instance main',
        `set_param command ${router.path('program/l2tpwan')} --optimize-for-size --max-semi-space-size=1 --v8-pool-size=1 ` +
          `--max-old-space-size=64 ${router.path('lib/l2tpwan.cjs')} run -c ${router.path('run/config.json')}`,
        'set_param env PATH=/usr/sbin:/usr/bin:/sbin:/bin L2TPWAN_LOG=syslog',
        `set_param file ${router.path('run/config.json')}`,
        'set_param respawn 3600 5 0',
        'set_param reload_signal HUP',
        'set_param term_timeout 10',
        `set_param pidfile ${router.path('pid')}`,
        'set_param stdout 1',
        'set_param stderr 1',
        'close_instance ',
      ].map((line) => line.trim()),
    );
    expect(readFileSync(router.path('program/l2tpwan'), 'utf8')).toContain('v20.1.0');
  });

  it.each([
    ['nothing set', '', { netifd: true, logLevel: 'info', dataPath: 'auto', connections: {} }],
    [
      'everything set',
      'log_level=debug data_path=tun-gso state_dir=STATE jail=0',
      { netifd: true, logLevel: 'debug', dataPath: 'tun-gso', stateDir: 'STATE', connections: {} },
    ],
  ])('writes the configuration, for root alone, with %s', (_what, uci, wanted) => {
    node();
    const state = router.path('state');
    run('start_service', uci.replace('STATE', state));
    expect(config()).toEqual(JSON.parse(JSON.stringify(wanted).replace('STATE', state)));
    expect(statSync(router.path('run/config.json')).mode & 0o777).toBe(0o600);
    expect(existsSync(state)).toBe(uci !== '');
  });

  it('is not stopped by a wrong option: says so, and takes what holds without it', () => {
    node();
    run('start_service', 'unset log_level data_path; state_dir=relative', 255);
    expect(config()).toEqual({ netifd: true, logLevel: 'info', dataPath: 'auto', connections: {} });
    expect(said().slice(0, 2)).toEqual([
      expect.stringMatching(
        /^logger -t l2tpwan -p daemon.err \/etc\/config\/l2tpwan: log_level is one of .*, data_path one of /,
      ),
      "logger -t l2tpwan -p daemon.err /etc/config/l2tpwan: state_dir 'relative' is not an absolute path: not used",
    ]);
    expect(said()).toContain('open_instance main');
  });

  it('goes into a jail where there is one, with what it needs and no more', () => {
    node();
    router.script('ujail', '');
    run('start_service');
    expect(said().filter((line) => /jail|capabilities|privs/.test(line))).toEqual([
      'set_param capabilities /etc/capabilities/l2tpwan.json',
      'set_param no_new_privs 1',
      'add_jail l2tpwan procfs sysfs',
      `add_jail_mount_rw /dev/net/tun /dev/ppp /proc/sys/net ${router.path('run')}`,
      `add_jail_mount ${router.path('lib/l2tpwan.cjs')} ${router.path('lib/node_modules')} /etc/hosts`,
      'add_jail_mount /var/run/ubus /tmp/resolv.conf.d',
      ...['/sbin/ip', '/usr/sbin/ip', '/usr/sbin/nft', '/usr/lib/libstdc++.so.6', '/lib/libgcc_s.so.1']
        .filter((path) => existsSync(path))
        .map((path) => `add_jail_mount ${path}`),
      ...['/etc/ssl/certs', '/etc/resolv.conf'].filter(existsSync).map((path) => `add_jail_mount ${path}`),
    ]);
    run('start_service', 'jail=0');
    expect(said().filter((line) => /jail|capabilities|privs/.test(line))).toEqual([]);
  });

  describe('looks for a runtime', () => {
    const find = (named: string) =>
      run(`l2tpwan_find_runtime "${named}"; echo "$RUNTIME|$RUNTIME_TROUBLE"`).stdout.trim();

    it('first the one named, then the one on the path, then our own', () => {
      node();
      expect(find('')).toBe(`${router.path('lib/runtime/node')}|`);
      router.program('node', 'echo v22.0.0');
      expect(find('')).toBe(`${router.path('bin/node')}|`);
      router.script('mine', 'echo v24.0.0');
      expect(find(router.path('mine'))).toBe(`${router.path('mine')}|`);
    });

    it('and says what is wrong with the one named when it takes another', () => {
      node();
      router.script('old', 'echo v18.20.4');
      router.script('other', 'exit 127');
      const own = router.path('lib/runtime/node');
      expect(find('/nowhere')).toBe(`${own}|/nowhere does not exist`);
      expect(find(router.path('lib'))).toBe(`${own}|${router.path('lib')} cannot be executed`);
      expect(find(router.path('old'))).toBe(
        `${own}|${router.path('old')} is Node.js 18.20.4, and 20 or newer is needed`,
      );
      expect(find(router.path('other'))).toMatch(/does not run here \(not Node.js, or made for another machine, or/);
      run('start_service', 'runtime=/nowhere');
      expect(said()[1]).toBe(`logger -t l2tpwan -p daemon.warn /nowhere does not exist; taking ${own}`);
    });

    it('and names the cure in the log and on ubus when there is none', () => {
      run('start_service');
      const words =
        "there is no JavaScript runtime: run 'l2tpwan-runtime install', or name one: uci set l2tpwan.main.runtime=PATH";
      expect(said()).toEqual([
        'open_instance main',
        `logger -t l2tpwan -p daemon.err not started: ${words}`,
        `set_param command ${router.path('lib/runtime/node')}`,
        `set_param error ${words}`,
        'close_instance',
      ]);
      router.program('opkg', '');
      run('start_service');
      expect(said().at(-2)).toContain("run 'opkg update; opkg install node' or 'l2tpwan-runtime install'");
    });
  });

  it('gives a running daemon a signal when only its configuration is another, and a successor when it has to be another process', () => {
    node();
    run('start_service');
    run('reload_service', 'log_level=debug');
    expect(said()[0]).toBe('start');
    expect(config()).toMatchObject({ logLevel: 'debug' });
    run('reload_service', 'data_path=kernel');
    expect(said()[0]).toBe('start');
    expect(config()).toMatchObject({ dataPath: 'kernel' });
    router.script('ujail', '');
    run('reload_service');
    expect(said().slice(0, 2)).toEqual(['stop', 'start']);
    router.program('node', 'echo v22.0.0');
    run('reload_service');
    expect(said().slice(0, 2)).toEqual(['stop', 'start']);
    run('reload_service', `state_dir=${router.path('state')}`);
    expect(said().slice(0, 2)).toEqual(['stop', 'start']);
    run('reload_service', `state_dir=${router.path('state')}`);
    expect(said()[0]).toBe('start');
  });

  describe('leaves word for those who may ask nobody', () => {
    const path = () => router.path('run/service.json');

    it('that it is started, with which runtime, and that it is stopped; for everybody to read', () => {
      node();
      run('umask 077; start_service');
      expect(state()).toEqual({ state: 'started', runtime: router.path('lib/runtime/node') });
      expect(statSync(path()).mode & 0o777).toBe(0o644);
      run('stop');
      expect(state()).toEqual({ state: 'stopped' });
      expect(existsSync(`${path()}.new`)).toBe(false);
    });

    it('also where it was never started', () => {
      run('stop');
      expect(state()).toEqual({ state: 'stopped' });
      expect(statSync(router.path('run')).mode & 0o777).toBe(0o755);
    });

    it('why it cannot start, in the words of the log, whatever is in them', () => {
      run('start_service', `runtime='/opt/my "node"\\20'`);
      expect(state()).toEqual({
        state: 'no-runtime',
        words: expect.stringMatching(
          /^\/opt\/my "node"\\20 does not exist: run 'l2tpwan-runtime install', or name one/,
        ),
      });
      expect(said()).toContainEqual(expect.stringContaining((state() as { words: string }).words));
    });

    it('whole or not at all: what is read meanwhile is the word before', () => {
      node();
      run('start_service');
      const seen = router.path('seen');
      run(`mv() { cat ${path()} >${seen}; command mv "$@"; }; stop`);
      expect(JSON.parse(readFileSync(seen, 'utf8'))).toMatchObject({ state: 'started' });
      expect(state()).toEqual({ state: 'stopped' });
    });
  });

  it('has stopped when the process has', () => {
    const begin = Date.now();
    run(`sleep 2 & echo $! >${router.path('pid')}; stop`);
    expect(Date.now() - begin).toBeGreaterThan(1500);
    expect(Date.now() - begin).toBeLessThan(5000);
  });

  it('has stopped when a daemon whose jailer was killed has, too', () => {
    const [pid, end] = [router.path('daemon.pid'), router.path('end')];
    const daemon = router.script(
      'daemon',
      `trap 'kill $!; echo hung up >${end}; exit' TERM; echo $$ >${pid}; sleep 20 & wait`,
    );
    router.program('pgrep', `echo "$*" >>${router.path('said')}; cat ${pid}`);
    expect(run(`(${daemon} >/dev/null 2>&1 &); sleep 1; stop; cat ${end}`).stdout).toBe('hung up\n');
    expect(said()).toEqual(['stop', `-f ${router.path('lib/l2tpwan.cjs')} run -c ${router.path('run/config.json')}`]);
  });

  it('reloads when its configuration changes, and has procd know the options', () => {
    run('service_triggers');
    expect(said()).toEqual([
      'add_reload_trigger l2tpwan',
      'add_validation validate_main',
      'add_validation validate_mqtt',
    ]);
  });
});
