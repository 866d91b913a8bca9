/** What one connection holds on the machine: its routes and rules, in the journal before they go in, and taken back in reverse. */
import { HostError } from '../../ports/host-error.ts';
import type { InstalledRoute } from '../../ports/network.ts';
import type { FarewellRecord } from '../../protocol/l2tp/farewell.ts';
import type { Run } from './command.ts';
import type { Entry, Journal, Owner } from './journal.ts';
import { hopOf, type Route, type Rule } from './route-plan.ts';
import { addRule, keyOf, type RouteBook, removeRule } from './routes.ts';

export interface HoldingsParts {
  readonly name: string;
  readonly device: string;
  readonly run: Run;
  readonly book: RouteBook;
  readonly journal: Journal;
  readonly owner: Owner;
  /** Something a person should know. */
  readonly warn: (words: string) => void;
}

/** What the journal names besides routes and rules. */
export interface Belongings {
  readonly deviceIndex?: number | undefined;
  readonly nftTable?: string | undefined;
  readonly resolvFile?: string | undefined;
}

export class Holdings {
  readonly #parts: HoldingsParts;
  #routes: InstalledRoute[] = [];
  #rules: (Rule & { readonly foreign: boolean })[] = [];
  /** What may be on the machine at any moment from now on, for the journal. */
  #plan: { routes: readonly Route[]; rules: readonly Rule[]; belongings: Belongings | undefined } = NO_PLAN;
  #farewell: FarewellRecord | undefined;

  constructor(parts: HoldingsParts) {
    this.#parts = parts;
  }

  get routes(): readonly InstalledRoute[] {
    return this.#routes;
  }

  get rules(): readonly string[] {
    return this.#rules.map(({ from, table, foreign }) => `from ${from} lookup ${table}${foreign ? ' (not ours)' : ''}`);
  }

  remember(farewell: FarewellRecord): Promise<void> {
    this.#farewell = farewell;
    return this.#record();
  }

  /** The link is about to come up: the journal learns all that will be on the machine then. */
  announce(routes: readonly Route[], rules: readonly Rule[], belongings: Belongings): Promise<void> {
    this.#plan = { routes, rules, belongings };
    return this.#record();
  }

  /**
   * Installs routes in order. Without a server or default route there is no use going on; without another there is.
   * @returns those that are there now
   * @throws HostError `network-failed`
   */
  async addRoutes(routes: readonly Route[]): Promise<readonly InstalledRoute[]> {
    const { name, book, warn } = this.#parts;
    this.#plan = { ...this.#plan, routes: [...this.#plan.routes, ...routes] };
    await this.#record();
    const added: InstalledRoute[] = [];
    for (const route of routes) {
      const isAround = route.purpose === 'server' || route.purpose === 'stays on uplink';
      const result = await book.add(name, route, isAround);
      if (result.state === 'ours' || result.state === 'foreign') {
        const installed = { ...route, foreign: result.state === 'foreign' };
        this.#routes = [...this.#routes.filter((other) => keyOf(other) !== keyOf(route)), installed];
        added.push(installed);
        continue;
      }
      const words = `${route.prefix} (${route.purpose}) cannot be routed ${hopOf(route)}: ${result.words}`;
      const isDefault = route.purpose === 'default' || route.purpose === 'half of default';
      if (route.purpose === 'server' || (isDefault && result.state === 'failed')) {
        throw new HostError('network-failed', words);
      }
      warn(words);
    }
    await this.#carriedOut(routes);
    return added;
  }

  async addRules(rules: readonly Rule[]): Promise<void> {
    for (const rule of rules) {
      const result = await addRule(this.#parts.run, rule);
      if (result.state === 'failed') throw new HostError('network-failed', result.words);
      this.#rules.push({ ...rule, foreign: result.state === 'foreign' });
    }
    this.#plan = { ...this.#plan, rules: [] };
    await this.#record();
  }

  /** Takes back what is ours of the routes chosen, the latest first; what stays behind remains listed, and is tried again next time. */
  async removeRoutes(chosen: (route: InstalledRoute) => boolean): Promise<void> {
    for (const route of this.#routes.filter(chosen).reverse()) {
      const trouble = route.foreign ? undefined : await this.#parts.book.remove(this.#parts.name, route);
      if (trouble === undefined) this.#routes = this.#routes.filter((other) => other !== route);
      else this.#parts.warn(`left behind: ${trouble}`);
    }
  }

  async removeRules(): Promise<void> {
    for (const rule of this.#rules.toReversed()) {
      const trouble = rule.foreign ? undefined : await removeRule(this.#parts.run, rule);
      if (trouble !== undefined) this.#parts.warn(`left behind: ${trouble}`);
    }
    this.#rules = [];
  }

  /** The tunnel is gone, its belongings too. */
  forget(): Promise<void> {
    this.#farewell = undefined;
    this.#plan = NO_PLAN;
    return this.settle();
  }

  /** Brings the journal in line with what is there, and ends it when nothing is. */
  settle(): Promise<void> {
    const isEmpty = this.#ours.length === 0 && this.#rules.length === 0;
    const isOver = this.#farewell === undefined && this.#plan.belongings === undefined;
    this.#plan = { ...this.#plan, routes: [], rules: [] };
    if (!isEmpty || !isOver) return this.#record();
    return this.#parts.journal.clear().catch((error: Error) => this.#blindTo(error));
  }

  get #ours(): readonly Route[] {
    return this.#routes.filter(({ foreign }) => !foreign);
  }

  /** What was planned is there or will not be: from now on the journal says which. */
  #carriedOut(routes: readonly Route[]): Promise<void> {
    const keys = routes.map(keyOf);
    this.#plan = { ...this.#plan, routes: this.#plan.routes.filter((route) => !keys.includes(keyOf(route))) };
    return this.#record();
  }

  #record(): Promise<void> {
    const { name, device, owner, journal } = this.#parts;
    const { routes, rules, belongings } = this.#plan;
    const allRoutes = new Map([...this.#ours, ...routes].map((route) => [keyOf(route), route]));
    const allRules = [...this.#rules.filter(({ foreign }) => !foreign), ...rules];
    const entry: Entry = {
      version: 1,
      connection: name,
      owner,
      device,
      ...belongings,
      routes: [...allRoutes.values()],
      rules: allRules.map(({ from, table }) => ({ from, table })),
      farewell: this.#farewell,
    };
    const isComplete = this.#farewell !== undefined && belongings !== undefined;
    return journal.save(entry, isComplete).catch((error: Error) => this.#blindTo(error));
  }

  /** Without a journal a crash would leave things behind; without a tunnel there is nothing at all. */
  #blindTo(error: Error): void {
    this.#parts.warn(`the journal cannot be kept, so a crash would not be cleaned up after: ${error.message}`);
  }
}

const NO_PLAN = { routes: [], rules: [], belongings: undefined };
