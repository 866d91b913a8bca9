/** What others want of us by MQTT: read, checked, done through the control channel, answered. */
import * as z from 'zod/mini';
import type { Clock } from '../ports/clock.ts';
import type { Serve } from '../ports/control-channel.ts';
import type { HeardMessage } from '../ports/mqtt.ts';
import { Allowance } from './allowance.ts';
import { ask, type Said } from './asking.ts';
import { REQUEST, type RequestName, type RequestRow } from './request-table.ts';
import type { Incoming } from './topics.ts';

/** In any ten seconds. */
const MOST = 10;
const PERIOD_MS = 10_000;
/** UTF-16 units; the longest request that makes sense has a few hundred. */
const LONGEST = 4096;
const MOST_EVENTS = 50;

export interface Answer {
  readonly status: 'ok' | 'error';
  readonly data?: unknown;
  readonly error?: string;
  readonly transaction?: string | number | undefined;
}

export interface RequestsParts {
  readonly serve: Serve;
  readonly clock: Clock;
  /** Whether the configuration allows commands. */
  readonly commands: () => boolean;
  /** @param name of the response topic */
  readonly answer: (name: string, answer: Answer) => void;
  readonly warn: (words: string) => void;
}

const TRANSACTION_WORDS = 'transaction: text of at most 64 characters or a number';
const transaction = z.optional(
  z.union([z.string().check(z.maxLength(64, TRANSACTION_WORDS)), z.number()], TRANSACTION_WORDS),
);
const CONNECTION_WORDS = 'connection: the name of a connection';
const connection = z
  .string(CONNECTION_WORDS)
  .check(z.minLength(1, CONNECTION_WORDS), z.maxLength(64, CONNECTION_WORDS));
const LIMIT_WORDS = `limit: a whole number from 1 to ${MOST_EVENTS}`;
const limit = z
  .number(LIMIT_WORDS)
  .check(z.refine((value) => Number.isInteger(value) && value >= 1 && value <= MOST_EVENTS, LIMIT_WORDS));

const SHAPE = {
  must: z.strictObject({ connection, transaction }, 'an object: { "connection": … }'),
  may: z.strictObject(
    { connection: z.optional(connection), limit: z.optional(limit), transaction },
    'an object, or nothing',
  ),
  none: z.strictObject({ transaction }, 'an object, {} will do'),
} as const;
const SET = z.strictObject(
  { enabled: z.boolean('enabled: true or false'), transaction },
  'an object: { "enabled": … }',
);

type Transaction = { readonly transaction?: string | number | undefined };
type Refusal = Transaction & { readonly error: string };

/** What one message asks of the control channel, or why it does not. */
type Wish = Refusal | (Transaction & { readonly request: object; readonly acts: boolean });

export class Requests {
  readonly #parts: RequestsParts;
  readonly #allowed: Allowance;
  readonly #refusals: Allowance;
  /** Topics of retained messages that have been complained about. */
  readonly #retained = new Set<string>();

  constructor(parts: RequestsParts) {
    this.#parts = parts;
    this.#allowed = new Allowance(parts.clock, MOST, PERIOD_MS);
    this.#refusals = new Allowance(parts.clock, MOST, PERIOD_MS);
  }

  hear(incoming: Incoming, { topic, payload, retain }: HeardMessage): void {
    if (retain) {
      this.#refuseRetained(topic);
      return;
    }
    if (incoming.kind === 'set' && payload === '') return; // somebody took a retained message away
    const name = incoming.kind === 'set' ? 'set' : incoming.request;
    const wish = this.#judge(incoming, payload);
    if ('error' in wish) this.#refuse(name, wish);
    else void ask(this.#parts.serve, wish.request).then((said) => this.#answer(name, wish, said));
  }

  #judge(incoming: Incoming, payload: string): Wish {
    if (incoming.kind === 'request' && !Object.hasOwn(REQUEST, incoming.request)) return UNKNOWN;
    if (!this.#allowed.take()) return TOO_MANY;
    const wish = wishOf(incoming, payload);
    const isForbidden = !('error' in wish) && wish.acts && !this.#parts.commands();
    return isForbidden ? { error: NOT_ALLOWED, transaction: wish.transaction } : wish;
  }

  #answer(name: string, { transaction }: Wish, said: readonly Said[]): void {
    const wrong = said.find(({ error }) => error !== undefined);
    if (wrong !== undefined) {
      this.#refuse(name, { error: wrong.words ?? 'refused', transaction });
      return;
    }
    const data = name === 'events' ? said.map((each) => each.data) : (said[0]?.data ?? {});
    this.#parts.answer(name, { status: 'ok', data, ...transactionOf(transaction) });
  }

