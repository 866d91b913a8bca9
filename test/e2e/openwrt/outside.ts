/** Everything outside the router: the provider's end of the wire, the LNS, what is behind it, a name server, and somebody who counts. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Netns } from '../../lab/lab.ts';
import { UPLINK } from './router.ts';

const LAB = fileURLToPath(new URL('../../../dist/l2tpwan-lab.cjs', import.meta.url));
const NAME_SERVER = fileURLToPath(new URL('../name-server.mjs', import.meta.url));

export const LNS_ADDRESS = '198.51.100.72';
/** Answers pings, behind the LNS. */
export const FAR_ADDRESS = '203.0.113.1';
export const DNS_BEHIND = '203.0.113.53';

/** Control messages that are counted on their way to the LNS, by their message type (RFC 2661 section 3.2). */
const COUNTED = { SCCRQ: 1, StopCCN: 4, CDN: 14 } as const;
export type Counts = Readonly<Record<keyof typeof COUNTED, number>>;

export class Outside {
  readonly netns: Netns;
  #lns: ChildProcess | undefined;
  #log = '';

  private constructor(netns: Netns) {
    this.netns = netns;
  }

  static async create(): Promise<Outside> {
    const outside = new Outside(await Netns.create('isp'));
    for (const address of [LNS_ADDRESS, FAR_ADDRESS, DNS_BEHIND])
      await outside.netns.exec('ip', ['address', 'add', `${address}/32`, 'dev', 'lo']);
    await outside.netns.exec('nft', [RULES]);
    return outside;
  }

  /** A wire to a router of this machine, as `eth0` there; the router's own address is not our business. */
  async connect(router: string): Promise<void> {
    const near = ['link', 'add', 'wan0', 'type', 'veth', 'peer', 'name', UPLINK.device, 'netns', router];
    await this.netns.exec('ip', near);
    await this.netns.exec('ip', ['address', 'add', `${UPLINK.gateway}/24`, 'dev', 'wan0']);
    await this.netns.exec('ip', ['link', 'set', 'wan0', 'up']);
  }

  /** The cable of the uplink, at this end of it. */
  async plug(where: 'in' | 'out'): Promise<void> {
    const found = await this.netns.exec('ip', ['-o', '-4', 'address', 'show', 'to', UPLINK.gateway]);
    const [, device = ''] = found.split(/\s+/);
    await this.netns.exec('ip', ['link', 'set', device, where === 'in' ? 'up' : 'down']);
  }

  /** Everything that the LNS has said. */
  get log(): string {
    return this.#log;
  }

  /** Its PPP address is the one that is dialled: the case in which others route a tunnel into itself. */
  async startLns(): Promise<void> {
    const account = ['--user', 'alice:s3cret', '--pool', '10.64.0.0/24', '--local', LNS_ADDRESS];
    const rest = ['--dns', DNS_BEHIND, '--ipv6', '--hello', '5', '--tun', 'lns0'];
    const args = [LAB, 'lns', '--listen', LNS_ADDRESS, ...account, ...rest];
    const lns = this.netns.spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#lns = lns;
    await new Promise<void>((resolve, reject) => {
      for (const stream of [lns.stdout, lns.stderr])
        stream?.setEncoding('utf8').on('data', (text: string) => {
          this.#log += text;
          if (text.includes('listening on')) resolve();
        });
      lns.once('exit', () => reject(new Error(`the LNS did not start: ${this.#log}`)));
    });
  }

  /** Dead at once, without a goodbye. */
  async killLns(): Promise<void> {
    const lns = this.#lns;
    if (lns === undefined) return;
    const exit = once(lns, 'exit');
    lns.kill('SIGKILL');
    await exit;
  }

  /** Whatever name it is asked for is the LNS. */
  async startNameServer(): Promise<void> {
    const server = this.netns.spawn(process.execPath, [NAME_SERVER, '53', LNS_ADDRESS, UPLINK.gateway]);
    await once(server.stdout ?? server, 'data');
  }

  async counts(): Promise<Counts> {
    const text = await this.netns.exec('nft', ['list', 'counters']);
    const entries = Object.keys(COUNTED).map((name) => {
      const found = new RegExp(`counter ${name} \\{\\s+packets (\\d+)`).exec(text);
      return [name, Number(found?.[1] ?? Number.NaN)];
    });
    return Object.fromEntries(entries) as Counts;
  }

  destroy(): Promise<void> {
    return this.netns.destroy();
  }
}

/** A control message: T, L and S, version 2; its first AVP is the message type, behind 12 octets of header and 6 of its own. */
const RULES = `table inet watch {
  ${Object.keys(COUNTED)
    .map((name) => `counter ${name} { }`)
    .join('\n  ')}
  chain input {
    type filter hook input priority 0;
    ${Object.entries(COUNTED)
      .map(([name, type]) => `udp dport 1701 @th,64,16 0xc802 @th,208,16 ${type} counter name ${name}`)
      .join('\n    ')}
  }
}`;
