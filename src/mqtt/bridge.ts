/**
 * The life of MQTT while it is enabled: what the daemon says goes to the broker, what is asked there goes to the daemon.
 *
 * One way: the read model and events become documents, documents wait in the outbox, the outbox empties itself into the link whenever
 * there is one. Nobody in the daemon ever waits for any of it.
 */
import type { EventView } from '../daemon/events.ts';
import type { MqttSettings } from '../daemon/mqtt-settings.ts';
import type { MqttView } from '../daemon/mqtt-view.ts';
import type { Clock } from '../ports/clock.ts';
import type { Serve } from '../ports/control-channel.ts';
import type { LogLevel } from '../ports/log.ts';
import type { BrokerSettings, HeardMessage, Message, MqttLink, MqttPort } from '../ports/mqtt.ts';
import { MqttRefused } from '../ports/mqtt.ts';
import type { Entropy } from '../protocol/machine.ts';
import { Allowance } from './allowance.ts';
import { Claim } from './claim.ts';
import { Contents, type Place } from './contents.ts';
import { failureWords, Keeper, type Visit } from './keeper.ts';
import { Outbox } from './outbox.ts';
import { Repeats } from './repeats.ts';
import { Requests } from './requests.ts';
import { survey } from './survey.ts';
import { Topics } from './topics.ts';
import type { Meters } from './totals.ts';
import { Voice } from './voice.ts';
import { Watch } from './watch.ts';

/** For what is to be said before the tunnels are hung up. */
export const FAREWELL_MS = 500;
const GOODBYE_MS = 200;
/** Answers to another router that wants our base topic, in any minute. */
const MOST_CONTESTS = 6;
const MINUTE_MS = 60_000;

export interface BridgeParts {
  readonly serve: Serve;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly load: () => Promise<MqttPort>;
  readonly log: (level: LogLevel, words: string) => void;
  /** Of this machine, [A-Za-z0-9_-]; the same after a restart. */
  readonly id: string;
  /** The machine's name. */
  readonly host: string;
  readonly meters: Meters;
  /** Connections that may come back though nobody has heard of them yet. Rejected: that cannot be told now. */
  readonly configured: () => Promise<readonly string[]>;
}

export class Bridge {
  readonly #parts: BridgeParts;
  readonly #keeper: Keeper;
  readonly #requests: Requests;
  readonly #contests: Allowance;
  readonly #outbox: Outbox;
  readonly #contents: Contents;
  readonly #watch: Watch;
  readonly #voice: Voice;
  readonly #repeats: Repeats;
  #settings: MqttSettings;
  #claim: Claim;
  #hasSurveyed = false;
  #link: MqttLink | undefined;
  /** Set while something of ours is logged: it would come back to us to be published. */
  #isLogging = false;
  #drained: () => void = () => undefined;

