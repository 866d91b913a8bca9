/**
 * What can be asked of a running daemon, and what it answers; whatever carries the question. A request is one JSON object,
 * an answer another; `watch` and `follow` give answers until the asker goes away.
 */
import type { Clock } from '../ports/clock.ts';
import type { Reply, Serve } from '../ports/control-channel.ts';
import { type InterfaceOwner, OwnerRefused } from '../ports/interface-owner.ts';
import { type Answer, type Read, type ReadOf, read } from './control-words.ts';
import { changesWords, type Daemon } from './daemon.ts';
import type { EventView } from './events.ts';
import { confession } from './mistake.ts';
import { type MqttDoor, mqttWords, verdictWords } from './mqtt-view.ts';
import { renderEvents, renderInfo, renderNegotiated, renderStatus, renderVersion, type Style } from './render.ts';

/** How often a watched status is told anew, ms. */
const WATCH_MS = 1000;

/** What is used of the daemon. */
export type Controlled = Pick<
  Daemon,
  'names' | 'refused' | 'ownerOf' | 'connection' | 'connectionStatus' | 'status' | 'about' | 'events' | 'reload'
>;

/** @param mqtt asked each time: undefined where there is none */
export function controlOf(daemon: Controlled, clock: Clock, mqtt?: () => MqttDoor | undefined): Serve {
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
      return new Turn(daemon, clock, say, () => reply.end(), mqtt?.()).take(request);
    } catch (error) {
      return last({ error: 'internal', words: confession(error) });
    }
  };
}

const nothing = (): void => undefined;

type Order = ReadOf<'up' | 'down' | 'redial'>;

const isOrder = (request: Read): request is Order => Object.hasOwn(OBEYED, request.method);

const OBEYED = { up: 'dialling', down: 'hanging up', redial: 'dialling anew' } as const;

/** What it is called when the owner does not obey. */
const REFUSED = {
  'no-such-interface': 'no-such-connection',
  'wrong-settings': 'wrong-configuration',
  'not-there': 'refused',
} as const satisfies Record<OwnerRefused['why'], string>;

/** One of many by name, or all of them. */
const chosen = <Value>(all: Readonly<Record<string, Value>>, name: string | undefined): Record<string, Value> =>
  Object.fromEntries(Object.entries(all).filter(([key]) => name === undefined || key === name));

const obeyed = (name: string, method: Order['method'], enabled: boolean, format: Order['format']): Answer =>
  format === 'text' ? { text: `${name}: ${OBEYED[method]}` } : { data: { name, enabled } };

/** One request being answered. */
class Turn {
  readonly #daemon: Controlled;
  readonly #clock: Clock;
  readonly #say: (answer: Answer) => void;
  readonly #end: Reply['end'];
  readonly #mqtt: MqttDoor | undefined;

  constructor(
    daemon: Controlled,
    clock: Clock,
    say: (answer: Answer) => void,
    end: () => void,
    mqtt: MqttDoor | undefined,
  ) {
    this.#daemon = daemon;
    this.#clock = clock;
    this.#say = say;
    this.#end = end;
    this.#mqtt = mqtt;
  }

  take(request: Read): () => void {
    if (isOrder(request)) return this.#order(request);
    if ('name' in request && request.name !== undefined && !this.#known.includes(request.name))
      return this.#last({ error: 'no-such-connection', words: this.#noSuch(request.name) });
    switch (request.method) {
      case 'status':
        return this.#status(request);
      case 'events':
        return this.#events(request);
      case 'negotiated':
        return this.#negotiated(request);
      case 'reload':
        return this.#reload(request);
      case 'version': {
        const { status } = this.#daemon;
        return this.#last(request.format === 'text' ? { text: renderVersion(status) } : { data: status.daemon });
      }
      case 'info': {
        const { status, about } = this.#daemon;
        const { daemon, connections } = status;
        const view = this.#mqtt?.view;
        const data = { ...daemon, ...about, connections: Object.keys(connections), mqtt: view ?? null };
        const shown = { ...about, ...(view && { mqtt: mqttWords(view) }) };
        return this.#last(request.format === 'text' ? { text: renderInfo(status, shown) } : { data });
      }
      case 'mqtt-test':
        return this.#testMqtt(request);
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

  /** Those too that are none yet, for want of settings that work. */
  get #known(): readonly string[] {
    const { names, refused } = this.#daemon;
    return [...new Set([...names, ...Object.keys(refused)])];
  }

  #noSuch(asked: string): string {
    const names = this.#known;
    const known = names.length === 0 ? 'there are no connections' : `there is ${names.join(', ')}`;
    return `no connection is called "${asked.slice(0, 64)}": ${known}`;
  }

  #status({ name, watch, format, colour }: ReadOf<'status'>): () => void {
    const tell = () => {
      const { daemon, connections, refused } = this.#daemon.status;
      const shown = { connections: chosen(connections, name), refused: chosen(refused, name) };
      this.#say(format === 'text' ? { text: renderStatus(shown, { colour }) } : { data: { daemon, ...shown } });
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

  #negotiated({ name, format }: ReadOf<'negotiated'>): () => void {
    const status = this.#daemon.connectionStatus(name);
    if (status === undefined)
      return this.#last({ error: 'wrong-configuration', words: `${name}: wrong settings, so nothing is negotiated` });
    const { state, negotiated, authentication, mtu, address, dns } = status;
    return this.#last(
      format === 'text'
        ? { text: renderNegotiated(name, status) }
        : { data: { name, state, negotiated, authentication, mtu, address, dns } },
    );
  }

  #events({ name, follow, limit, format, colour }: ReadOf<'events'>): () => void {
    const tell = (events: readonly EventView[]) => this.#tellEvents(events, format, { colour });
    tell(this.#daemon.events.list(name).slice(limit === undefined ? 0 : -limit));
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

  #order(order: Order): () => void {
    const { method, name, format } = order;
    const owner = this.#daemon.ownerOf(name);
    const connection = this.#daemon.connection(name);
    // Inside of what an owner wants up, a redial is ours to do.
    const isOurs = owner === undefined || (method === 'redial' && connection?.wanted === true);
    if (!isOurs) return this.#ask(owner, order);
    if (connection === undefined) return this.#last({ error: 'no-such-connection', words: this.#noSuch(name) });
    if (method === 'up') connection.up();
    else if (method === 'down') connection.down('asked to');
    else connection.redial('asked to');
    return this.#last(obeyed(name, method, connection.wanted, format));
  }

  /** Up and down are the owner's to say, of interfaces too that we have not heard of. */
  #ask(owner: InterfaceOwner, { method, name, format }: Order): () => void {
    const isUp = method !== 'down';
    (isUp ? owner.up(name) : owner.down(name)).then(
      () => this.#last(obeyed(name, method, isUp, format)),
      (error: unknown) => {
        if (!(error instanceof OwnerRefused)) return this.#last({ error: 'internal', words: confession(error) });
        return this.#last({ error: REFUSED[error.why], words: error.message });
      },
    );
    return nothing;
  }

  #testMqtt({ format }: ReadOf<'mqtt-test'>): () => void {
    if (this.#mqtt === undefined) return this.#last({ error: 'refused', words: 'there is no MQTT here' });
    this.#mqtt.test().then(
      (verdict) => {
        const failed = verdict.ok ? {} : { failed: true as const };
        this.#last(format === 'text' ? { text: verdictWords(verdict), ...failed } : { data: verdict });
      },
      (error: unknown) => this.#last({ error: 'internal', words: confession(error) }),
    );
    return nothing;
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
