/** The lab's three LNSes for the end-to-end tests. Needs root; see README.md beside this file. */
import { run } from './command.ts';
import { type Netns, script } from './netns.ts';

export { type Capture, Netns } from './netns.ts';
export { marks, packets } from './tshark.ts';

export type LnsKind = 'xl2tpd' | 'softether' | 'l2tpns';

/** Settings that all three have; what each means and its default is printed by the script, `test/lab/lns-KIND`. */
interface CommonOptions {
  /** Tells several LNSes of one kind in one client namespace apart; give them outer nets of their own. */
  readonly tag?: string;
  /** Name of the veth in the client's namespace. */
  readonly ifname?: string;
  /** The client's outer address, in a /24. */
  readonly client?: string;
  /** The LNS's outer address. */
  readonly lns?: string;
  /** Of the outer link, octets. */
  readonly mtu?: number;
  /** 1: behind a router, the client's default gateway. */
  readonly hop?: 0 | 1;
  /** Of that default route. */
  readonly metric?: number;
  readonly inner?: string;
  readonly dns1?: string;
  readonly dns2?: string;
  readonly inner6?: string;
  readonly user?: string;
  readonly pass?: string;
  /** no: as silent on an idle tunnel as it can be made. */
  readonly chatty?: 'yes' | 'no';
  /** File for a capture of the outer link until the end. */
  readonly cap?: string;
}

export interface LnsOptions {
  readonly xl2tpd: CommonOptions & {
    readonly local?: string;
    readonly pool?: string;
    readonly auth?: 'chap' | 'pap' | 'mschap-v2' | 'mschap' | 'eap' | 'any' | 'none';
    readonly mode?: 'kernel' | 'pty';
    readonly secret?: string;
    readonly hidden?: 'yes' | 'no';
    readonly ipv6?: 0 | 1;
    readonly mppe?: 0 | 1;
    readonly ccp?: 0 | 1;
    readonly vj?: 0 | 1;
    readonly mru?: number;
    /** LCP echo interval, s; 0: none. */
    readonly echo?: number;
    readonly echofail?: number;
    readonly name?: string;
    readonly pppopt?: string;
    readonly xlopt?: string;
  };
  readonly softether: Omit<CommonOptions, 'hop'> & {
    /** asym: behind a router, and answering from another address than the one dialled. */
    readonly hop?: 0 | 1 | 'asym';
    readonly net?: string;
    readonly nat?: 'user' | 'raw' | 'kernel';
  };
  readonly l2tpns: CommonOptions & {
    readonly auth?: string;
    readonly secret?: string;
    readonly peer?: string;
    readonly pool?: string;
    readonly l2tpmtu?: number;
    readonly ipv6?: 0 | 1;
    /** LCP echo interval, s. */
    readonly echo?: number;
    readonly debug?: number;
  };
}

/** A running LNS. Every method may throw CommandFailed. */
export interface Lns {
  readonly kind: LnsKind;
  /** Where it listens, UDP 1701. */
  readonly address: string;
  /** Its network namespace: `wan0` there is the other end of the outer link. */
  readonly netns: string;
  /** The directory of its logs and configuration. */
  readonly directory: string;
  /** Takes it down at once, without a goodbye, with its link and namespace. */
  stop(): Promise<void>;
  /**
   * Sends a signal to its daemon, or to a program of it (`pppd`). KILL: a crash. TERM: xl2tpd says StopCCN, and so does
   * l2tpns on QUIT; softether says nothing. The addresses stay; `start` starts it again.
   */
  kill(signal: string, program?: string): Promise<void>;
  /** Starts the daemon again after a `kill`; resolves when UDP 1701 answers. */
  start(): Promise<void>;
  /** Kills the daemon (and its pppds), waits until it is gone, starts it again. @param signal default KILL */
  restart(signal?: string): Promise<void>;
  /** Runs a shell command inside (for xl2tpd: on its own kernel); gives what it printed. */
  exec(command: string): Promise<string>;
  /** l2tpns: a command of its console. softether: one of vpncmd. */
  command(words: string): Promise<string>;
  /** All its logs. */
  log(): Promise<string>;
}

/**
 * Starts an LNS at the other end of a new link of `client`; resolves when UDP 1701 answers, after 1 to 2 s.
 * It ends with this process at the latest.
 * @throws CommandFailed with its last logs
 */
export async function startLns<K extends LnsKind>(
  kind: K,
  client: Netns,
  options: LnsOptions[K] = {} as LnsOptions[K],
): Promise<Lns> {
  const { tag, ...settings } = options;
  const instance = tag === undefined ? client.name : `${client.name}/${tag}`;
  const call = (verb: string, ...args: string[]) => run(script(`lns-${kind}`), [verb, instance, ...args]);
  const pairs = Object.entries(settings).map(([key, value]) => `${key}=${value}`);
  await call('up', `owner=${process.pid}`, ...pairs);
  const quietly = (promise: Promise<string>): Promise<void> => promise.then(() => undefined);
  return {
    kind,
    address: (await call('setting', 'lns')).trim(),
    netns: `${client.name}-${kind}${tag === undefined ? '' : `-${tag}`}`,
    directory: (await call('env')).trim(),
    stop: () => quietly(call('down')),
    kill: (signal, program) => quietly(call('kill', signal, ...(program === undefined ? [] : [program]))),
    start: () => quietly(call('start')),
    restart: (signal = 'KILL') => quietly(call('restart', signal)),
    exec: (command) => call('exec', command),
    command: (words) => call(kind === 'softether' ? 'cmd' : 'cli', words),
    log: () => call('log'),
  };
}
