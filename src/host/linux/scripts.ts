/** How the user's up and down scripts are run, in the manner of pppd's ip-up and ip-down: told by environment, without a shell. */
import type { LinkUp } from '../../protocol/client-io.ts';
import { type Run, succeeded } from './command.ts';

export interface ScriptFacts {
  readonly event: 'up' | 'down';
  readonly connection: string;
  readonly device: string;
  readonly link: LinkUp;
  /** Those to be handed on; none when peer DNS is not wanted. */
  readonly nameServers: readonly string[];
  readonly resolvFile: string | undefined;
}

/** The names pppd uses, where it has one; ours begin with L2TPWAN_. Nothing of our own environment: it may hold secrets. */
export function scriptEnvironment({
  event,
  connection,
  device,
  link,
  nameServers,
  resolvFile,
}: ScriptFacts): Record<string, string> {
  const [dns1, dns2] = nameServers;
  const facts: Record<string, string | undefined> = {
    EVENT: event,
    IFNAME: device,
    IPLOCAL: link.localAddress,
    IPREMOTE: link.peerAddress,
    MTU: String(link.mtu),
    USEPEERDNS: dns1 === undefined ? undefined : '1',
    DNS1: dns1,
    DNS2: dns2,
    L2TPWAN_CONNECTION: connection,
    L2TPWAN_SERVER: link.server.address,
    L2TPWAN_RESOLV_FILE: resolvFile,
  };
  return Object.fromEntries(
    Object.entries(facts).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/**
 * @param say takes what the script writes, line by line
 * @param signal ends it before its 30 seconds are over
 * @returns words when the script failed
 */
export async function runScript(
  run: Run,
  path: string,
  facts: ScriptFacts,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  const outcome = await run([path], { environment: scriptEnvironment(facts), limitMs: SCRIPT_LIMIT_MS, signal });
  const lines = [outcome.output, outcome.errors]
    .flatMap((text) => text.split('\n'))
    .filter((line) => line.trim() !== '');
  for (const line of lines.slice(0, MOST_LINES)) say(line);
  if (lines.length > MOST_LINES) say(`… and ${lines.length - MOST_LINES} lines more`);
  return succeeded(outcome) ? undefined : `the ${facts.event} script ${path} failed: ${outcome.complaint}`;
}

/** The scripts of one connection: one at a time, in order, and never in the way for long. */
export class Scripts {
  readonly #run: Run;
  readonly #say: (line: string) => void;
  readonly #warn: (words: string) => void;
  #latest: { readonly ended: Promise<void>; readonly abort: AbortController } | undefined;

  constructor(run: Run, say: (line: string) => void, warn: (words: string) => void) {
    this.#run = run;
    this.#say = say;
    this.#warn = warn;
  }

  /** Runs a script, and goes on when it has ended or taken its while; then it goes on behind us. A down script ends an up script. */
  async start(path: string, facts: ScriptFacts): Promise<void> {
    const { event } = facts;
    const before = this.#latest;
    if (event === 'down') before?.abort.abort();
    const abort = new AbortController();
    const say = (line: string) => this.#say(`${event} script: ${line}`);
    const script = async () => {
      await before?.ended;
      const trouble = await runScript(this.#run, path, facts, say, abort.signal);
      if (trouble !== undefined) this.#warn(trouble);
    };
    const ended = script();
    this.#latest = { ended, abort };
    let patience: NodeJS.Timeout | undefined;
    const aWhile = new Promise<void>((resolve) => {
      patience = setTimeout(resolve, PATIENCE_MS[event]);
    });
    await Promise.race([ended, aWhile]);
    clearTimeout(patience);
  }
}

const SCRIPT_LIMIT_MS = 30_000;
/** Ours: a wish to stop may come meanwhile, and has 3 s. */
const PATIENCE_MS = { up: 2000, down: 1000 };
const MOST_LINES = 100;
