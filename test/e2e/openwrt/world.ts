/** A router and what is outside it, for one test; and what must hold after each: nothing is left behind. */
import { expect } from 'vitest';
import type { ConnectionStatus, Status } from '../../../src/daemon/status.ts';
import { run } from '../../lab/command.ts';
import { pause } from '../daemon.ts';
import { type Counts, FAR_ADDRESS, LNS_ADDRESS, Outside } from './outside.ts';
import { RigRouter } from './rig-router.ts';
import { type Changes, type Router, type Section, UPLINK, WAN } from './router.ts';
import { StandInRouter } from './stand-in-router.ts';

/** A directory with the commands enter, exec and leave: see openwrt.test.ts. */
export const { L2TPWAN_OPENWRT_RIG: RIG } = process.env;

/** An interface of ours, quick to dial again; the lab's account unless it says otherwise. */
export const campus = (more: Section = {}): Section => ({
  proto: 'l2tpwan',
  server: [LNS_ADDRESS],
  username: 'alice',
  password: 's3cret',
  hello: '3',
  echo_interval: '2',
  redial_first: '0.5',
  redial_max: '2',
  redial_slow: '3',
  metric: '10',
  ...more,
});

/** What netifd says of an interface, as far as it is looked at. */
export interface InterfaceStatus {
  readonly interface: string;
  readonly up: boolean;
  readonly pending: boolean;
  readonly autostart: boolean;
  readonly proto: string;
  readonly l3_device?: string;
  readonly device?: string;
  readonly 'ipv4-address'?: readonly {
    readonly address: string;
    readonly mask: number;
    readonly ptpaddress?: string;
  }[];
  readonly route?: readonly { readonly target: string; readonly mask: number; readonly metric?: number }[];
  readonly 'dns-server'?: readonly string[];
  readonly data?: Readonly<Record<string, unknown>>;
  readonly errors?: readonly { readonly subsystem: string; readonly code: string; readonly data?: readonly string[] }[];
}

export class World {
  readonly outside: Outside;
  readonly router: Router;
  readonly #configured = new Set<string>();
  #before: unknown;

  private constructor(outside: Outside, router: Router) {
    this.outside = outside;
    this.router = router;
  }

  /** Boots a router, its LNS and its uplink there and its daemon not, and runs `play` with it. */
  static async run(play: (world: World) => Promise<void>): Promise<void> {
    const outside = await Outside.create();
    let router: Router | undefined;
    try {
      router = RIG ? new RigRouter(RIG, outside) : await StandInRouter.create(outside);
      await outside.startLns();
      await router.boot();
      const world = new World(outside, router);
      world.#before = await world.#settled();
      await play(world).catch(async (error: Error) => {
        throw new Error(`${error.stack}\n--- log of the router\n${await world.router.log()}\n--- LNS\n${outside.log}`);
      });
      await world.#inspect();
    } finally {
      await router?.close();
      await outside.destroy();
    }
  }

  async configure(changes: Changes): Promise<void> {
    for (const name of Object.keys(changes)) this.#configured.add(name);
    await this.router.configure(changes);
  }

  async ifup(name: string): Promise<void> {
    await this.ifdown(name);
    await this.router.ubus('network.interface', 'up', { interface: name });
  }
  async ifdown(name: string): Promise<void> {
    await this.router.ubus('network.interface', 'down', { interface: name });
  }

  async status(name: string): Promise<InterfaceStatus> {
    return (await this.router.ubus('network.interface', 'status', { interface: name })) as InterfaceStatus;
  }
  async interfaces(): Promise<string[]> {
    const { interface: all } = (await this.router.ubus('network.interface', 'dump')) as {
      interface: InterfaceStatus[];
    };
    return all.map(({ interface: name }) => name).sort();
  }

  /** What the daemon says of a connection. */
  async connection(name = 'campus'): Promise<ConnectionStatus> {
    const { connections } = (await this.router.ubus('l2tpwan', 'status', { interface: name })) as Status;
    const found = connections[name];
    if (found === undefined) throw new Error(`no connection ${name}`);
    return found;
  }

  /** The answer as soon as it is as wanted. @throws Error after `withinMs` */
  async until<Answer>(
    ask: () => Promise<Answer>,
    wanted: (answer: Answer) => boolean,
    withinMs = 15_000,
  ): Promise<Answer> {
    const end = Date.now() + withinMs;
    let last: unknown;
    while (Date.now() < end) {
      try {
        const answer = await ask();
        if (wanted(answer)) return answer;
        last = answer;
      } catch (error) {
        last = error;
      }
      await pause(100);
    }
    throw new Error(
      `not so within ${withinMs / 1000} s: ${wanted}; last ${last instanceof Error ? last.message : JSON.stringify(last)}`,
    );
  }