  constructor(parts: BridgeParts, settings: MqttSettings) {
    const { clock, serve, meters } = parts;
    this.#parts = parts;
    this.#settings = settings;
    this.#claim = new Claim(settings.baseTopic, parts.id);
    this.#outbox = new Outbox(clock, {
      stuck: () => this.#keeper.lose({ stage: 'lost', words: 'the broker does not answer any more', detail: '' }),
      refused: (failure) => this.#log('warn', failureWords(failure)),
      drained: () => this.#drained(),
    });
    this.#contents = new Contents(this.#outbox.retained, meters);
    this.#voice = new Voice({
      clock,
      outbox: this.#outbox,
      topics: () => this.#topics,
      logging: () => this.#settings.logging,
    });
    this.#repeats = new Repeats({ ...parts, outbox: this.#outbox, settings: () => this.#settings });
    this.#contests = new Allowance(clock, MOST_CONTESTS, MINUTE_MS);
    this.#keeper = new Keeper({ ...parts, log: (level, words) => this.#log(level, words), visit: () => this.#visit() });
    this.#requests = new Requests({
      serve,
      clock,
      commands: () => this.#settings.commands,
      answer: (name, answer) => {
        this.#voice.say('response', name, answer);
        this.#watch.soon();
      },
      warn: (words) => this.#log('warn', words),
    });
    this.#watch = new Watch({
      ...parts,
      contents: this.#contents,
      place: () => ({ ...this.#place, isSurveyed: this.#hasSurveyed }),
      event: (event) => this.#event(event),
      tell: (kind, name) =>
        this.#voice.tell(kind, kind === 'connection-added' ? 'there is one more' : 'it is no more', name),
      looked: () => this.#outbox.pump(),
    });
  }

  begin(): void {
    this.#outbox.retained.retain = this.#settings.retain;
    this.#watch.begin();
    this.#keeper.begin();
  }

  get view(): MqttView {
    const { state, failure } = this.#keeper;
    const { server } = this.#settings.broker;
    return { state, server, base: this.#claim.base, failure: failure ? failureWords(failure) : null };
  }

  /** Other settings of the same broker; connects anew only where that is needed. */
  change(settings: MqttSettings): void {
    const old = this.#settings;
    const { retained } = this.#outbox;
    const isAnew = linkWords(old) !== linkWords(settings);
    // It is a proper end, without a last will, and the broker may not let the new settings in.
    if (isAnew) this.#link?.publish(this.#goodbye).catch(() => undefined);
    this.#settings = settings;
    retained.retain = settings.retain;
    if (old.baseTopic !== settings.baseTopic) {
      this.#contents.move(() => false);
      this.#claim = new Claim(settings.baseTopic, this.#parts.id);
      this.#hasSurveyed = false;
    } else if (old.discoveryPrefix !== settings.discoveryPrefix) this.#contents.move(() => false);
    if (old.retain && !settings.retain) for (const topic of retained.topics) retained.takeAway(topic);
    this.#watch.measure();
    if (isAnew) this.#keeper.again();
    else this.#outbox.pump();
  }

  /** A line of the daemon's log. */
  line(level: LogLevel, connection: string | undefined, words: string): void {
    if (!this.#isLogging) this.#voice.line(level, connection, words);
  }

  /** Says that we are going. Fulfilled when the broker knows; after 0.5 s in any case, at once when it is not there. */
  farewell(): Promise<void> {
    this.#contents.isLeaving = true;
    this.#watch.look();
    return this.#drain();
  }

  /** Takes everything away that the broker has of us. Fulfilled as a farewell. */
  vanish(): Promise<void> {
    this.#watch.end();
    this.#contents.move(() => false);
    this.#outbox.pump();
    return this.#drain();
  }

  #drain(): Promise<void> {
    if (this.#keeper.state !== 'connected' || this.#outbox.isIdle) return Promise.resolve();
    const { clock } = this.#parts;
    return new Promise((resolve) => {
      const patience = clock.alarm(resolve);
      patience.set(clock.now() + FAREWELL_MS);
      this.#drained = () => {
        patience.close();
        resolve();
      };
    });
  }

  /** For good. Fulfilled within 0.2 s. */
  end(): Promise<void> {
    this.#watch.end();
    this.#repeats.close();
    return this.#keeper.end(GOODBYE_MS);
  }

  get #topics(): Topics {
    return new Topics(this.#claim.base);
  }
  get #place(): Place {
    return { id: this.#parts.id, host: this.#parts.host, settings: this.#settings, claim: this.#claim };
  }
  get #broker(): BrokerSettings {
    const { broker } = this.#settings;
    return { ...broker, clientId: broker.clientId ?? `l2tpwan-${this.#parts.id}` };
  }

  /** The state that the broker is to have of us once we are gone. */
  get #goodbye(): Message {
    const payload = JSON.stringify({ state: 'offline' });
    return { topic: this.#topics.of('bridgeState'), payload, retain: this.#settings.retain, qos: 1 };
  }

  #visit(): Visit {
    if (!this.#hasSurveyed) {
      const done = () => {
        this.#hasSurveyed = true;
        // What waits below the other one's base has never been said, and must not be.
        if (this.#claim.displacedBy !== undefined) this.#contents.disown((each) => this.#claim.isBelowWish(each));
        this.#keeper.again();
      };
      const warn = (words: string) => this.#log('warn', words);
      return survey({ clock: this.#parts.clock, broker: this.#broker, claim: this.#claim, warn, done });
    }
    return {
      broker: this.#broker,
      will: this.#goodbye,
      connected: (link) => this.#connected(link),
      message: (message) => this.#hear(message),
      over: () => {
        this.#link = undefined;
        this.#outbox.detach();
      },
    };
  }

  #connected(link: MqttLink): void {
    this.#link = link;
    const { discovery, discoveryStatusTopic, retain, broker } = this.#settings;
    const birth = discovery ? [discoveryStatusTopic] : [];
    link.subscribe([...this.#topics.heard, ...this.#claim.watched, ...birth]).catch((error: unknown) => {
      if (!(error instanceof MqttRefused)) throw error;
      if (error.failure.stage === 'subscribe') this.#log('warn', failureWords(error.failure));
    });
    if (!retain) for (const topic of this.#claim.earlier) this.#outbox.retained.takeAway(topic);
    this.#log('info', `connected to ${broker.server}, base topic ${this.#claim.base}`);
    const leftOut = this.#outbox.takeLeftOut();
    const more = leftOut > 0 ? `, ${leftOut} older events and log lines were left out` : '';
    this.#voice.tell('connected', `connected${more}`);
    this.#watch.look();
    this.#outbox.attach(link);
    this.#repeats.announced();
  }

  #hear(message: HeardMessage): void {
    const { topic, payload, retain } = message;
    const { discovery, discoveryStatusTopic } = this.#settings;
    if (this.#claim.watched.includes(topic)) this.#hearInfo(topic, payload);
    else if (topic === discoveryStatusTopic) {
      // A retained one was said before we said what there is.
      if (discovery && payload === 'online' && !retain) this.#repeats.born();
    } else {
      const incoming = this.#topics.read(topic);
      if (incoming !== undefined) this.#requests.hear(incoming, message);
    }
  }

  #hearInfo(topic: string, payload: string): void {
    const heard = this.#claim.hear(topic, payload, true);
    if (heard === 'contested' && this.#contests.take()) {
      this.#outbox.retained.all();
      this.#outbox.pump();
    } else if (heard === 'moved') {
      this.#log(
        'warn',
        `router ${this.#claim.displacedBy} has the base topic as well, ours is ${this.#claim.base} now`,
      );
      this.#contents.move((each) => this.#claim.isOthers(each));
      this.#keeper.again();
    }
  }

  #event(event: EventView): void {
    this.#voice.event(event);
    if (event.kind === 'stage' && event.stage === 'up') this.#keeper.hurry();
  }

  #log(level: LogLevel, words: string): void {
    this.#isLogging = true;
    this.#parts.log(level, words);
    this.#isLogging = false;
  }
}

/** What cannot be changed while connected. */
const linkWords = ({ broker, retain, baseTopic, discovery, discoveryStatusTopic }: MqttSettings): string =>
  JSON.stringify({ broker, retain, baseTopic, discovery, discoveryStatusTopic });