  #refuse(name: string, { error, transaction }: Refusal): void {
    if (this.#refusals.take()) this.#parts.answer(name, { status: 'error', error, ...transactionOf(transaction) });
  }

  /** It would be obeyed again with each connection to the broker. */
  #refuseRetained(topic: string): void {
    if (this.#retained.has(topic) || this.#retained.size > MOST) return;
    this.#retained.add(topic);
    this.#parts.warn(`${topic}: what is retained is not obeyed; take it away with an empty retained message`);
  }
}

const NOT_ALLOWED = 'commands are not allowed: set commands of mqtt to true in the configuration';
const UNKNOWN = { error: `there is no such request: ${Object.keys(REQUEST).join(', ')}` };
const TOO_MANY = { error: `too many requests: at most ${MOST} in ${PERIOD_MS / 1000} s` };

const transactionOf = (transaction: Transaction['transaction']): Transaction =>
  transaction === undefined ? {} : { transaction };

function wishOf(incoming: Incoming, payload: string): Wish {
  if (payload.length > LONGEST) return { error: `a message of at most ${LONGEST} characters` };
  if (incoming.kind === 'set') return setOf(incoming.connection, incoming.key, payload);
  const row: RequestRow = REQUEST[incoming.request as RequestName];
  // Also what is heard when a retained request is taken away.
  if (payload === '' && row.acts) return { error: 'an empty message asks for nothing: {} is the least' };
  const raw = payload === '' ? {} : parse(payload);
  const parsed = SHAPE[row.connection].safeParse(raw);
  if (!parsed.success) return { error: wordsOf(parsed.error), ...honest(raw) };
  const { transaction: of, connection: name, limit: most } = parsed.data as z.output<typeof SHAPE.may>;
  const events = row.control === 'events' ? { limit: most ?? MOST_EVENTS } : {};
  if (most !== undefined && row.control !== 'events') return { error: 'limit: only of events', transaction: of };
  const request = { method: row.control, ...(name !== undefined && { name }), ...events };
  return { request, acts: row.acts, transaction: of };
}

/** BASE/NAME/set with JSON, or BASE/NAME/set/KEY with a word. */
function setOf(name: string, key: string | undefined, payload: string): Wish {
  const order = (method: string): Wish => ({ request: { method, name }, acts: true });
  const word = payload.trim().toUpperCase();
  if (key === 'redial') return word === 'PRESS' ? order('redial') : { error: 'redial: PRESS' };
  if (key === 'enabled') {
    if (word === 'ON' || word === 'TRUE') return order('up');
    return word === 'OFF' || word === 'FALSE' ? order('down') : { error: 'enabled: ON or OFF' };
  }
  if (key !== undefined) return { error: 'there is enabled and redial to set' };
  const raw = parse(payload);
  const parsed = SET.safeParse(raw);
  if (!parsed.success) return { error: wordsOf(parsed.error), ...honest(raw) };
  const { enabled, transaction: of } = parsed.data;
  return { request: { method: enabled ? 'up' : 'down', name }, acts: true, transaction: of };
}

/** The transaction of a request that is wrong otherwise: whoever asked can still tell which one it was. */
function honest(raw: unknown): Transaction {
  const parsed = z.object({ transaction }).safeParse(raw);
  return parsed.success ? { transaction: parsed.data.transaction } : {};
}

function parse(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
}

const wordsOf = (error: z.core.$ZodError): string =>
  error.issues
    .map((issue) => (issue.code === 'unrecognized_keys' ? `unknown: ${issue.keys.join(', ')}` : issue.message))
    .join('; ')
    .slice(0, 500);
