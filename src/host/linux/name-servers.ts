/** How somebody is spoken to over the uplink for a moment, although a tunnel has the default route: a name server, a server to hang up. */
import { HostError } from '../../ports/host-error.ts';
import type { Journal, Owner } from './journal.ts';
import { findWay, type Ground } from './pin.ts';
import { pinOf, type Route } from './route-plan.ts';
import type { RouteBook } from './routes.ts';

export interface NameServerParts {
  readonly ground: Omit<Ground, 'mark'>;
  readonly book: RouteBook;
  readonly journal: Journal;
  readonly owner: Owner;
}

export class NameServerRoutes {
  readonly #parts: NameServerParts;
  readonly #held = new Map<string, Route>();
  #writing: Promise<void> = Promise.resolve();
  #count = 0;

  constructor(parts: NameServerParts) {
    this.#parts = parts;
  }

  /**
   * Makes the way to an address lead over the uplink; nothing is installed where it does already.
   * @param mark of the packets that are to go there
   * @returns how to undo it
   * @throws HostError `no-route`, `network-failed`
   */
  async pin(nameServer: string, uplink: string | undefined, mark: number | undefined): Promise<() => Promise<void>> {
    const { ground, book } = this.#parts;
    const way = await findWay({ ...ground, mark }, nameServer, uplink);
    const route: Route = { ...pinOf(nameServer, way.gateway, way.device), purpose: 'name server' };
    const now = await ground.ask(nameServer, { mark });
    // A route that another of us has may go before we are done: that one is shared.
    const isThereAnyway = now.device === way.device && now.gateway === way.gateway && !book.has(route);
    if (isThereAnyway) return () => Promise.resolve();
    const holder = `name server ${this.#count++}`;
    this.#held.set(holder, route);
    await this.#record();
    const undo = async () => {
      await book.remove(holder, route);
      this.#held.delete(holder);
      await this.#record();
    };
    const added = await book.add(holder, route, true);
    if (added.state === 'ours' || added.state === 'foreign') return undo;
    await undo();
    throw new HostError('network-failed', `no host route to ${nameServer} over the uplink: ${added.words}`);
  }

  /** Resolving goes on without a journal: the worst is one host route left over by a crash in these seconds. */
  #record(): Promise<void> {
    const { journal, owner } = this.#parts;
    this.#writing = this.#writing
      .then(() => {
        const routes = [...this.#held.values()];
        if (routes.length === 0) return journal.clear();
        return journal.save({ version: 1, connection: NAME_SERVERS, owner, device: '', routes, rules: [] }, false);
      })
      .catch(() => undefined);
    return this.#writing;
  }
}

/** In the place of a connection's name; none begins with a blank. */
export const NAME_SERVERS = ' name servers';
