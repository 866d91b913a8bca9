/** Section mqtt of UCI, as the init script makes a part of the configuration file of it, under BusyBox with stand-ins for what OpenWrt brings. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FILES, Userland } from './userland.ts';

const SCRIPT = join(FILES, 'etc/init.d/l2tpwan');

/** What rc.common, procd.sh and jshn.sh bring along; JSON is written down as it is made, a line for each call. */
const STAND_INS = `
say_() { echo "$*" >>$SAID; }
for each in open_instance close_instance set_param add_jail add_jail_mount add_jail_mount_rw add_reload_trigger add_validation; do
  eval "procd_$each() { say_ $each \\"\\$@\\"; }"
done
json_init() { :; }
for each in boolean int double string object; do
  eval "json_add_$each() { say_ json $each \\"\\$@\\"; }"
done
json_close_object() { say_ json end; }
json_dump() { echo "$JSON"; }
json_cleanup() { :; }
logger() { say_ logger "$@"; }
uci_validate_section() { say_ validate "$@"; [ "$2" != mqtt ] || { echo "l2tpwan.mqtt.password=$password" >&2; eval "$UCI"; }; }
stop() { say_ stop; }
start() { say_ start; start_service; }
`;

export class MqttSection {
  readonly router = new Userland();

  constructor() {
    this.router.program('node', 'echo v22.0.0');
    this.router.program('uci', '[ "$*" = "-q get l2tpwan.mqtt" ] && echo mqtt');
  }

  remove(): void {
    this.router.remove();
  }

  /** What the stand-ins were told by the last run. */
  get said(): string[] {
    return readFileSync(this.router.path('said'), 'utf8').trim().split('\n');
  }

  /** What was put into the object `mqtt`; undefined: there is none. */
  get mqtt(): Record<string, unknown> | undefined {
    const lines = this.said.filter((line) => line.startsWith('json '));
    const from = lines.indexOf('json object mqtt');
    if (from < 0) return undefined;
    const fields = lines.slice(from + 1, lines.indexOf('json end', from)).map((line) => {
      const [, kind, name = '', text = ''] = /^json (\w+) (\w+) (.*)$/s.exec(line) ?? [];
      return [name, kind === 'string' ? text : kind === 'boolean' ? text === '1' : Number(text)];
    });
    return Object.fromEntries(fields) as Record<string, unknown>;
  }

  /** @param call a function of the init script  @param options what UCI has */
  run(call: string, options: Record<string, string> = {}) {
    const { router } = this;
    writeFileSync(router.path('said'), '');
    const words = `${STAND_INS}
      . ${SCRIPT}
      RUN_DIR=${router.path('run')} CONFIG=${router.path('run/config.json')} LAUNCH_FILE=${router.path('run/launch')}
      STATE_FILE=${router.path('run/service.json')} PID_FILE=${router.path('pid')} PROGRAM=${router.path('program/l2tpwan')}
      JAIL_PROGRAM=${router.path('ujail')}
      ${call}`;
    return router.run(['-c', words], {
      IPKG_INSTROOT: FILES,
      L2TPWAN_LIB: router.path('lib'),
      SAID: router.path('said'),
      UCI: Object.entries(options)
        .map(([name, value]) => `${name}='${value.replaceAll("'", `'"'"'`)}'`)
        .join(';'),
      // Nothing of the environment is an option.
      id: 'of the environment',
      ca: '/proc/version',
    });
  }
}
