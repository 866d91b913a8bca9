/**
 * A router made of the daemon, our own broker and our own netifd, in a network namespace, with the protocol handler as it is shipped
 * under BusyBox. Only its paths are others: several routers, and this machine, are not to meet in /var/run.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'tsup';
import type { Table } from '../../../src/host/openwrt/ubus/blobmsg.ts';
import { UBUS_STATUS } from '../../../src/host/openwrt/ubus/bus.ts';
import { Netns } from '../../lab/lab.ts';
import { guarded, unguard } from '../../lab/netns.ts';
import { busybox, FILES, Userland } from '../../openwrt/userland.ts';
import { NetifdStandIn } from '../../support/netifd-stand-in.ts';
import { RawClient } from '../../support/ubus-peers.ts';
import { BUNDLE, pause } from '../daemon.ts';
import type { Outside } from './outside.ts';
import { type Changes, type Router, type Section, UbusFailed, WAN } from './router.ts';

const SUPPORT = fileURLToPath(new URL('../../support', import.meta.url));
/** procd waits so long before it starts again what has crashed, ms; its own 5 s are only waited for. */
const RESPAWN_MS = 500;

export class StandInRouter implements Router {
  readonly #netns: Netns;
  readonly #userland = new Userland();
  /** Whatever is on disk goes, even if the run is killed. */
  readonly #guard = guarded('rm', '-rf', this.#userland.directory);
  readonly #sections = new Map<string, Section>([['wan', WAN]]);
  readonly #path = (...names: string[]) => this.#userland.path(...names);
  #ubusd: ChildProcess | undefined;
  #netifd: NetifdStandIn | undefined;
  #daemon: ChildProcess | undefined;
  #log = '';

  private constructor(netns: Netns) {
    this.#netns = netns;
  }

  static async create(outside: Outside): Promise<StandInRouter> {
    const router = new StandInRouter(await Netns.create('router'));
    await outside.connect(router.netns);
    return router;
  }

  get netns(): string {
    return this.#netns.name;
  }

  async boot(): Promise<void> {
    await this.#install();
    await this.#startUbusd();
    await this.#startNetifd();
    while (!(await this.#isWanUp())) await pause(20);
  }

  async configure(changes: Changes): Promise<void> {
    for (const [name, section] of Object.entries(changes))
      if (section === undefined) this.#sections.delete(name);
      else {
        this.#sections.set(name, section);
        writeFileSync(this.#path('uci', `network.${name}`), shownByUci(name, section));
      }
    await this.ubus('network', 'reload');
  }

  async ubus(object: string, method: string, args: object = {}): Promise<unknown> {
    const client = await RawClient.connect(this.#path('ubus.sock')).catch(() => undefined);
    if (client === undefined) throw new UbusFailed(`${object} ${method}`, UBUS_STATUS.connectionFailed);
    const { status = UBUS_STATUS.timeout, answers } = await client.call(object, method, args as Table);
    client.close();
    if (status !== 0) throw new UbusFailed(`${object} ${method}`, status);
    return answers[0] ?? {};
  }

  async startDaemon(): Promise<void> {
    const run = ['run', '-c', this.#path('config.json'), '--run-dir', this.#path('run/l2tpwan')];
    const child = this.#netns.spawn(process.execPath, [BUNDLE, ...run], { env: this.#environment() });
    this.#daemon = child;
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#log += text;
      });
  }

  async stopDaemon(): Promise<void> {
    await ended(this.#daemon, 'SIGTERM');
    this.#daemon = undefined;
  }

  async crashDaemon(): Promise<void> {
    await ended(this.#daemon, 'SIGKILL');
    await pause(RESPAWN_MS);
    await this.startDaemon();
  }

  async restart(what: 'netifd' | 'ubusd'): Promise<void> {
    if (what === 'netifd') {
      this.#netifd?.kill();
      await pause(RESPAWN_MS);
      await this.#startNetifd();
    } else {
      await ended(this.#ubusd, 'SIGKILL');
      await pause(RESPAWN_MS);
      await this.#startUbusd();
    }
  }

  exec(program: string, ...args: string[]): Promise<string> {
    return this.#netns.exec(program, args);
  }

  async log(): Promise<string> {
    return this.#log;
  }

  async close(): Promise<void> {
    await this.stopDaemon();
    await this.#netifd?.stop();
    await ended(this.#ubusd, 'SIGTERM');
    await this.#netns.destroy();
    this.#userland.remove();
    unguard(this.#guard);
  }

  async #install(): Promise<void> {
    const protocols = this.#path('lib/netifd/proto');
    mkdirSync(protocols, { recursive: true });
    mkdirSync(this.#path('run/l2tpwan'), { recursive: true });
    copyFileSync(join(SUPPORT, 'netifd-proto.sh'), this.#path('lib/netifd/netifd-proto.sh'));
    writeFileSync(this.#path('lib/functions.sh'), '');
    const handler = readFileSync(join(FILES, 'lib/netifd/proto/l2tpwan.sh'), 'utf8')
      .replaceAll('/lib/functions.sh', this.#path('lib/functions.sh'))
      .replaceAll('/var/run/l2tpwan', this.#path('run/l2tpwan'));
    writeFileSync(join(protocols, 'l2tpwan.sh'), handler);
    writeFileSync(this.#path('config.json'), JSON.stringify({ netifd: true, logLevel: 'debug', connections: {} }), {
      mode: 0o600,
    });
    mkdirSync(this.#path('uci'));
    this.#userland.program('uci', `cat ${this.#path('uci')}/$3`); // -q show network.NAME
    this.#userland.program('ubus', `exec ${process.execPath} ${this.#path('ubus.cjs')} "$@"`);
    await build({
      entry: { ubusd: join(SUPPORT, 'ubusd.ts'), ubus: join(SUPPORT, 'ubus-command.ts') },
      outDir: this.#userland.directory,
      outExtension: () => ({ js: '.cjs' }),
      format: ['cjs'],
      config: false,
      silent: true,
      target: 'node20',
    });
  }

  async #startUbusd(): Promise<void> {
    this.#ubusd = this.#netns.spawn(process.execPath, [this.#path('ubusd.cjs'), this.#path('ubus.sock')]);
    await once(this.#ubusd.stdout ?? this.#ubusd, 'data');
  }

  async #startNetifd(): Promise<void> {
    this.#netifd = await NetifdStandIn.start({
      netns: this.netns,
      socketPath: this.#path('ubus.sock'),
      directory: this.#path('lib/netifd/proto'),
      shell: [busybox ?? 'busybox', 'sh'],
      environment: { PATH: this.#path('bin'), L2TPWAN_UBUS_SOCKET: this.#path('ubus.sock') },
      sections: () => this.#sections,
      log: (words) => {
        this.#log += `netifd: ${words}\n`;
      },
    });
  }

  async #isWanUp(): Promise<boolean> {
    return ((await this.ubus('network.interface', 'status', { interface: 'wan' })) as { up: boolean }).up;
  }

  #environment(): NodeJS.ProcessEnv {
    return { ...process.env, L2TPWAN_UBUS_SOCKET: this.#path('ubus.sock') };
  }
}

async function ended(child: ChildProcess | undefined, signal: NodeJS.Signals): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  const limit = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await exit;
  clearTimeout(limit);
}

const shownByUci = (name: string, section: Section): string =>
  Object.entries(section)
    .map(([option, value]) => `network.${name}.${option}='${typeof value === 'string' ? value : value.join("' '")}'\n`)
    .join('');
