/**
 * Four namespaces in a row, and programs in them, for one tunnel that goes from the first to the third:
 *
 *     near ─ wan0 ─── a0 ─ middle ─ b0 ─── wan0 ─ far ─ lan0 ─── lan0 ─ behind
 *          10.9.1.2   10.9.1.1   10.9.2.1   10.9.2.2   10.9.3.1    10.9.3.2
 *     tun: 10.8.0.1 ══════════════════════════ 10.8.0.2
 *
 * IPv6 has the same last numbers in fd00:9:1::/64, fd00:9:2::/64, fd00:9:3::/64 and fd00:8::/64.
 */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { loadNative } from '../../../src/host/native/koffi.ts';
import { inNamespace } from '../namespace-thread.ts';
import { Agent, IP, type Program } from './agent.ts';
import type { CaptureDuties } from './capture.ts';
import type { EndDuties, EndOptions } from './end.ts';
import type { MiddleDuties } from './middle.ts';
import type { TrafficDuties } from './traffic.ts';

const PLACES = ['near', 'middle', 'far', 'behind'] as const;
export type Place = (typeof PLACES)[number];
export type Side = 'near' | 'far';

/** Name of the tunnel's device at either end. */
export const TUNNEL = 'l2d-tun';
export const ADDRESS = {
  inside: { near: { 4: '10.8.0.1', 6: 'fd00:8::1' }, far: { 4: '10.8.0.2', 6: 'fd00:8::2' } },
  outside: { near: { 4: '10.9.1.2', 6: 'fd00:9:1::2' }, far: { 4: '10.9.2.2', 6: 'fd00:9:2::2' } },
  /** The middle's, as the near and the far end see it. */
  middle: { near: { 4: '10.9.1.1', 6: 'fd00:9:1::1' }, far: { 4: '10.9.2.1', 6: 'fd00:9:2::1' } },
  behind: { 4: '10.9.3.2', 6: 'fd00:9:3::2' },
} as const;
export const UDP_PORT = 1701;
const USUAL_MTU = 1460;

/** What both ends have in common, and what a test wants otherwise. */
export type TunnelOptions = Partial<Omit<EndOptions, 'device' | 'uplink' | 'local' | 'peer'>> & {
  readonly outside?: 4 | 6;
  /** Each end takes the middle for the other one. */
  readonly isThroughMiddle?: boolean;
};

export class Field {
  readonly ends: Record<Side, Agent<EndDuties>>;
  readonly users: Record<Side | 'behind', Agent<TrafficDuties>>;
  readonly middle: Agent<MiddleDuties>;
  readonly capture: Agent<CaptureDuties>;
  readonly #name: string;
  readonly #programs: string;
  readonly #agents: Agent<never>[] = [];

  /** @param programs where the bundled programs are */
  constructor(programs: string) {
    this.#name = `l2d${process.pid}`;
    this.#programs = programs;
    try {
      this.#furnish();
      this.ends = { near: this.start('end', 'near'), far: this.start('end', 'far') };
      this.users = {
        near: this.start('traffic', 'near'),
        far: this.start('traffic', 'far'),
        behind: this.start('traffic', 'behind'),
      };
      this.middle = this.start('middle', 'middle');
      this.capture = this.start('capture', 'behind');
    } catch (error) {
      this.#demolish();
      throw error;
    }
  }

