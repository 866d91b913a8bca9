/** The object `l2tpwan` of a router of the bench: answers what the engine once answered, and grows older as time passes. */

import type { EventView } from '../../../src/daemon/events.ts';
import { type MqttView, verdictWords } from '../../../src/daemon/mqtt-view.ts';
import { renderEvents, renderInfo, renderNegotiated, renderStatus } from '../../../src/daemon/render.ts';
import type { ConnectionStatus, Status } from '../../../src/daemon/status.ts';
import { ARGUMENT, METHOD, type MethodRow } from '../../../src/host/openwrt/object-table.ts';
import type { MqttVerdict } from '../../../src/ports/mqtt.ts';
import { type Recorded, recorded } from './recorded.ts';
import { Refused, type Table, textOf, UBUS } from './values.ts';

export type Action = 'connect' | 'disconnect' | 'redial' | 'reload';

export class L2tpwan {
  /** What is answered from; {@link show} sets it. */
  state: Recorded;
  /** What is shown once such an action was taken: the name of a recorded state. */
  readonly after: Partial<Record<Action, string>> = {};
  /** How MQTT stands, and what comes of trying the broker out. */
  mqtt: MqttView | null = { state: 'disabled', server: null, base: null, failure: null };
  verdict: MqttVerdict = { ok: true, server: 'mqtt://localhost:1883', steps: [], failure: null };
  /** Octets a second that the counters of connections that are up move by, on top of what was recorded. */
  traffic = { sent: 0, received: 0 };
  /** Whether real time is added to what was recorded. */
  ticking = false;
  #shownAt = Date.now();
  #advanced = 0;

  constructor(name = 'up') {
    this.state = recorded(name);
  }

  /** From now on the router is in this recorded state. */
  show(state: string | Recorded): void {
    this.state = typeof state === 'string' ? recorded(state) : state;
    this.#shownAt = Date.now();
    this.#advanced = 0;
  }

  /** Makes everything that is shown older. */
  advance(ms: number): void {
    this.#advanced += ms;
  }

  /** Takes one connection as it was recorded and changes some of its fields. */
  change(name: string, fields: Partial<ConnectionStatus>): void {
    const { status } = this.state;
    const connection = status.connections[name];
    if (connection === undefined) throw new Error(`no connection ${name} is shown`);
    const connections = { ...status.connections, [name]: { ...connection, ...fields } };
    this.state = { ...this.state, status: { ...status, connections } };
  }

  /** The status as it is told now. */
  get status(): Status {
    const { daemon, connections, refused } = this.state.status;
    const ms = this.#elapsed;
    const aged = Object.entries(connections).map(([name, connection]) => [name, this.#aged(connection, ms)] as const);
    return { daemon: { ...daemon, ageMs: daemon.ageMs + ms }, connections: Object.fromEntries(aged), refused };
  }

  /** @param interfaces the names of the router's interfaces of ours, which can be connected though nothing is shown of them */
  answer(method: keyof typeof METHOD, args: Table, interfaces: readonly string[]): unknown {
    check(METHOD[method], args);
    const name = textOf(args, 'interface');
    const { connections, refused } = this.status;
    const known = [...Object.keys(connections), ...Object.keys(refused)];
    const acts = method === 'connect' || method === 'disconnect';
    if (name !== undefined && !known.includes(name) && !(acts && interfaces.includes(name)))
      throw new Refused(UBUS.notFound);
    const isText = textOf(args, 'format') === 'text';
    switch (method) {
      case 'status': {
        const shown = this.#chosen(name);
        return isText ? { text: renderStatus(shown, { colour: false }) } : shown;
      }
      case 'events':
        return this.#events(name, args.limit, isText);
      case 'negotiated':
        return this.#negotiated(name ?? '', isText);
      case 'info':
        return isText
          ? { text: renderInfo(this.status, { runtime: 'node' }) }
          : { ...this.state.info, mqtt: this.mqtt };
      case 'mqtt_test':
        return isText ? { text: verdictWords(this.verdict) } : this.verdict;
      default: {
        const next = this.after[method];
        if (next !== undefined) this.show(next);
        if (method === 'redial') return { name, enabled: true };
        return method === 'reload' ? { added: [], changed: [], removed: [] } : {};
      }
    }
  }

  get #elapsed(): number {
    return this.#advanced + (this.ticking ? Date.now() - this.#shownAt : 0);
  }

  #chosen(name: string | undefined): Status {
    const { status } = this;
    const only = <Value>(all: Readonly<Record<string, Value>>) =>
      Object.fromEntries(Object.entries(all).filter(([key]) => name === undefined || key === name));
    return { ...status, connections: only(status.connections), refused: only(status.refused) };
  }

  #events(name: string | undefined, limit: unknown, isText: boolean): unknown {
    const all = this.state.events.filter(({ connection }) => name === undefined || connection === name);
    const events: EventView[] = typeof limit === 'number' ? all.slice(-limit) : all;
    return isText ? { text: renderEvents(events, { colour: false }) } : { events };
  }

  #negotiated(name: string, isText: boolean): unknown {
    const connection = this.status.connections[name];
    if (connection === undefined) throw new Refused(UBUS.invalidArgument);
    return isText ? { text: renderNegotiated(name, connection) } : this.state.negotiated[name];
  }

  #aged(connection: ConnectionStatus, ms: number): ConnectionStatus {
    const { ageMs, lastFailure, nextAttempt, counters, state } = connection;
    const moved = (octets: number | undefined, rate: number) => (octets ?? 0) + Math.round((rate * ms) / 1000);
    const { sent, received } = this.traffic;
    return {
      ...connection,
      ageMs: ageMs + ms,
      lastFailure: lastFailure && { ...lastFailure, ageMs: lastFailure.ageMs + ms },
      nextAttempt: nextAttempt && { ...nextAttempt, inMs: Math.max(0, nextAttempt.inMs - ms) },
      counters:
        counters && state === 'up'
          ? {
              ...counters,
              sentOctets: moved(counters.sentOctets, sent),
              receivedOctets: moved(counters.receivedOctets, received),
            }
          : counters,
    };
  }
}

/** @throws Refused as the object itself refuses */
function check({ must, may }: MethodRow, args: Table): void {
  const allowed = [...must, ...may, 'ubus_rpc_session'] as const;
  const isWrong = Object.entries(args).some(([key, value]) => {
    const name = allowed.find((argument) => argument === key);
    return name === undefined || !ARGUMENT[name].schema.safeParse(value).success;
  });
  if (isWrong || must.some((name) => args[name] === undefined)) throw new Refused(UBUS.invalidArgument);
}
