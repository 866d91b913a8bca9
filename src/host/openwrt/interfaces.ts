/**
 * The life of interfaces: netifd says which are to be up, and the daemon's connections follow. What one of the two missed while it
 * was away, a crash or a restart of the daemon, of netifd or of ubusd, is made good here, once for each return.
 */
import type { Alarm, Clock } from '../../ports/clock.ts';
import { type InterfaceOwner, type ManagedConnections, OwnerRefused } from '../../ports/interface-owner.ts';
import type { Log } from '../../ports/log.ts';
import type { Failure } from '../../protocol/failure.ts';
import { connectionOf, faultWords, type MeantBy, strangersAmong } from './interface-options.ts';
import { isAbsent, type Netifd } from './netifd.ts';
import type { InterfaceState } from './netifd-state.ts';
import { Orders } from './orders.ts';
import type { Reports } from './reports.ts';
import type { SettingsFiles } from './settings-files.ts';
import { Turns } from './turns.ts';
import { UbusError } from './ubus/bus.ts';
import { PROTO, withoutOurs } from './uplinks.ts';

/** Protocol handlers that wait for us have called by then, ms. */
const FIRST_LOOK_MS = 1500;
/** netifd has read its configuration by then, and begun with everything in it, ms. */
const GRACE_MS = 10_000;
/** An uplink that comes and goes makes us dial at most so often, ms. */
const HURRY_PAUSE_MS = 5000;

export interface InterfacesParts {
  readonly netifd: Netifd;
  readonly reports: Reports;
  readonly settings: SettingsFiles;
  readonly clock: Clock;
  readonly log: Log;
  readonly meantBy: MeantBy;
}

interface Known {
  /** As netifd gave them. */
  options: Readonly<Record<string, unknown>>;
  /** What is odd about its settings, in words. */
  remarks: readonly string[];
  /** What netifd has it for: up, or to be up; to be up, with settings that cannot work; down. */
  wish: 'up' | 'wrong' | 'down';
  /** What is wrong with its settings, in words. */
  faults: readonly string[];
  hurriedAt: number;
}

const STRANGER: Known = { options: {}, remarks: [], wish: 'up', faults: [], hurriedAt: Number.NEGATIVE_INFINITY };

export class Interfaces implements InterfaceOwner {
  readonly #parts: InterfacesParts;
  readonly #orders: Orders;
  readonly #known = new Map<string, Known>();
  readonly #turns = new Turns();
  readonly #firstLook: Alarm;
  readonly #secondLook: Alarm;
  #connections: ManagedConnections | undefined;
  /** Nobody has looked yet: what netifd has up is of an earlier daemon. */
  #isNew = true;

  constructor(parts: InterfacesParts) {
    this.#parts = parts;
    this.#orders = new Orders(parts.netifd);
    this.#firstLook = parts.clock.alarm(() => void this.#safely(() => this.#lookFirst()));
    this.#secondLook = parts.clock.alarm(() => void this.#safely(() => this.#lookAgain()));
  }

  /** @param connections takes orders from now on, if only to carry them out once it has started */
  serve(connections: ManagedConnections): void {
    this.#connections = connections;
  }

  /** The daemon is ready to dial. @returns ends it */
  begin(): () => void {
    const { netifd, clock } = this.#parts;
    const ends = [
      netifd.onReturn(() => {
        this.#firstLook.set(clock.now() + FIRST_LOOK_MS);
        this.#secondLook.set(clock.now() + GRACE_MS);
      }),
      netifd.onChange((name, isUp) => {
        if (isUp) void this.#safely(() => this.#cameUp(name));
      }),
    ];
    return () => {
      for (const end of ends) end();
      this.#firstLook.close();
      this.#secondLook.close();
    };
  }

  isInterface(name: string): boolean {
    return this.#known.has(name);
  }
  optionsOf(name: string): Readonly<Record<string, unknown>> {
    return this.#known.get(name)?.options ?? {};
  }

