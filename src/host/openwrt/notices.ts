/** What subscribers of our ubus object hear: changes of state and failures as they happen, and traffic while somebody listens. */
import type { Alarm, Clock } from '../../ports/clock.ts';
import type { Serve } from '../../ports/control-channel.ts';
import type { Table } from './ubus/blobmsg.ts';

/** How often traffic is told, ms. */
const TRAFFIC_MS = 1000;

/** What is used of an event. */
interface EventView {
  readonly at: string;
  readonly connection: string;
  readonly kind: string;
  readonly words: string;
  readonly stage?: string;
  readonly failure?: Table;
}

type Connections = Readonly<Record<string, { readonly state: string; readonly counters: Table | null }>>;

export class Notices {
  readonly #serve: Serve;
  readonly #clock: Clock;
  readonly #notify: (kind: 'state' | 'failure' | 'traffic', data: Table) => void;
  readonly #alarm: Alarm;
  #unfollow: () => void = () => undefined;

  constructor(serve: Serve, clock: Clock, notify: (kind: 'state' | 'failure' | 'traffic', data: Table) => void) {
    this.#serve = serve;
    this.#clock = clock;
    this.#notify = notify;
    this.#alarm = clock.alarm(() => this.#traffic());
  }

  begin(): void {
    this.#unfollow = this.#serve(JSON.stringify({ method: 'events', follow: true, limit: 1 }), {
      write: (answer) => this.#event((JSON.parse(answer) as { data: EventView }).data),
      end: () => undefined,
    });
  }

  end(): void {
    this.#unfollow();
    this.#alarm.close();
  }

  /** The first subscriber came, or the last one left. */
  watched(isWatched: boolean): void {
    this.#alarm.set(isWatched ? this.#clock.now() : undefined);
  }

  #event({ at, connection, kind, words, stage, failure }: EventView): void {
    const told = { interface: connection, at, words };
    if (kind === 'stage' && stage !== undefined) this.#notify('state', { ...told, state: stage });
    else if (kind === 'failed' && failure !== undefined) this.#notify('failure', { ...failure, ...told });
  }

  /** One notification for each connection that has counters now. */
  #traffic(): void {
    this.#alarm.set(this.#clock.now() + TRAFFIC_MS);
    this.#serve(JSON.stringify({ method: 'status' }), {
      write: (answer) => {
        const { connections } = (JSON.parse(answer) as { data: { connections: Connections } }).data;
        for (const [name, { state, counters }] of Object.entries(connections))
          if (counters !== null) this.#notify('traffic', { interface: name, state, ...counters });
      },
      end: () => undefined,
    });
  }
}
