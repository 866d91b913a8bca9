/**
 * Which base topic is ours, where several routers may use one broker.
 *
 * Whoever has a base topic says so in a retained BASE/bridge/info, with its id. Before the first connection of a life that may leave
 * anything behind, what is there is read: when it is another router's, ours is BASE-ID from then on. Should two find nothing at the same
 * time, each sees the other's info later, and the greater id yields.
 */
import * as z from 'zod/mini';
import { Topics } from './topics.ts';

const INFO = z.object({ id: z.string(), topics: z._default(z.array(z.string()), []) });

/** Ours: what a broker says of our past is not believed without end. */
const MOST_TOPICS = 4096;

/** What an info means for us: nothing; our base is another one now; somebody else believes to have our base, and will yield. */
export type Heard = 'nothing' | 'moved' | 'contested';

export class Claim {
  readonly #wish: string;
  readonly #id: string;
  readonly #answered = new Set<string>();
  readonly #earlier = new Set<string>();
  #other: { readonly id: string; readonly topics: readonly string[] } | undefined;

  constructor(wish: string, id: string) {
    this.#wish = wish;
    this.#id = id;
  }

  get base(): string {
    return this.#other === undefined ? this.#wish : `${this.#wish}-${this.#id}`;
  }
  /** The id of whoever has the base that was wished for; undefined: we do. */
  get displacedBy(): string | undefined {
    return this.#other?.id;
  }
  /** Topics on which who has what is said. */
  get watched(): readonly string[] {
    return [this.#wish, `${this.#wish}-${this.#id}`].map((base) => new Topics(base).of('bridgeInfo'));
  }
  /** Whether everything there is to know has been heard. */
  get isSettled(): boolean {
    return this.#answered.size === 2;
  }
  /** What an earlier run of ours has left with the broker. */
  get earlier(): ReadonlySet<string> {
    return this.#earlier;
  }
  /** Whether it is below the base that was wished for. */
  isBelowWish(topic: string): boolean {
    return topic.startsWith(`${this.#wish}/`);
  }
  /** Whether the other one says that this topic is its own. */
  isOthers(topic: string): boolean {
    return this.#other?.topics.includes(topic) === true || this.watched[0] === topic;
  }

  /** @param isConnected whether we have said already that the base is ours */
  hear(topic: string, payload: string, isConnected: boolean): Heard {
    this.#answered.add(topic);
    const info = read(payload);
    if (info === undefined) return 'nothing';
    if (info.id === this.#id) {
      if (!isConnected)
        for (const each of info.topics.slice(0, MOST_TOPICS)) if (this.#mayBeOurs(each)) this.#earlier.add(each);
      return 'nothing';
    }
    if (topic !== this.watched[0]) return 'nothing';
    if (this.#other === undefined && isConnected && this.#id < info.id) return 'contested';
    const isNews = this.#other === undefined;
    this.#other = info;
    return isNews ? 'moved' : 'nothing';
  }

  /** Anybody may have written it: nothing is taken away that could not be ours. */
  #mayBeOurs(topic: string): boolean {
    const isBelow = [this.#wish, `${this.#wish}-${this.#id}`].some((base) => topic.startsWith(`${base}/`));
    const isDiscovery = topic.includes(`/device/l2tpwan_${this.#id}_`) && topic.endsWith('/config');
    return (isBelow || isDiscovery) && !/[+#\0]/.test(topic);
  }
}

function read(payload: string): z.output<typeof INFO> | undefined {
  try {
    const parsed = INFO.safeParse(JSON.parse(payload));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}
