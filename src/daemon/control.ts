/**
 * What can be asked of a running daemon, and what it answers; whatever carries the question. A request is one JSON object,
 * an answer another; `watch` and `follow` give answers until the asker goes away.
 */
import * as z from 'zod/mini';
import type { Clock } from '../ports/clock.ts';
import type { Busy, Reply, Serve } from '../ports/control-channel.ts';
import type { Connection } from './connection.ts';
import { changesWords, type Daemon } from './daemon.ts';
import type { EventView } from './events.ts';
import { confession } from './mistake.ts';
import { renderEvents, renderStatus, renderVersion, type Style } from './render.ts';

/** How often a watched status is told anew, ms. */
const WATCH_MS = 1000;

const name = z.string('the name of a connection');
const flag = z._default(z.boolean('true or false'), false);
/** `text` for people, `json` for programs; `colour` when the text goes to a terminal. */
const form = { format: z._default(z.enum(['text', 'json']), 'json'), colour: flag };

const REQUEST = z.discriminatedUnion(
  'method',
  [
    z.object({ method: z.literal('status'), name: z.optional(name), watch: flag, ...form }),
    z.object({ method: z.literal('events'), name: z.optional(name), follow: flag, ...form }),
    z.object({ method: z.enum(['up', 'down', 'redial']), name, ...form }),
    z.object({ method: z.literal('reload'), ...form }),
    z.object({ method: z.literal('version'), ...form }),
  ],
  'a method: status, events, up, down, redial, reload or version',
);

export type Request = z.input<typeof REQUEST>;
type Read = z.output<typeof REQUEST>;
type ReadOf<M extends Read['method']> = Extract<Read, { method: M }>;

export type Answer =
  | { readonly text: string }
  | { readonly data: unknown }
  | Busy
  | {
      readonly error: 'bad-request' | 'no-such-connection' | 'wrong-configuration' | 'internal';
      readonly words: string;
    };

/** What is used of the daemon. */
export type Controlled = Pick<Daemon, 'names' | 'connection' | 'connectionStatus' | 'status' | 'events' | 'reload'>;

export function controlOf(daemon: Controlled, clock: Clock): Serve {
  return (line, reply) => {
    const say = (answer: Answer) => reply.write(JSON.stringify(answer));
    const last = (answer: Answer) => {
      say(answer);
      reply.end();
      return nothing;
    };
    try {
      const request = read(line);
      if ('error' in request) return last(request);
      return new Turn(daemon, clock, say, () => reply.end()).take(request);
    } catch (error) {
      return last({ error: 'internal', words: confession(error) });
    }
  };
}

function read(line: string): Read | Exclude<Extract<Answer, { error: string }>, Busy> {
  try {
    const parsed = REQUEST.safeParse(JSON.parse(line));
    if (parsed.success) return parsed.data;
    const words = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'request'}: ${message}`);
    return { error: 'bad-request', words: words.join('; ') };
  } catch {
    return { error: 'bad-request', words: 'the request is not JSON' };
  }
}

const nothing = (): void => undefined;

/** One request being answered. */
class Turn {
  readonly #daemon: Controlled;
  readonly #clock: Clock;
  readonly #say: (answer: Answer) => void;
  readonly #end: Reply['end'];

  constructor(daemon: Controlled, clock: Clock, say: (answer: Answer) => void, end: () => void) {
    this.#daemon = daemon;
    this.#clock = clock;
    this.#say = say;
    this.#end = end;
  }

  take(request: Read): () => void {
    if ('name' in request && request.name !== undefined && !this.#daemon.names.includes(request.name))
      return this.#last({ error: 'no-such-connection', words: this.#noSuch(request.name) });
    switch (request.method) {
      case 'status':
        return this.#status(request);
      case 'events':
        return this.#events(request);
      case 'up':
        return this.#order(request, (connection) => connection.up(), 'dialling');
      case 'down':
        return this.#order(request, (connection) => connection.down('asked to'), 'hanging up');
      case 'redial':
        return this.#order(request, (connection) => connection.redial('asked to'), 'dialling anew');
      case 'reload':
        return this.#reload(request);
      case 'version': {
        const { status } = this.#daemon;
        return this.#last(request.format === 'text' ? { text: renderVersion(status) } : { data: status.daemon });
      }
      default:
        return request satisfies never;
    }
  }

  /** A mistake in telling is not the business of whoever it is told about. */
  #safely(tell: () => void): void {
    try {
      tell();
    } catch (error) {
      this.#last({ error: 'internal', words: confession(error) });
    }
  }

  #last(answer: Answer): () => void {
    this.#say(answer);
    this.#end();
    return nothing;
  }

  #noSuch(asked: string): string {
    const { names } = this.#daemon;
    const known = names.length === 0 ? 'there are no connections' : `there is ${names.join(', ')}`;
    return `no connection is called "${asked.slice(0, 64)}": ${known}`;
  }

  #status({ name, watch, format, colour }: ReadOf<'status'>): () => void {
    const tell = () => {
      const { daemon, connections } = this.#daemon.status;
      const chosen = name === undefined ? connections : { [name]: connections[name] };
      const shown = Object.fromEntries(Object.entries(chosen).flatMap(([key, value]) => (value ? [[key, value]] : [])));
      this.#say(
        format === 'text'
          ? { text: renderStatus({ connections: shown }, { colour }) }
          : { data: { daemon, connections: shown } },
      );
    };
    tell();
    if (!watch) {
      this.#end();
      return nothing;
    }
    const alarm = this.#clock.alarm(() => {
      alarm.set(this.#clock.now() + WATCH_MS);
      this.#safely(tell);
    });
    alarm.set(this.#clock.now() + WATCH_MS);
    return () => alarm.close();
  }

  #events({ name, follow, format, colour }: ReadOf<'events'>): () => void {
    const tell = (events: readonly EventView[]) => this.#tellEvents(events, format, { colour });
    tell(this.#daemon.events.list(name));
    if (!follow) {
      this.#end();
      return nothing;
    }
    return this.#daemon.events.follow((event) => {
      if (name === undefined || event.connection === name) this.#safely(() => tell([event]));
    });
  }

  /** Programs get one answer an event. */
  #tellEvents(events: readonly EventView[], format: 'text' | 'json', style: Style): void {
    if (format === 'json') for (const event of events) this.#say({ data: event });
    else if (events.length > 0) this.#say({ text: renderEvents(events, style) });
  }

  #order(
    { name, format }: ReadOf<'up' | 'down' | 'redial'>,
    give: (connection: Connection) => void,
    words: string,
  ): () => void {
    const connection = this.#daemon.connection(name);
    if (connection === undefined) return this.#last({ error: 'no-such-connection', words: this.#noSuch(name) });
    give(connection);
    return this.#last(
      format === 'text' ? { text: `${name}: ${words}` } : { data: { name, enabled: connection.wanted } },
    );
  }

  #reload({ format }: ReadOf<'reload'>): () => void {
    this.#daemon.reload().then(
      (reloaded) => {
        if ('faults' in reloaded) this.#last({ error: 'wrong-configuration', words: reloaded.faults.join('\n') });
        else this.#last(format === 'text' ? { text: changesWords(reloaded.changes) } : { data: reloaded.changes });
      },
      (error: unknown) => this.#last({ error: 'internal', words: confession(error) }),
    );
    return nothing;
  }
}
