/** Our service as the init system has it: installed, enabled, running, and how its process ended. */
import { Refused, type Table, textOf, UBUS } from './values.ts';

const FILE = '/var/run/l2tpwan/service.json';
const ACTIONS = ['start', 'stop', 'restart', 'reload', 'enable', 'disable'];

export class Service {
  isInstalled = true;
  isEnabled = true;
  isRunning = true;
  /** Whether procd has an instance of it at all: it has not when it was stopped, or never started. */
  hasInstance = true;
  /** How the process ended last; undefined: it did not. */
  exitCode: number | undefined;
  /** What the init script wrote down; undefined: there is no such file. */
  stateFile: Table | undefined = { state: 'started', runtime: '/usr/bin/node' };
  /** Why procd was told not to start it. */
  #errors: readonly string[] = [];
  /** Called after every action of the init script: what it did to the router. */
  onAction: (action: string) => void = () => undefined;

  /** The process is gone, though procd would have it run. */
  crash(exitCode = 1): void {
    this.isRunning = false;
    this.exitCode = exitCode;
  }

  /** As by `/etc/init.d/l2tpwan stop`. */
  stop(): void {
    this.#errors = [];
    Object.assign(this, { isRunning: false, hasInstance: false, stateFile: { state: 'stopped' } });
  }

  start(): void {
    const stateFile = { state: 'started', runtime: '/usr/bin/node' };
    this.#errors = [];
    Object.assign(this, { isRunning: true, hasInstance: true, exitCode: undefined, stateFile });
  }

  /** The init script found nothing that could run the daemon. */
  missRuntime(words: string): void {
    this.stop();
    this.#errors = [words];
    this.stateFile = { state: 'no-runtime', words };
  }

  /** `service list`. */
  list(args: Table): Table {
    const name = textOf(args, 'name');
    if (name !== undefined && name !== 'l2tpwan') return {};
    const command = ['/var/run/l2tpwan-runtime/l2tpwan', '/usr/lib/l2tpwan/l2tpwan.cjs', 'run'];
    if (this.#errors.length > 0)
      return { l2tpwan: { instances: { main: { running: false, command, errors: this.#errors } } } };
    if (!this.hasInstance) return {};
    const main = {
      running: this.isRunning,
      ...(this.isRunning && { pid: 1234 }),
      command,
      ...(this.exitCode !== undefined && { exit_code: this.exitCode }),
      respawn: { threshold: 3600, timeout: 5, retry: 0 },
    };
    return { l2tpwan: { instances: { main } } };
  }

  /** `rc list`. */
  rcList(args: Table): Table {
    const name = textOf(args, 'name');
    const { isEnabled: enabled, isRunning: running } = this;
    if (!this.isInstalled || (name !== undefined && name !== 'l2tpwan')) return {};
    return { l2tpwan: { start: 21, stop: 89, enabled, ...(args.skip_running_check !== true && { running }) } };
  }

  /** `rc init`. */
  rcInit(args: Table): void {
    const action = textOf(args, 'action') ?? '';
    const name = textOf(args, 'name');
    if (name === undefined || !ACTIONS.includes(action)) throw new Refused(UBUS.invalidArgument);
    if (name === 'l2tpwan' && !this.isInstalled) throw new Refused(UBUS.notFound);
    if (name !== 'l2tpwan') return;
    if (action === 'enable' || action === 'disable') this.isEnabled = action === 'enable';
    else if (action === 'stop') this.stop();
    else if (action !== 'reload') this.start();
    this.onAction(action);
  }

  /** What stands in the file of that path, if it is ours and there. */
  file(path: string): string | undefined {
    return path === FILE && this.stateFile !== undefined ? `${JSON.stringify(this.stateFile)}\n` : undefined;
  }
}
