/** What we ask of netifd and hear from it. Nothing else knows its words. */
import { type InterfaceState, readDump, readEvent } from './netifd-state.ts';
import { type Child, childTable, type Link, linkTable } from './netifd-update.ts';
import type { Table } from './ubus/blobmsg.ts';
import { type Bus, UbusError } from './ubus/bus.ts';

const INTERFACE = 'network.interface';

/** netifd answers within milliseconds, or is busy with a reload; ours: half of what a hang-up has. */
const LIMIT_MS = 1500;

/** Actions of `notify_proto` (netifd, proto-ext.c). */
const ACTION = { update: 0, error: 3 } as const;

export class Netifd {
  readonly #bus: Bus;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** Every interface there is. @throws UbusError `notFound`: netifd is not there */
  async dump(): Promise<readonly InterfaceState[]> {
    return readDump(await this.#bus.call(INTERFACE, 'dump', {}, LIMIT_MS));
  }

  /** @returns undefined: there is no such interface @throws UbusError netifd cannot be asked */
  async state(name: string): Promise<InterfaceState | undefined> {
    return (await this.dump()).find((each) => each.name === name);
  }

  /** @throws UbusError `notFound`: there is no such interface, or no netifd */
  up(name: string): Promise<Table> {
    return this.#ask('up', name);
  }
  /** @throws UbusError as `up` */
  down(name: string): Promise<Table> {
    return this.#ask('down', name);
  }

  /** Down, and up again as soon as it is down: netifd remembers the wish. @throws UbusError */
  async anew(name: string): Promise<void> {
    await this.down(name);
    await this.up(name);
  }

  /** The interface is up and has all this, and no more. @throws UbusError `permissionDenied`: it is being taken down */
  linkUp(name: string, link: Link): Promise<Table> {
    return this.#notify(name, { action: ACTION.update, ...linkTable(link) });
  }

  /** The connection is lost, and being dialled anew. @throws UbusError as `linkUp` */
  linkDown(name: string): Promise<Table> {
    return this.#notify(name, { action: ACTION.update, 'link-up': false });
  }

  /** @param code a word for programs @param details for people */
  error(name: string, code: string, details: readonly string[]): Promise<Table> {
    const shown = details.slice(0, MOST_DETAILS).map((detail) => detail.slice(0, LONGEST_DETAIL));
    return this.#notify(name, { action: ACTION.error, error: [code, ...shown] });
  }

  /** Names of the protocols that it has handlers for: those that were installed when it started. @throws UbusError */
  async protocols(): Promise<readonly string[]> {
    return Object.keys(await this.#bus.call('network', 'get_proto_handlers', {}, LIMIT_MS));
  }

  /**
   * An interface that nobody has configured, on the device of another; one of that name is replaced.
   *
   * Never of a protocol that it has no handler for: it would take it for one without any, let go of it in the middle of its next
   * reload's walk over all interfaces, and die of that (netifd, interface.c, config.c).
   */
  addChild(child: Child): Promise<Table> {
    return this.#bus.call('network', 'add_dynamic', childTable(child), LIMIT_MS);
  }
  removeChild(name: string): Promise<Table> {
    return this.#ask('remove', name);
  }

  /** Called when netifd is there, and each time it is there again: after a restart of its own, or of ubusd. @returns ends it */
  onReturn(returned: () => void): () => void {
    const ends = [
      this.#bus.listen('ubus.object.add', (_, { path }) => {
        if (path === INTERFACE) returned();
      }),
      this.#bus.onConnected(() => {
        this.dump().then(returned, (error: unknown) => {
          if (!isAbsent(error)) returned(); // late, but there; what is absent will be heard of
        });
      }),
    ];
    return () => {
      for (const end of ends) end();
    };
  }

  /** Called when an interface has come up or gone down. @returns ends it */
  onChange(changed: (interfaceName: string, isUp: boolean) => void): () => void {
    return this.#bus.listen(INTERFACE, (_, data) => {
      const event = readEvent(data);
      if (event !== undefined) changed(event.name, event.isUp);
    });
  }

  #ask(method: 'up' | 'down' | 'remove', name: string): Promise<Table> {
    return this.#bus.call(INTERFACE, method, { interface: name }, LIMIT_MS);
  }

  #notify(name: string, what: Table): Promise<Table> {
    return this.#bus.call(INTERFACE, 'notify_proto', { interface: name, ...what }, LIMIT_MS);
  }
}

/** netifd takes fifteen texts, the code among them. */
const MOST_DETAILS = 10;
const LONGEST_DETAIL = 500;

/** Whether the interface does not exist, or nobody is there to know: nothing that we could mend. */
export const isAbsent = (error: unknown): boolean =>
  error instanceof UbusError && ['notFound', 'connectionFailed'].includes(error.status);
