/**
 * One connection kept as its settings and the user wish: its engine, and what the engine asks of the machine, in order.
 * A mistake of ours in here ends in here: the engine is thrown away, what it had installed is removed, and later a new one
 * dials. No other connection notices.
 */
import type { Alarm } from '../ports/clock.ts';
import type { Host } from '../ports/host.ts';
import { HostError } from '../ports/host-error.ts';
import type { Installed } from '../ports/network.ts';
import { Client } from '../protocol/client.ts';
import type { ClientSnapshot, LastFailure } from '../protocol/client-history.ts';
import type { ClientEffect, ClientInput } from '../protocol/client-io.ts';
import type { Instant } from '../protocol/deadlines.ts';
import type { FarewellRecord } from '../protocol/l2tp/farewell.ts';
import { type Endpoint, type Entropy, sameEndpoint } from '../protocol/machine.ts';
import type { ClientSettings, Server } from '../protocol/settings.ts';
import { type Driver, drive } from './driver.ts';
import { type Errand, errandOf } from './errand-of.ts';
import { Errands } from './errands.ts';
import type { ConnectionEvent } from './events.ts';
import { type DataPathView, Groundwork, type Losses, type Way } from './groundwork.ts';
import { Lookup } from './lookup.ts';
import { confession, nameOf, waitAfter } from './mistake.ts';
import type { ConnectionSettings } from './settings.ts';

/** What is used of the engine. */
export type Engine = Pick<Client, 'handle' | 'deadline' | 'lane' | 'laneSocket' | 'lanePeer' | 'unheard' | 'snapshot'>;
export type MakeEngine = (settings: ClientSettings, entropy: Entropy) => Engine;

/** How long a hang-up may take before what is installed is removed without it, ms. The process has 3 s in all. */
const GOODBYE_MS = 2600;
/** How long somebody waits for a hang-up that goes on by itself, ms. netifd's patience is 5 s (proto-ext.c). */
const PATIENCE_MS = 4000;

export class Connection {
  readonly settings: ConnectionSettings;
  readonly #host: Host;
  readonly #report: (event: ConnectionEvent) => void;
  readonly #makeEngine: () => Engine;
  readonly #errands = new Errands();
  readonly #groundwork: Groundwork;
  readonly #lookup: Lookup;
  readonly #recovery: Alarm;
  #wanted = false;
  #timesUp = 0;
  #lastFailure: LastFailure | undefined;
  #mistakes = 0;
  #recoveryAt: Instant | undefined;
  /** Only the answer to the last question counts. */
  #questions = 0;
  #untilRest: (() => void)[] = [];
  #stopped: Promise<void> | undefined;
  #engine: Engine;
  #driver: Driver<ClientInput>;

