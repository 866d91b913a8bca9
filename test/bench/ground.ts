/** What the measurements put on the machine, so that all of it can be taken away again at any moment. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectionFile, Daemon, type DaemonOptions } from '../e2e/daemon.ts';
import { type Capture, type Lns, type LnsKind, type LnsOptions, Netns, startLns } from '../lab/lab.ts';

/** Where every LNS of the lab listens. */
export const LNS_ADDRESS = '10.0.2.72';
/** The client's end of the outer link. */
export const CLIENT_ADDRESS = '10.0.2.2';

export class Ground {
  /** For captures and scripts; gone afterwards. */
  readonly directory = mkdtempSync(join(tmpdir(), 'l2tpwan-bench-'));
  #clearing: Promise<void> | undefined;
  readonly #undo: (() => unknown)[] = [() => rmSync(this.directory, { recursive: true, force: true })];

  /** Has something done when all is taken away, the latest first. */
  defer(undo: () => unknown): void {
    this.#undo.push(undo);
  }

  /** Has a program ended when all is taken away, and waits for its end. */
  own(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): void {
    this.defer(async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill(signal);
      await exit;
    });
  }

  async netns(): Promise<Netns> {
    const netns = await Netns.create('bench');
    this.defer(() => netns.destroy());
    return netns;
  }

  async lns<K extends LnsKind>(kind: K, client: Netns, options: LnsOptions[K]): Promise<Lns> {
    const lns = await startLns(kind, client, options);
    this.defer(() => lns.stop());
    return lns;
  }

  /** A daemon, not yet started, with one connection of that name; it keeps the daemon's own intervals, and the routing alone. */
  daemon(netns: Netns, name = 'wan', fields: ConnectionFile = {}, options: DaemonOptions = {}): Daemon {
    const connection = { servers: [LNS_ADDRESS], defaultRoute: false, hello: 60, echo: 10, ...fields };
    const daemon = new Daemon(netns, { [name]: connection }, options);
    this.defer(() => daemon.destroy());
    return daemon;
  }

  /** Captures L2TP on the client's only link. */
  async capture(netns: Netns, name: string): Promise<Capture> {
    const device = (await netns.links()).find((link) => link !== 'lo') ?? 'lo';
    const capture = await netns.capture(device, join(this.directory, `${name}.pcap`), 'udp port 1701');
    this.defer(() => capture.stop());
    return capture;
  }

  /** Takes everything away; what cannot be is no reason to leave the rest. A second time waits for the first. */
  clear(): Promise<void> {
    this.#clearing ??= this.#takeAway();
    return this.#clearing;
  }

  async #takeAway(): Promise<void> {
    for (const undo of this.#undo.reverse()) {
      // A Ctrl-C is heard by the script that is just taking something away, too: it is told once more.
      const attempt = async () => await undo();
      await attempt()
        .catch(attempt)
        .catch((error: Error) => process.stderr.write(`bench: ${error.message}\n`));
    }
  }
}