  /** Up in netifd's eyes and in the daemon's. */
  async up(name = 'campus', withinMs = 15_000): Promise<ConnectionStatus> {
    await this.until(
      () => this.status(name),
      ({ up }) => up,
      withinMs,
    );
    return this.until(
      () => this.connection(name),
      ({ state }) => state === 'up',
      2000,
    );
  }
  failed(code: string, name = 'campus', withinMs = 15_000): Promise<InterfaceStatus> {
    return this.until(
      () => this.status(name),
      ({ errors = [] }) => errors.some((error) => error.code === code),
      withinMs,
    );
  }

  /** Through the tunnel. @throws CommandFailed a reply is missing */
  async ping(): Promise<void> {
    await run('ip', ['netns', 'exec', this.router.netns, 'ping', '-c', '3', '-i', '0.2', '-W', '2', FAR_ADDRESS]);
  }
  /** What goes to an address, `via 192.0.2.1 dev eth0`. */
  async wayTo(address: string): Promise<string> {
    const text = await run('ip', ['-n', this.router.netns, 'route', 'get', address]);
    return /(via \S+ )?dev \S+/.exec(text)?.[0] ?? text;
  }
  async routes(): Promise<string[]> {
    return linesOf(await run('ip', ['-n', this.router.netns, 'route', 'show', 'table', 'all']));
  }

  /** What goes to the LNS while something happens. */
  async during(happening: () => Promise<unknown>): Promise<Counts> {
    const before = await this.outside.counts();
    await happening();
    const after = await this.outside.counts();
    return Object.fromEntries(
      Object.entries(after).map(([name, count]) => [name, count - before[name as keyof Counts]]),
    ) as unknown as Counts;
  }

  /** Once nobody wants a tunnel any more: no trace of one. */
  async #inspect(): Promise<void> {
    const ours = [...this.#configured].filter((name) => name !== 'wan');
    await this.configure({ ...Object.fromEntries(ours.map((name) => [name, undefined])), wan: WAN });
    await this.until(
      () => this.interfaces(),
      (all) => !all.some((name) => ours.some((one) => name.startsWith(one))),
    );
    await this.router.stopDaemon();
    await this.until(
      () => this.#trace(),
      (trace) => JSON.stringify(trace) === JSON.stringify(this.#before),
      3000,
    ).catch(() => undefined);
    expect(await this.#trace()).toEqual(this.#before);
    const log = await this.router.log();
    expect(log, 'a secret in the log').not.toContain('s3cret');
    expect(log, 'an internal error').not.toMatch(/TypeError|ReferenceError|our bug|internal error/);
  }

  /** The trace once nothing moves any more: after a boot, hotplug scripts run for a while. */
  async #settled(): Promise<unknown> {
    let before: unknown;
    return this.until(
      async () => {
        const [last, now] = [before, await this.#trace()];
        before = now;
        await pause(200);
        return JSON.stringify(last) === JSON.stringify(now) ? now : undefined;
      },
      (trace) => trace !== undefined,
    );
  }

  /** All that could be left: links, routes, rules, nftables, processes, files with settings. */
  async #trace(): Promise<unknown> {
    const { netns } = this.router;
    const ip = (...words: string[]) => run('ip', ['-n', netns, ...words]);
    const texts = await Promise.all([
      ip('-o', 'link', 'show').then((text) => text.replaceAll(/^(\d+: )([^:@]+).*$/gm, '$2')),
      ip('-4', 'route', 'show', 'table', 'all'),
      ip('-6', 'route', 'show', 'table', 'all').then((text) => text.replaceAll(/ expires \S+/g, '')),
      ip('-4', 'rule', 'show'),
      ip('-6', 'rule', 'show'),
      run('ip', ['netns', 'exec', netns, 'nft', 'list', 'tables']),
    ]);
    texts.push(await run('sh', ['-c', PROCESSES, netns])); // with nothing of ours among them
    return texts.map((text) =>
      linesOf(text)
        .filter((line) => !OF_THE_KERNEL.test(line))
        .sort(),
    );
  }
}

/** A link-local address comes a second after its device. */
const OF_THE_KERNEL = new RegExp(`^(local fe80|anycast fe80|fe80::|multicast ff00).* dev ${UPLINK.device}`);

/** Command lines of what runs in a namespace. */
const PROCESSES =
  'exec 2>/dev/null; for pid in $(ip netns pids "$0"); do tr "\\0" " " <"/proc/$pid/cmdline" && echo; done; true';

const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