  #furnish(): void {
    for (const place of PLACES) {
      execFileSync(IP, ['netns', 'add', this.nameOf(place)]);
      this.run(place, 'sysctl', '-qw', ...SETTINGS);
    }
    this.ip('near', [
      'link set lo up',
      `link add wan0 type veth peer name a0 netns ${this.nameOf('middle')}`,
      ...upWith('wan0', '10.9.1.2/24', 'fd00:9:1::2/64'),
      'route add default via 10.9.1.1',
      'route add default via fd00:9:1::1',
    ]);
    this.ip('middle', [
      `link add b0 type veth peer name wan0 netns ${this.nameOf('far')}`,
      ...upWith('a0', '10.9.1.1/24', 'fd00:9:1::1/64'),
      ...upWith('b0', '10.9.2.1/24', 'fd00:9:2::1/64'),
    ]);
    this.ip('far', [
      'link set lo up',
      `link add lan0 type veth peer name lan0 netns ${this.nameOf('behind')}`,
      ...upWith('wan0', '10.9.2.2/24', 'fd00:9:2::2/64'),
      ...upWith('lan0', '10.9.3.1/24', 'fd00:9:3::1/64'),
      'route add default via 10.9.2.1',
      'route add default via fd00:9:2::1',
    ]);
    this.ip('behind', [
      'link set lo up',
      ...upWith('lan0', '10.9.3.2/24', 'fd00:9:3::2/64'),
      'route add default via 10.9.3.1',
      'route add default via fd00:9:3::1',
    ]);
  }

  nameOf(place: Place): string {
    return `${this.#name}-${place}`;
  }

  /** Commands of iproute2. */
  ip(place: Place, commands: readonly string[]): void {
    const argv = ['-n', this.nameOf(place), '-batch', '-'];
    execFileSync(IP, argv, { input: `${commands.join('\n')}\n`, stdio: 'pipe' });
  }

  /** Any program. @returns its output */
  run(place: Place, ...argv: string[]): string {
    return execFileSync(IP, ['netns', 'exec', this.nameOf(place), ...argv], { encoding: 'utf8', stdio: 'pipe' });
  }

  /** Any program, while this one goes on. @returns its output */
  async runBeside(place: Place, ...argv: string[]): Promise<string> {
    return (await promisify(execFile)(IP, ['netns', 'exec', this.nameOf(place), ...argv])).stdout;
  }

  /** Rules of one chain; packets are counted by `counter name NAME`, each of `counters`. Replaces what was there before. */
  nft(place: Place, chain: 'input' | 'output', counters: readonly string[], rules: readonly string[]): void {
    const hook = chain === 'input' ? 'prerouting priority -300' : 'output priority 0';
    const input = [
      ...['table inet t', 'delete table inet t', 'table inet t {'],
      ...counters.map((name) => `counter ${name} { }`),
      ...['chain c {', `type filter hook ${hook};`, ...rules, '}', '}', ''],
    ].join('\n');
    execFileSync(IP, ['netns', 'exec', this.nameOf(place), 'nft', '-f', '-'], { input, stdio: 'pipe' });
  }
  counted(place: Place, counter: string): number {
    return Number(/packets (\d+)/.exec(this.run(place, 'nft', 'list', 'counter', 'inet', 't', counter))?.[1]);
  }

  start<Duties extends Record<string, (...words: never[]) => unknown>>(program: Program, place: Place): Agent<Duties> {
    const agent = new Agent<Duties>(this.#programs, program, this.nameOf(place));
    this.#agents.push(agent as unknown as Agent<never>);
    return agent;
  }

  /**
   * Opens both ends and gives the devices their addresses and routes. Both ends listen before either has a device that is up: the
   * kernel has something to say as soon as it has one (MLD), and everything that is sent is to arrive.
   */
  async open(options: TunnelOptions = {}, ends = this.ends): Promise<void> {
    const sides = ['near', 'far'] as const;
    await Promise.all(sides.map((side) => this.#openPath(side, options, ends[side])));
    await Promise.all(sides.map((side) => this.#bringUp(side, options)));
  }

  async openEnd(side: Side, options: TunnelOptions): Promise<void> {
    await this.#openPath(side, options, this.ends[side]);
    await this.#bringUp(side, options);
  }

  async #openPath(side: Side, options: TunnelOptions, end: Field['ends'][Side]): Promise<void> {
    const { outside = 4, isThroughMiddle = false, ...rest } = { mtu: USUAL_MTU, ...options };
    const other = side === 'near' ? 'far' : 'near';
    const local = { address: ADDRESS.outside[side][outside], port: UDP_PORT };
    const peer = {
      address: (isThroughMiddle ? ADDRESS.middle[side] : ADDRESS.outside[other])[outside],
      port: UDP_PORT,
    };
    await end.call('open', { ...rest, device: TUNNEL, uplink: 'wan0', local, peer });
  }

  async #bringUp(side: Side, { mtu = USUAL_MTU }: TunnelOptions): Promise<void> {
    const [here, there] = [ADDRESS.inside[side], ADDRESS.inside[side === 'near' ? 'far' : 'near']];
    this.ip(side, [
      `addr add ${here[4]}/32 peer ${there[4]} dev ${TUNNEL}`,
      `addr add ${here[6]}/128 dev ${TUNNEL} nodad`,
      `link set dev ${TUNNEL} mtu ${mtu} up`,
      `route add ${there[6]} dev ${TUNNEL}`,
      ...(side === 'near' ? [`route add 10.9.3.0/24 dev ${TUNNEL}`, `route add fd00:9:3::/64 dev ${TUNNEL}`] : []),
    ]);
    // The kernel makes an IPv6 address its own a little later than it says so.
    for (let tries = 0; tries < 100; tries++) {
      if (this.run(side, IP, 'route', 'get', here[6]).startsWith('local')) return;
      await sleep(10);
    }
    throw new Error(`${here[6]} does not become an address of ${side}`);
  }

  async close(): Promise<void> {
    await Promise.all([this.ends.near.call('close'), this.ends.far.call('close')]);
  }

  /** Switches something that a network card could do: see {@link CARD}. */
  card(place: Place, device: string, what: keyof typeof CARD, isOn: boolean): void {
    const native = loadNative();
    const value = native.arena(8);
    value.words.set([CARD[what], isOn ? 1 : 0]);
    const ifreq = native.arena(40);
    ifreq.bytes.set(new TextEncoder().encode(device));
    native.layout.putLong(ifreq.words, 16, value.address);
    const result = inNamespace(this.nameOf(place), () => {
      const fd = native.libc.socket(2, 2, 0);
      const done = native.libc.ioctl(fd, SIOCETHTOOL, ifreq.bytes);
      native.libc.close(fd);
      return done;
    });
    if (result !== 0) throw new Error(`${device} cannot switch ${what}`);
  }

  async remove(): Promise<void> {
    try {
      await Promise.all(this.#agents.map((agent) => agent.kill()));
    } finally {
      this.#demolish();
    }
  }

  #demolish(): void {
    for (const place of PLACES) spawnSync(IP, ['netns', 'del', this.nameOf(place)]);
  }
}

/** Commands of linux/ethtool.h that set one thing. */
const CARD = { checksums: 0x17, segmentation: 0x1f, softwareSegmentation: 0x24, coalescing: 0x2c } as const;
const SIOCETHTOOL = 0x8946;

const SETTINGS = [
  ...['all', 'default'].flatMap((which) => [
    `net.ipv4.conf.${which}.rp_filter=0`,
    `net.ipv6.conf.${which}.forwarding=1`,
    `net.ipv6.conf.${which}.accept_dad=0`,
  ]),
  'net.ipv4.ip_forward=1',
];

const upWith = (device: string, ...addresses: string[]): string[] => [
  ...addresses.map((address) => `addr add ${address} dev ${device}`),
  `link set ${device} up`,
];
