/**
 * One cell of the end-to-end matrix: a namespace, an LNS or more, a daemon, and afterwards the proof that nothing is left behind
 * and that everything we sent is well formed in the eyes of tshark.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { readDial } from '../lab/dial-capture.ts';
import { type Capture, type Lns, type LnsKind, type LnsOptions, marks, Netns, startLns } from '../lab/lab.ts';
import { type ConnectionFile, Daemon, type DaemonOptions, pause } from './daemon.ts';

export class Cell {
  readonly netns: Netns;
  /** For whatever a test needs on disk; it goes with the cell. */
  readonly directory = mkdtempSync(join(tmpdir(), 'l2tpwan-cell-'));
  readonly #servers: Lns[] = [];
  readonly #captures: Capture[] = [];
  readonly #daemons: Daemon[] = [];
  #before: unknown;

  private constructor(netns: Netns) {
    this.netns = netns;
  }

  /** Runs `play` in a cell of its own; what it checks at the end holds for every cell. */
  static async run(label: string, play: (cell: Cell) => Promise<void>): Promise<void> {
    const cell = new Cell(await Netns.create(label));
    // Link-local addresses without a second of doubt: otherwise they appear in the middle of the test.
    await cell.netns.exec('sysctl', ['-qw', 'net.ipv6.conf.default.accept_dad=0', 'net.ipv6.conf.all.accept_dad=0']);
    try {
      await play(cell);
      await cell.#inspect();
    } catch (error) {
      const logs = await Promise.all(cell.#servers.map((each) => each.log().catch(() => '')));
      const state = await Promise.all(cell.#daemons.map((each) => each.command('status').catch(() => '')));
      const network = await cell.netns.exec('ip', ['addr']).catch(() => '');
      const said = [
        ...cell.#daemons.map(({ log }) => log),
        ...state,
        network,
        ...logs.map((log) => log.slice(-4000)),
      ].join('\n--- \n');
      throw new Error(`${(error as Error).stack}\n--- logs\n${said}`);
    } finally {
      await cell.#tearDown();
    }
  }

  async lns<K extends LnsKind>(kind: K, options: LnsOptions[K] = {} as LnsOptions[K]): Promise<Lns> {
    const server = await startLns(kind, this.netns, options);
    this.#servers.push(server);
    return server;
  }

  /** Starts capturing on a device, remembers how the namespace looks, and starts the daemon. */
  async daemon(
    connections: ConnectionFile | Readonly<Record<string, ConnectionFile>>,
    options: DaemonOptions = {},
  ): Promise<Daemon> {
    const named = 'servers' in connections ? { wan: connections } : (connections as Record<string, ConnectionFile>);
    if (this.#before === undefined) {
      for (const link of await this.netns.links())
        if (link !== 'lo')
          this.#captures.push(
            await this.netns.capture(
              link,
              join(this.directory, `${link}.pcap`),
              'udp port 1701 or (ip[6:2] & 0x1fff != 0)',
            ),
          );
      this.#before = await this.netns.state();
    }
    const daemon = new Daemon(this.netns, named, options);
    this.#daemons.push(daemon);
    return daemon.start();
  }

  /** Pings through the tunnel. @throws CommandFailed when a reply is missing */
  async ping(address = '203.0.113.1', count = 3, ...more: string[]): Promise<void> {
    // SoftEther's NAT needs a moment, some three seconds, for the first packet, and IPv6 waits for a router's advertisement; none
    // may be lost after that.
    const first = () =>
      this.netns.exec('ping', ['-c', '1', '-W', '1', ...more, address]).then(
        () => true,
        () => false,
      );
    for (let tries = 0; tries < 10 && !(await first()); tries++) await pause(300);
    await this.netns.exec('ping', ['-c', String(count), '-i', '0.2', '-W', '2', ...more, address]);
  }

  /** The address as which the far side sees a TCP connection of ours. */
  async whoami(address = '203.0.113.1'): Promise<string> {
    return (await this.netns.tool('socat', ['-T5', '-', `TCP:${address}:8080`])).trim();
  }

  /** Round trips of the first dial over the first of the namespace's links. @throws Error no dial succeeded there */
  async roundTrips(client = '10.0.2.2'): Promise<number> {
    await pause(300);
    const [capture] = this.#captures;
    if (capture === undefined) throw new Error('nothing is captured');
    return (await readDial(capture.file, client)).roundTrips;
  }

  /** What every cell must satisfy once it has played: no daemon, no trace of it, no malformed packet of ours. */
  async #inspect(): Promise<void> {
    for (const daemon of this.#daemons) expect(await daemon.stop(), 'time to stop, ms').toBeLessThan(3500);
    if (this.#before !== undefined) expect(await this.netns.state()).toEqual(this.#before);
    await this.#stopCaptures();
    for (const { file } of this.#captures) {
      const wrong = await marks(file, 'l2tp && udp.dstport == 1701', 'warning');
      expect(wrong).toEqual([]);
    }
    for (const { log } of this.#daemons) {
      expect(log, 'a secret in the log').not.toMatch(/s3cret|tunn3l/);
      expect(log, 'an internal error').not.toMatch(/TypeError|ReferenceError|our bug|internal error/);
    }
  }

  async #stopCaptures(): Promise<void> {
    for (const capture of this.#captures) await capture.stop();
  }

  async #tearDown(): Promise<void> {
    for (const daemon of this.#daemons) await daemon.destroy();
    await this.#stopCaptures();
    for (const server of this.#servers) await server.stop();
    await this.netns.destroy();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