  /** What is odd about its settings, though they work. */
  remarksOn(name: string): readonly string[] {
    return this.#known.get(name)?.remarks ?? [];
  }

  get refused(): Readonly<Record<string, readonly string[]>> {
    const wrong = [...this.#known].filter(([, { wish }]) => wish === 'wrong');
    return Object.fromEntries(wrong.map(([name, { faults, remarks }]) => [name, [...faults, ...remarks]]));
  }

  /**
   * The protocol handler sets an interface up; or a person wants it up.
   * @param isNetifd the caller says that it is the protocol handler; where it does not say, netifd's state tells
   * @throws OwnerRefused; UbusError `invalidArgument`: its settings cannot work
   */
  async connect(name: string, isNetifd?: boolean): Promise<void> {
    if (isNetifd !== true && !(await this.#orders.stateOf(name)).isPending) await this.#orders.up(name);
    else await this.#turns.take(name, () => this.#setUp(name));
  }

  /** The protocol handler takes an interface down, and hears when it is; or a person wants it down. @throws OwnerRefused */
  async disconnect(name: string, isNetifd?: boolean): Promise<void> {
    const state = isNetifd === true ? undefined : await this.#orders.stateOf(name).catch(noneIfUnknown);
    if (state?.isUp || state?.isPending) await this.#orders.down(name);
    else if (isNetifd || state || this.#known.has(name)) await this.#turns.take(name, () => this.#takeDown(name));
    else throw new OwnerRefused('no-such-interface', `there is no interface ${name}`);
  }

  async up(name: string): Promise<void> {
    await this.#orders.stateOf(name);
    const { wish, faults = [] } = this.#known.get(name) ?? {};
    // netifd has it waiting for better settings, and would do nothing.
    if (wish === 'wrong') throw new OwnerRefused('wrong-settings', wrongWords(name, faults));
    await this.#orders.up(name);
  }
  async down(name: string): Promise<void> {
    await this.#orders.stateOf(name);
    await this.#orders.down(name);
  }
  names(): Promise<readonly string[]> {
    return this.#orders.names();
  }
  failed(name: string, failure: Failure): void {
    if (this.#known.get(name)?.wish === 'up') this.#parts.reports.failed(name, failure);
  }

  async #setUp(name: string): Promise<void> {
    const { settings, reports, clock, log } = this.#parts;
    const known = this.#known.get(name) ?? { ...STRANGER };
    known.wish = 'up';
    this.#known.set(name, known);
    reports.expected(name);
    const names = await settings.optionNames(name);
    const faults = await this.#dial(name, known, names, await settings.read(name).catch((error: Error) => error));
    known.faults = faults;
    for (const remark of known.remarks) log.write('warn', name, `interface ${name}: ${remark}`);
    if (faults.length === 0) {
      await reports.remark(name, known.remarks);
      if (reports.isUp(name)) await reports.again(name); // to a netifd that has forgotten
      return;
    }
    known.wish = 'wrong';
    for (const fault of faults) log.write('error', name, `interface ${name}: ${fault}`);
    this.#secondLook.set(clock.now() + GRACE_MS); // netifd may not know the name at all
    await this.#connections?.disconnect(name, 'its settings cannot work'); // up with earlier ones, it may be
    await reports.wrong(name, [...faults, ...known.remarks]);
    throw new UbusError('invalidArgument', ''); // the log has it
  }

  /** @returns what is wrong with the settings, in words */
  async #dial(name: string, known: Known, names: readonly string[], options: unknown): Promise<readonly string[]> {
    known.remarks = [];
    if (options instanceof Error) return [options.message];
    if (typeof options !== 'object' || options === null || Array.isArray(options))
      return ['its settings are no options of an interface'];
    known.options = { ...options };
    known.remarks = strangersAmong(names, known.options, this.#parts.meantBy);
    const faults = (await this.#connections?.connect(name, connectionOf(known.options))) ?? [];
    return faults.map(faultWords);
  }

  async #takeDown(name: string): Promise<void> {
    const { reports, clock } = this.#parts;
    const known = this.#known.get(name);
    if (known !== undefined) known.wish = 'down';
    reports.leaving(name);
    await this.#connections?.disconnect(name, 'netifd takes the interface down');
    this.#secondLook.set(clock.now() + GRACE_MS); // it may be gone for good
  }

  /** netifd is there: what it has up is brought in line with what we have. */
  async #lookFirst(): Promise<void> {
    const { netifd, reports, log } = this.#parts;
    const states = await this.#states(this.#firstLook);
    if (states === undefined) return;
    const isNew = this.#isNew;
    this.#isNew = false;
    for (const { name, proto, isUp, isPending, isAutostart } of states) {
      if (proto !== PROTO) continue;
      const wish = this.#known.get(name)?.wish ?? 'down';
      if (wish === 'up' && (isUp || isPending)) await reports.again(name);
      else if (wish === 'down' && (isUp || isPending || (isNew && isAutostart))) {
        log.write(
          'info',
          name,
          `netifd has interface ${name} ${isUp ? 'up' : 'waiting'} without us: it is set up anew`,
        );
        await netifd.anew(name).catch((error: Error) => log.write('warn', name, error.message));
      }
    }
  }

  /** What netifd does not know any more, or does not want up, is not to be up. */
  async #lookAgain(): Promise<void> {
    const states = await this.#states(this.#secondLook);
    if (states === undefined) return;
    for (const [name, known] of [...this.#known]) {
      const state = states.find((each) => each.name === name && each.proto === PROTO);
      if (state === undefined) await this.#turns.take(name, () => this.#forget(name));
      else if (known.wish === 'up' && !state.isUp && !state.isPending && !state.isAutostart)
        await this.#turns.take(name, () => this.#takeDown(name));
    }
  }

  async #forget(name: string): Promise<void> {
    const { settings, reports } = this.#parts;
    reports.leaving(name);
    await this.#connections?.forget(name);
    this.#known.delete(name);
    reports.forget(name);
    await settings.remove(name);
  }

  /** An interface came up that may be somebody's uplink, or may have a default route beside a tunnel's. */
  async #cameUp(name: string): Promise<void> {
    const { reports, clock } = this.#parts;
    const state = withoutOurs((await this.#states()) ?? []).find((each) => each.name === name);
    if (state === undefined) return;
    const hasDefault = state.defaultMetrics.length > 0;
    for (const [tunnel, known] of this.#known) {
      if (known.wish !== 'up') continue;
      if (hasDefault && reports.isUp(tunnel)) await reports.again(tunnel);
      const { uplink } = known.options;
      const isUplink = uplink === undefined || uplink === '' ? hasDefault : uplink === name || uplink === state.device;
      if (!isUplink || clock.now() - known.hurriedAt < HURRY_PAUSE_MS) continue;
      known.hurriedAt = clock.now();
      this.#connections?.hurry(tunnel, `interface ${name} came up`);
    }
  }

  /**
   * @param look what is had again later from a netifd that is late; one that is absent is heard of when it returns
   * @returns undefined: netifd is late or absent
   */
  async #states(look?: Alarm): Promise<readonly InterfaceState[] | undefined> {
    try {
      return await this.#parts.netifd.dump();
    } catch (error) {
      if (isAbsent(error)) return undefined;
      const { clock, log } = this.#parts;
      log.write('warn', undefined, `netifd: ${(error as Error).message}`);
      look?.set(clock.now() + GRACE_MS);
      return undefined;
    }
  }

  async #safely(task: () => Promise<void>): Promise<void> {
    await task().catch((error: Error) => this.#parts.log.write('error', undefined, `netifd: ${error.message}`));
  }
}

/** A netifd that does not answer has not said that there is no such interface. */
function noneIfUnknown(error: unknown): undefined {
  if (!(error instanceof OwnerRefused) || error.why !== 'no-such-interface') throw error;
}

const wrongWords = (name: string, faults: readonly string[]): string =>
  `the settings of interface ${name} cannot work: ${faults.join('; ')}; mend them, then reload_config`;
