/** MQTT as the daemon's settings want it: there or not, with these or those settings; and the totals, which outlive all of that. */
import type { MqttSettings } from '../daemon/mqtt-settings.ts';
import type { MqttDoor, MqttView } from '../daemon/mqtt-view.ts';
import type { Alarm } from '../ports/clock.ts';
import type { LogLevel } from '../ports/log.ts';
import type { MqttVerdict } from '../ports/mqtt.ts';
import { Bridge, type BridgeParts } from './bridge.ts';
import { Topics } from './topics.ts';
import { Meters, type TotalsStore } from './totals.ts';
import { tryBroker } from './trial.ts';

/** Totals may be kept on flash. */
const SAVE_MS = 3_600_000;

export interface ServiceParts extends Omit<BridgeParts, 'id' | 'meters'> {
  /** What tells this machine from others; the same after a restart. */
  readonly machineId: () => Promise<string>;
  readonly store: TotalsStore;
}

export class MqttService implements MqttDoor {
  readonly #parts: ServiceParts;
  readonly #meters = new Meters();
  readonly #saving: Alarm;
  #settings: MqttSettings | undefined;
  #faults: readonly string[] = [];
  #bridge: Bridge | undefined;
  #testing: Promise<MqttVerdict> | undefined;
  #isLoaded = false;
  #isOver = false;
  /** One change after another. */
  #turn: Promise<void> = Promise.resolve();

  constructor(parts: ServiceParts) {
    this.#parts = parts;
    this.#saving = parts.clock.alarm(() => this.#save());
  }

  /** @param faults why it is left out though it may be wanted Fulfilled when it is so; never rejects. */
  apply(settings: MqttSettings, faults: readonly string[]): Promise<void> {
    this.#turn = this.#turn.then(() => this.#apply(settings, faults));
    return this.#turn;
  }

  get view(): MqttView {
    if (this.#faults.length > 0) return { ...DISABLED, state: 'wrong', failure: this.#faults.join('; ') };
    return this.#bridge?.view ?? DISABLED;
  }

  line(level: LogLevel, connection: string | undefined, words: string): void {
    this.#bridge?.line(level, connection, words);
  }

  /** Says that the daemon is going. Fulfilled when the broker knows; after 0.5 s in any case, at once when it is not there. */
  async farewell(): Promise<void> {
    await this.#bridge?.farewell();
  }

  /** For good. Fulfilled within 0.2 s, as far as the disk permits. */
  async end(): Promise<void> {
    this.#isOver = true;
    this.#saving.close();
    const bridge = this.#bridge;
    this.#bridge = undefined;
    await Promise.all([bridge?.end(), this.#save()]);
  }

  /** Tries the settings out, whether or not they are enabled; whoever asks meanwhile gets the same answer. */
  test(): Promise<MqttVerdict> {
    this.#testing ??= this.#test().finally(() => {
      this.#testing = undefined;
    });
    return this.#testing;
  }

  async #test(): Promise<MqttVerdict> {
    const settings = this.#settings;
    if (settings === undefined || this.#faults.length > 0) return wrong(this.#faults);
    const id = await this.#idOf(settings);
    return trialOf(settings, id, this.#bridge?.view.base ?? settings.baseTopic, this.#parts);
  }

  async #apply(settings: MqttSettings, faults: readonly string[]): Promise<void> {
    if (this.#isOver) return;
    const old = this.#settings;
    this.#settings = settings;
    this.#faults = faults;
    if (old !== undefined && JSON.stringify(old) === JSON.stringify(settings) && this.#isRunning === this.#isWanted)
      return;
    const isSameServer = old?.broker.server === settings.broker.server;
    if (this.#bridge !== undefined && this.#isWanted && isSameServer && old.id === settings.id) {
      this.#bridge.change(settings);
      return;
    }
    const bridge = this.#bridge;
    if (bridge !== undefined) {
      // Under another id we would find our own traces, and take them for those of another router.
      await (isSameServer && old.id !== settings.id ? bridge.vanish() : bridge.farewell());
      this.#bridge = undefined;
      await bridge.end();
      await this.#save();
    }
    if (this.#isWanted) await this.#begin(settings);
  }

  get #isWanted(): boolean {
    return this.#settings?.enabled === true && this.#faults.length === 0;
  }
  get #isRunning(): boolean {
    return this.#bridge !== undefined;
  }

  async #begin(settings: MqttSettings): Promise<void> {
    await this.#load();
    const id = await this.#idOf(settings);
    if (this.#isOver) return;
    this.#bridge = new Bridge({ ...this.#parts, id, meters: this.#meters }, settings);
    this.#bridge.begin();
    this.#saving.set(this.#parts.clock.now() + SAVE_MS);
  }

  async #idOf({ id }: MqttSettings): Promise<string> {
    return id ?? (await this.#parts.machineId());
  }

  async #load(): Promise<void> {
    if (this.#isLoaded) return;
    this.#isLoaded = true;
    const { store, log } = this.#parts;
    try {
      const text = await store.load();
      if (text !== undefined && !this.#meters.load(text))
        log('warn', 'the totals of earlier runs cannot be read: they begin at zero');
    } catch (error) {
      log('warn', `the totals of earlier runs cannot be read: ${wordsOf(error)}`);
    }
  }

  async #save(): Promise<void> {
    this.#saving.set(this.#isRunning ? this.#parts.clock.now() + SAVE_MS : undefined);
    const text = this.#meters.takeUnsaved();
    if (text === undefined) return;
    await this.#parts.store
      .save(text)
      .catch((error: unknown) => this.#parts.log('warn', `the totals cannot be kept: ${wordsOf(error)}`));
  }
}

const DISABLED: MqttView = { state: 'disabled', server: null, base: null, failure: null };

type TrialSurroundings = Pick<BridgeParts, 'clock' | 'entropy' | 'load'>;

/** Beside a bridge that may be connected, so under a name of its own. */
export function trialOf(
  { broker, discovery, discoveryPrefix }: MqttSettings,
  id: string,
  base: string,
  { clock, entropy, load }: TrialSurroundings,
): Promise<MqttVerdict> {
  return tryBroker({
    clock,
    entropy,
    load,
    broker: { ...broker, clientId: `${broker.clientId ?? `l2tpwan-${id}`}-test` },
    topic: new Topics(base).of('bridgeTest'),
    // No connection's, whatever it or a router is called: what comes for theirs empty removes them.
    discovery: discovery ? `${discoveryPrefix}/device/l2tpwan-${id}/config` : undefined,
  });
}

const wrong = (faults: readonly string[]): MqttVerdict => ({
  ok: false,
  server: '',
  steps: [],
  failure: {
    stage: 'files',
    words: faults.length > 0 ? faults.join('; ') : 'the daemon has not read its configuration yet',
    detail: '',
  },
});

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
