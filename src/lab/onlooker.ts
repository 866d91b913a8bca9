/** What somebody sees who has subscribed to everything: a line for each message, and no more of it than fits there. */

interface Seen {
  readonly [field: string]: unknown;
}

const WIDTH = 28;

export class Onlooker {
  readonly #last = new Map<string, string>();

  /** undefined: the same was said there before. */
  lineOf(topic: string, payload: string): string | undefined {
    const words = wordsOf(topic, payload);
    if (this.#last.get(topic) === words) return undefined;
    this.#last.set(topic, words);
    return `${topic.padEnd(WIDTH)}  ${words}`;
  }
}

function wordsOf(topic: string, payload: string): string {
  if (payload === '') return '(taken away)';
  const seen = read(payload);
  if (seen === undefined) return payload;
  if ('components' in seen) return discovery(seen);
  if ('rx_rate' in seen) return stats(seen);
  if ('last_failure' in seen) return connection(seen);
  if (topic.endsWith('/bridge/info')) return `l2tpwan ${seen.version} on ${seen.host}, ${seen.runtime}`;
  if (typeof seen.words === 'string') return seen.words;
  return payload;
}

function discovery({ device, components }: Seen): string {
  const entities = Object.entries(components as Record<string, Seen>);
  const [first, second, third, ...more] = entities.filter(([, { name }]) => name !== undefined).map(([name]) => name);
  const { name } = device as Seen;
  return `Home Assistant, here is "${name}": ${first}, ${second}, ${third} and ${more.length} more entities`;
}

function connection({ state, address, server, mtu, data_path: path }: Seen): string {
  return state === 'up' ? `up: ${address} by ${server}, MTU ${mtu}, data path ${path}` : String(state);
}

function stats({ rx_rate: down, tx_rate: up, rx_total: received, tx_total: sent }: Seen): string {
  const rates = down === null ? 'no rate' : `down ${megabits(down)}, up ${megabits(up)} Mbit/s`;
  return `${rates}; ${megabytes(received)} MB received, ${megabytes(sent)} MB sent`;
}

const megabits = (rate: unknown): string => (Number(rate) / 1e6).toFixed(1);
const megabytes = (octets: unknown): string => (Number(octets) / 1e6).toFixed(1);

function read(payload: string): Seen | undefined {
  try {
    const parsed: unknown = JSON.parse(payload);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Seen) : undefined;
  } catch {
    return undefined;
  }
}
