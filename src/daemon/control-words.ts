/** The words of the control channel: what may be asked of a daemon, and the kinds of answers. */
import * as z from 'zod/mini';
import type { Busy } from '../ports/control-channel.ts';

const HOW_MANY = 'how many, at least 1';
const name = z.string('the name of a connection');
const count = z.number(HOW_MANY).check(z.refine((value) => Number.isInteger(value) && value > 0, HOW_MANY));
const flag = z._default(z.boolean('true or false'), false);
/** `text` for people, `json` for programs; `colour` when the text goes to a terminal. */
const form = { format: z._default(z.enum(['text', 'json']), 'json'), colour: flag };

const REQUEST = z.discriminatedUnion(
  'method',
  [
    z.object({ method: z.literal('status'), name: z.optional(name), watch: flag, ...form }),
    z.object({ method: z.literal('events'), name: z.optional(name), follow: flag, limit: z.optional(count), ...form }),
    z.object({ method: z.literal('negotiated'), name, ...form }),
    z.object({ method: z.enum(['up', 'down', 'redial']), name, ...form }),
    z.object({ method: z.literal('reload'), ...form }),
    z.object({ method: z.literal('version'), ...form }),
    z.object({ method: z.literal('info'), ...form }),
    z.object({ method: z.literal('mqtt-test'), ...form }),
  ],
  'a method: status, events, negotiated, up, down, redial, reload, version, info or mqtt-test',
);

export type Request = z.input<typeof REQUEST>;
/** A request as it is understood, with what holds where nothing is said. */
export type Read = z.output<typeof REQUEST>;
export type ReadOf<M extends Read['method']> = Extract<Read, { method: M }>;

export type Answer =
  /** `failed`: the text says what. */
  | { readonly text: string; readonly failed?: true }
  | { readonly data: unknown }
  | Busy
  | {
      readonly error: 'bad-request' | 'no-such-connection' | 'wrong-configuration' | 'refused' | 'internal';
      readonly words: string;
    };

/** @returns the request that a line holds, or the answer to a line that holds none */
export function read(line: string): Read | Exclude<Extract<Answer, { error: string }>, Busy> {
  try {
    const parsed = REQUEST.safeParse(JSON.parse(line));
    if (parsed.success) return parsed.data;
    const words = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'request'}: ${message}`);
    return { error: 'bad-request', words: words.join('; ') };
  } catch {
    return { error: 'bad-request', words: 'the request is not JSON' };
  }
}
