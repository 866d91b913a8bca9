/** Which addresses the servers of one connection have now, or had when last we knew. */
import type { Clock } from '../ports/clock.ts';
import { HostError } from '../ports/host-error.ts';
import type { ResolverPort } from '../ports/resolver.ts';
import type { Candidate } from '../protocol/client-io.ts';
import type { Failure } from '../protocol/failure.ts';
import type { Server } from '../protocol/settings.ts';

/** How long a name may keep servers waiting whose addresses are known, ms. Ours: a name server that lives answers within one. */
const PATIENCE_MS = 3000;

export interface Found {
  /** In the order of the servers. */
  readonly candidates: readonly Candidate[];
  /** When some name could not be resolved, or not in time. */
  readonly failure: Failure | undefined;
  /** What was thrown without being a HostError: mistakes of ours. */
  readonly mistakes: readonly unknown[];
}

type Answer = { addresses: readonly string[] } | { wrong: string; mistake?: unknown };

export class Lookup {
  readonly #resolve: (host: string) => Promise<readonly string[]>;
  readonly #clock: Clock;
  readonly #lastGood = new Map<string, readonly string[]>();

  constructor(resolver: ResolverPort, uplink: string | undefined, nameServers: readonly string[], clock: Clock) {
    this.#resolve = (host) => resolver.resolve(host, uplink, nameServers);
    this.#clock = clock;
  }

  /** Never rejects. */
  async find(servers: readonly Server[]): Promise<Found> {
    const answers = new Map<string, Answer>();
    const all = Promise.all([...new Set(servers.map(({ host }) => host))].map((host) => this.#ask(host, answers)));
    await this.#untilPatienceEnds(all, () => [...answers.values()].some((answer) => 'addresses' in answer));
    const wrong = servers.flatMap(({ host }) => {
      const answer = answers.get(host) ?? { wrong: `${host}: no answer within ${PATIENCE_MS / 1000} s` };
      return 'wrong' in answer ? [answer] : [];
    });
    const details = [...new Set(wrong.map((answer) => answer.wrong))];
    return {
      candidates: servers.flatMap(({ host, port }) =>
        (this.#lastGood.get(host) ?? []).map((address) => ({ name: host, address, port })),
      ),
      failure: details.length === 0 ? undefined : { code: 'resolve-failed', detail: details.join('; ') },
      mistakes: wrong.flatMap((answer) => ('mistake' in answer ? [answer.mistake] : [])),
    };
  }

  async #ask(host: string, answers: Map<string, Answer>): Promise<void> {
    try {
      const addresses = await this.#resolve(host);
      answers.set(host, { addresses });
      this.#lastGood.set(host, addresses);
    } catch (error) {
      if (error instanceof HostError) answers.set(host, { wrong: error.failure.detail });
      else answers.set(host, { wrong: `${host}: internal error`, mistake: error });
    }
  }

  /** As soon as everything is answered; or when patience ends and something is. */
  async #untilPatienceEnds(all: Promise<unknown>, enough: () => boolean): Promise<void> {
    let alarm: { close(): void } | undefined;
    const patience = new Promise<void>((resolve) => {
      const ring = this.#clock.alarm(() => resolve());
      ring.set(this.#clock.now() + PATIENCE_MS);
      alarm = ring;
    });
    await Promise.race([all, patience]);
    alarm?.close();
    if (!enough()) await all;
  }
}