  /**
   * @param beforeDial what has to be done once there is a way to the server, and what of this connection it has not heard; never rejects
   * @param makeEngine a test has its own
   */
  constructor(
    settings: ConnectionSettings,
    host: Host,
    report: (event: ConnectionEvent) => void,
    beforeDial: (unheard: FarewellRecord | undefined) => Promise<void>,
    makeEngine: MakeEngine = (...from) => new Client(...from),
  ) {
    this.settings = settings;
    this.#host = host;
    this.#report = report;
    this.#makeEngine = () => makeEngine(settings.client, host.entropy);
    const dialSoon = (server: string) => beforeDial(this.#takeUnheard(server));
    this.#groundwork = new Groundwork(settings, host, dialSoon, {
      datagram: (socket, bytes, from) => this.#datagram(socket, bytes, from),
      pathMtu: (server, octets) => this.#driver.push({ type: 'path-mtu', server, path: { octets, from: 'icmp' } }),
      attention: () => this.#driver.push({ type: 'tick' }),
      undermined: (failure) => this.#driver.push({ type: 'redial', why: failure.detail, failure }),
      deviceLost: (failure) => this.#driver.push({ type: 'link-failed', failure }),
      notice: (level, words) => this.#report({ kind: 'notice', level, words }),
    });
    this.#lookup = new Lookup(host.resolver, settings.routing.uplink, settings.resolver, host.clock);
    this.#recovery = host.clock.alarm(() => this.#recover());
    this.#engine = this.#makeEngine();
    this.#driver = this.#drive(this.#engine);
  }

  /** Whether the connection is to be up. */
  get wanted(): boolean {
    return this.#wanted;
  }
  /** How often it came up. */
  get timesUp(): number {
    return this.#timesUp;
  }
  get snapshot(): ClientSnapshot {
    const snapshot = this.#engine.snapshot(this.#host.clock.now());
    const nextAttemptAt = snapshot.nextAttemptAt ?? (this.#wanted ? this.#recoveryAt : undefined);
    const counters = snapshot.counters && { ...snapshot.counters, ...this.#groundwork.dataPath?.counters?.() };
    return { ...snapshot, counters, lastFailure: this.#lastFailure, nextAttemptAt };
  }
  get installed(): Installed {
    return this.#groundwork.installed;
  }
  get dataPath(): DataPathView | undefined {
    return this.#groundwork.dataPath;
  }
  get losses(): Losses {
    return this.#groundwork.losses;
  }

  up(): void {
    this.#wanted = true;
    this.#driver.push({ type: 'connect' });
  }

  down(why: string): void {
    this.#wanted = false;
    this.#driver.push({ type: 'disconnect', why });
  }

  redial(why: string): void {
    this.#driver.push({ type: 'redial', why });
    this.up(); // to an engine at rest a redial means nothing, to one that dials a connect
  }

  /** Hangs up and stays down. Fulfilled when nothing of the dial is installed any more; after 4 s in any case. */
  hangUp(why: string): Promise<void> {
    return this.#rest(why, PATIENCE_MS);
  }

  /** Hangs up and leaves nothing behind: no socket open, nothing installed. Less than 3 s, whatever the server does. */
  stop(why: string): Promise<void> {
    this.#stopped ??= this.#stop(why);
    return this.#stopped;
  }

  async #stop(why: string): Promise<void> {
    await this.#rest(why, GOODBYE_MS);
    this.#driver.stop();
    this.#recovery.close();
    await this.#clear();
  }

  /** Fulfilled when the engine is at rest, or patience is over. */
  #rest(why: string, patienceMs: number): Promise<void> {
    const { clock } = this.#host;
    return new Promise((resolve) => {
      const patience = clock.alarm(resolve);
      patience.set(clock.now() + patienceMs);
      this.#untilRest.push(() => {
        patience.close();
        resolve();
      });
      this.down(why);
      if (this.#engine.snapshot(clock.now()).stage === 'idle') this.#atRest();
    });
  }

  #atRest(): void {
    for (const told of this.#untilRest.splice(0)) told();
  }

  #drive(engine: Engine): Driver<ClientInput> {
    const perform = (effect: ClientEffect) => this.#perform(effect);
    return drive(engine, perform, this.#host.clock, (error) => this.#broken(error));
  }

  /** The fast lane first; what it does not take is for the engine. */
  #datagram(socket: number, bytes: Uint8Array, from: Endpoint): void {
    try {
      const { lane, laneSocket, lanePeer } = this.#engine;
      const isOurs = socket === laneSocket && lanePeer !== undefined && sameEndpoint(from, lanePeer);
      const packet = isOurs ? lane?.decapsulate(bytes) : undefined;
      if (packet === undefined) this.#driver.push({ type: 'datagram', socket, from, bytes });
      else this.#groundwork.deliver(packet);
      if (lane?.attention) this.#driver.push({ type: 'tick' });
    } catch (error) {
      this.#broken(error);
    }
  }

  #perform(effect: ClientEffect): void {
    if (effect.type === 'send') this.#groundwork.send(effect.socket, effect.bytes, effect.to);
    else if (effect.type === 'close') this.#groundwork.close(effect.socket);
    else if (effect.type === 'resolve') this.#resolve(effect.servers);
    else if (effect.type === 'event') this.#event(effect.event);
    // What was dropped the engine has counted, for the status.
    else if (effect.type !== 'dropped') this.#errand(errandOf(effect, this.#groundwork, this.#way));
  }

  get #way(): Way | undefined {
    const { lane, laneSocket: socket, lanePeer: peer } = this.#engine;
    return lane === undefined || socket === undefined || peer === undefined ? undefined : { lane, socket, peer };
  }

  /** Its socket is closed: what it says is said anew, from the same port. */
  #takeUnheard(server: string): FarewellRecord | undefined {
    const unheard = this.#engine.unheard(server);
    if (unheard === undefined) return undefined;
    this.#groundwork.close(unheard.socket);
    return { ...unheard.farewell, mark: this.settings.routing.mark };
  }

  #resolve(servers: readonly Server[]): void {
    const question = ++this.#questions;
    void this.#lookup.find(servers).then(({ candidates, failure, mistakes }) => {
      for (const mistake of mistakes) this.#confess(mistake);
      if (question === this.#questions)
        this.#driver.push({ type: 'resolved', candidates, ...(failure && { failure }) });
    });
  }

  /** Work for the machine, in its turn; the engine that asked hears the answer, none after it. */
  #errand({ work, failed }: Errand): void {
    const driver = this.#driver;
    const answered = this.#errands.run(work).catch((error: unknown) => {
      if (error instanceof HostError) return failed(error.failure);
      this.#confess(error);
      return failed({ code: 'internal-error', detail: nameOf(error) });
    });
    void answered.then((answer) => {
      if (answer?.type === 'notice') this.#report({ kind: 'notice', level: 'warn', words: answer.words });
      else if (answer !== undefined) driver.push(answer);
    });
  }

  #event(event: ConnectionEvent): void {
    if (event.kind === 'failed') {
      const { failure, stage, server } = event;
      this.#lastFailure = { failure, stage, server, at: this.#host.clock.now() };
    }
    if (event.kind === 'stage' && event.stage === 'up') {
      this.#timesUp++;
      this.#mistakes = 0;
    }
    this.#report(event);
    if (event.kind === 'stage' && event.stage === 'idle') this.#atRest();
  }

  /** The engine threw, or what it asked for did: it cannot be trusted any more. */
  #broken(error: unknown): void {
    const { stage, server } = this.#engine.snapshot(this.#host.clock.now());
    this.#confess(error);
    this.#event({
      kind: 'failed',
      failure: { code: 'internal-error', detail: nameOf(error) },
      stage,
      ...(server && { server }),
    });
    const ms = waitAfter(++this.#mistakes);
    this.#driver.stop();
    this.#questions++;
    this.#engine = this.#makeEngine();
    this.#driver = this.#drive(this.#engine);
    void this.#clear();
    this.#recoveryAt = this.#host.clock.now() + ms;
    this.#recovery.set(this.#recoveryAt);
    this.#event({ kind: 'stage', stage: 'idle' });
    if (this.#wanted) this.#event({ kind: 'retry-in', ms });
  }

  #recover(): void {
    this.#recoveryAt = undefined;
    if (this.#wanted) this.up();
  }

  #clear(): Promise<void> {
    return this.#errands.run(async () => {
      await this.#groundwork.release().catch((error: unknown) => this.#confess(error));
      this.#groundwork.closeAll();
    });
  }

  #confess(error: unknown): void {
    this.#report({ kind: 'notice', level: 'error', words: confession(error) });
  }
}
