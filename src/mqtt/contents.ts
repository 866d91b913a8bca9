/** Brings what the broker is to keep in line with the read model: one look after another. */
import type { MqttSettings } from '../daemon/mqtt-settings.ts';
import type { ConnectionStatus, Status } from '../daemon/status.ts';
import type { Instant } from '../protocol/deadlines.ts';
import type { Claim } from './claim.ts';
import { announcement, farewellTo } from './discovery.ts';
import { connectionDocument, infoDocument } from './documents.ts';
import { RANK, type Retained } from './retained.ts';
import { discoveryTopic, isNameable, Topics } from './topics.ts';
import type { Meters } from './totals.ts';

export interface Place {
  readonly id: string;
  readonly host: string;
  readonly settings: MqttSettings;
  readonly claim: Claim;
}

/** Connections that there were not before, or are no longer. */
export interface Turnover {
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

export class Contents {
  readonly #retained: Retained;
  readonly #meters: Meters;
  readonly #known = new Set<string>();
  readonly #measured = new Map<string, string>();
  /** Topics that an earlier run has left, of which nobody knows yet whether they are wanted. */
  readonly #left = new Set<string>();
  /** Goodbye has been said. */
  isLeaving = false;

  constructor(retained: Retained, meters: Meters) {
    this.#retained = retained;
    this.#meters = meters;
  }

  get names(): readonly string[] {
    return [...this.#known];
  }

  /** Everything is under other names from now on; what was is to go, but for what is another's by now. */
  move(isOthers: (topic: string) => boolean): void {
    this.disown(isOthers);
    for (const topic of this.#retained.topics) this.#retained.remove(topic);
  }

  /** What is there is another's, and is not to be touched. */
  disown(isOthers: (topic: string) => boolean): void {
    for (const topic of this.#retained.topics.filter(isOthers)) this.#retained.disown(topic);
  }

  update(status: Status, facts: Readonly<Record<string, unknown>>, place: Place): Turnover {
    const { connections, refused } = status;
    const names = [...new Set([...Object.keys(connections), ...Object.keys(refused)])].filter(isNameable);
    const added = names.filter((name) => !this.#known.has(name));
    const removed = this.names.filter((name) => !names.includes(name));
    for (const name of removed) this.#remove(name, place);
    for (const name of names) {
      this.#known.add(name);
      this.#updateOne(name, connections[name], refused[name] ?? [], status.daemon.version, place);
    }
    const topics = new Topics(place.claim.base);
    this.#set(topics.of('bridgeState'), { state: this.isLeaving ? 'offline' : 'online' }, RANK.bridge);
    for (const topic of place.claim.earlier) this.#left.add(topic);
    this.#introduce(names, facts, place, topics);
    return { added, removed };
  }

  /** Ends an interval of measurements. */
  measure(now: Instant, { settings, claim }: Place): void {
    const topics = new Topics(claim.base);
    for (const name of this.#known) {
      const measured = JSON.stringify(this.#meters.of(name).measure(now, settings.intervalMs));
      this.#measured.set(name, measured);
      this.#retained.set(topics.of('stats', name), measured, RANK.stats);
    }
  }

  /**
   * Takes away what an earlier run has left and nobody wants any more.
   * @param configured connections that may come back though nobody has heard of them yet
   */
  clean(configured: readonly string[], { id, settings, claim }: Place): void {
    const topics = new Topics(claim.base);
    const isMeant = (topic: string) => settings.discovery || !topic.startsWith(`${settings.discoveryPrefix}/`);
    const mayComeBack = new Set(
      configured.filter(isNameable).flatMap((name) => ownTopics(name, topics, settings, id).filter(isMeant)),
    );
    const wanted = new Set(this.#retained.topics);
    for (const topic of this.#left) {
      if (claim.isOthers(topic)) {
        this.#left.delete(topic);
        continue;
      }
      if (mayComeBack.has(topic) && !wanted.has(topic)) {
        if (topic.endsWith('/availability')) this.#retained.set(topic, 'offline', RANK.availability);
        continue;
      }
      this.#left.delete(topic);
      if (!wanted.has(topic)) this.#retained.takeAway(topic);
    }
  }

  #updateOne(
    name: string,
    status: ConnectionStatus | undefined,
    faults: readonly string[],
    version: string,
    { id, host, settings, claim }: Place,
  ): void {
    const topics = new Topics(claim.base);
    if (status !== undefined) this.#meters.of(name).look(status);
    this.#retained.set(topics.of('availability', name), this.isLeaving ? 'offline' : 'online', RANK.availability);
    const announced = discoveryTopic(settings.discoveryPrefix, id, name);
    const about = { id, host, version, connection: name, topics, commands: settings.commands };
    if (settings.discovery) this.#retained.set(announced, announcement(about), RANK.discovery, farewellTo(about));
    else this.#retained.remove(announced);
    this.#set(topics.of('state', name), connectionDocument(status, faults), RANK.state);
    const measured = this.#measured.get(name);
    if (measured !== undefined) this.#retained.set(topics.of('stats', name), measured, RANK.stats);
  }

  #remove(name: string, { id, settings, claim }: Place): void {
    for (const topic of ownTopics(name, new Topics(claim.base), settings, id)) this.#retained.remove(topic);
    this.#known.delete(name);
    this.#measured.delete(name);
    this.#meters.forget(name);
  }

  /** With everything that is to be taken away one day: by us, or by the run after us. */
  #introduce(
    connections: readonly string[],
    facts: Readonly<Record<string, unknown>>,
    { id, host, settings, claim }: Place,
    of: Topics,
  ): void {
    const topics = [...new Set([...this.#retained.topics, ...this.#left])].sort();
    const { base, displacedBy } = claim;
    const info = infoDocument({ id, host, facts, connections, base, displacedBy, topics, settings });
    this.#set(of.of('bridgeInfo'), info, RANK.info);
  }

  #set(topic: string, document: object, rank: (typeof RANK)[keyof typeof RANK]): void {
    this.#retained.set(topic, JSON.stringify(document), rank);
  }
}

const ownTopics = (name: string, topics: Topics, { discoveryPrefix }: MqttSettings, id: string): string[] => [
  ...(['state', 'stats', 'availability'] as const).map((kind) => topics.of(kind, name)),
  discoveryTopic(discoveryPrefix, id, name),
];
