/** The network of a plain Linux machine, configured with `ip` and `nft`: everything of this folder put together. */
import { join } from 'node:path';
import type { Log } from '../../ports/log.ts';
import type { ConnectionNetwork, HangUp, NetworkPort, RoutingSettings } from '../../ports/network.ts';
import type { Failure } from '../../protocol/failure.ts';
import { type Ask, asker } from './asker.ts';
import { type Run, runner } from './command.ts';
import { LinuxConnection, type Shares } from './connection.ts';
import { Journal, thisProcess } from './journal.ts';
import type { KernelRoute } from './kernel-table.ts';
import { kernelView } from './kernel-view.ts';
import { NAME_SERVERS, NameServerRoutes } from './name-servers.ts';
import { recover } from './recover.ts';
import { RouteBook } from './routes.ts';
import { UplinkWatch } from './uplink-watch.ts';

export interface LinuxNetworkOptions {
  /** Resolv files and the working journal, in memory: `/var/run/l2tpwan`. */
  readonly runDir: string;
  /** Where the journal outlives a reboot; the run directory by default. */
  readonly stateDir?: string;
  readonly log: Log;
  /** Where `ip` and `nft` are looked for; PATH, and the directories of the administrator's programs, by default. */
  readonly path?: string;
}

export class LinuxNetwork implements NetworkPort {
  readonly #options: LinuxNetworkOptions & { readonly stateDir: string };
  readonly #run: Run;
  readonly #ask: Ask;
  readonly #book: RouteBook;
  readonly #watch: UplinkWatch;
  readonly #owner = thisProcess();
  readonly #nameServers: NameServerRoutes;
  /** Tunnel devices of all connections there have been. */
  readonly #devices = new Set<string>();

  constructor(options: LinuxNetworkOptions) {
    this.#options = { ...options, stateDir: options.stateDir ?? options.runDir };
    const { PATH = '' } = process.env;
    this.#run = runner(options.path ?? `${PATH}:/usr/sbin:/sbin:/usr/bin:/bin`);
    this.#ask = asker(this.#run, (words) => options.log.write('warn', undefined, words));
    this.#book = new RouteBook(this.#run);
    this.#watch = new UplinkWatch(kernelView, this.#isOurs);
    this.#nameServers = new NameServerRoutes({
      ground: {
        run: this.#run,
        ask: this.#ask,
        view: kernelView,
        isTunnel: this.#isTunnel,
        isOurs: this.#isOurs,
        isHidden: (address) => this.#book.covers(address),
      },
      book: this.#book,
      journal: new Journal(NAME_SERVERS, options.runDir, options.runDir),
      owner: this.#owner,
    });
  }

  /** @param shares what somebody else does for this connection; nothing by default */
  connection(
    name: string,
    settings: RoutingSettings,
    uplinkChanged: (failure: Failure) => void,
    shares: Shares = {},
  ): ConnectionNetwork {
    const { runDir, stateDir, log } = this.#options;
    this.#devices.add(settings.device);
    return new LinuxConnection({
      name,
      settings,
      uplinkChanged,
      shares,
      log,
      resolvFile: join(runDir, `${encodeURIComponent(name)}.resolv.conf`),
      journal: new Journal(name, runDir, stateDir),
      owner: this.#owner,
      run: this.#run,
      ask: this.#ask,
      view: kernelView,
      book: this.#book,
      watch: this.#watch,
      isTunnel: this.#isTunnel,
      isOurs: this.#isOurs,
    });
  }

  pinBriefly(address: string, uplink: string | undefined, mark?: number): Promise<() => Promise<void>> {
    return this.#nameServers.pin(address, uplink, mark);
  }

  recover(hangUp: HangUp): Promise<void> {
    return recover({ ...this.#options, run: this.#run, view: kernelView }, hangUp);
  }

  async close(): Promise<void> {
    this.#watch.close();
  }

  readonly #isTunnel = (device: string): boolean => this.#devices.has(device);
  readonly #isOurs = (route: KernelRoute): boolean => this.#devices.has(route.device) || this.#book.isOurs(route);
}
