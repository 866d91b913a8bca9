/** What the router has before the tests: a connection, its settings, and a way back to the configuration as it was. */
import { setTimeout } from 'node:timers/promises';
import type { ConnectionStatus, Status } from '../../../src/daemon/status.ts';
import { ADMIN, Bus, type VIEWER } from './target.ts';

/** Made and removed by the tests. */
export const TRIAL = 'trial';

export interface Section {
  readonly '.name': string;
  readonly '.type': string;
  readonly [option: string]: string | readonly string[] | boolean | number;
}

export interface InterfaceStatus {
  readonly interface: string;
  readonly proto: string;
  readonly up: boolean;
  readonly pending: boolean;
  readonly autostart: boolean;
}

export class Given {
  bus: Bus;
  /** The name of the connection. */
  readonly name: string;
  readonly settings: Section;

  private constructor(bus: Bus, name: string, settings: Section) {
    this.bus = bus;
    this.name = name;
    this.settings = settings;
  }

  static async find(): Promise<Given> {
    const bus = await Bus.login(ADMIN);
    const ours = (await interfacesOf(bus)).filter(({ proto }) => proto === 'l2tpwan');
    const { interface: name } = ours.find(({ up }) => up) ?? ours[0] ?? none();
    const { values } = await bus.call<{ values: Section }>('uci', 'get', { config: 'network', section: name });
    return new Given(bus, name, values);
  }

  async connection(name = this.name): Promise<ConnectionStatus | undefined> {
    return (await this.bus.call<Status>('l2tpwan', 'status')).connections[name];
  }

  /** Netifd's own view. */
  async interface(name = this.name): Promise<InterfaceStatus | undefined> {
    return (await interfacesOf(this.bus)).find((each) => each.interface === name);
  }

  async sections(config: string): Promise<Section[]> {
    const { values } = await this.bus.call<{ values: Record<string, Section> }>('uci', 'get', { config });
    return Object.values(values);
  }

  /** The options of one section; undefined: there is none. */
  async section(config: string, name: string): Promise<Section | undefined> {
    return (await this.sections(config)).find((each) => each['.name'] === name);
  }

  async zone(name: string): Promise<Section | undefined> {
    return (await this.sections('firewall')).find((each) => each['.type'] === 'zone' && each.name === name);
  }

  /** Whatever a test has left. */
  async bringUp(): Promise<void> {
    this.bus = await Bus.login(ADMIN); // a session lasts five minutes
    if (!(await this.interface())?.up) await this.bus.call('l2tpwan', 'connect', { interface: this.name });
    await this.isUp();
  }

  /** Up in netifd's eyes and in the daemon's. @throws Error it is not, a minute later */
  async isUp(name = this.name): Promise<void> {
    const isSo = async () => (await this.connection(name))?.state === 'up' && (await this.interface(name))?.up;
    for (const end = Date.now() + 60_000; !(await isSo().catch(() => false)); await setTimeout(500))
      if (Date.now() > end) throw new Error(`${name} does not come up`);
  }

  /** @returns what makes a section as it is now again, and has that in force */
  async keep(config: string, name: string): Promise<() => Promise<void>> {
    const before = await this.section(config, name);
    return async () => {
      const now = (await this.section(config, name)) ?? {};
      const isOption = ([option]: [string, unknown]) => !option.startsWith('.');
      const values = Object.fromEntries(Object.entries(before ?? {}).filter(isOption));
      const options = Object.keys(now).filter((option) => !option.startsWith('.') && !(option in values));
      const place = { config, section: name };
      if (before === undefined) await this.bus.call('uci', 'delete', place);
      else if (Object.keys(values).length > 0) await this.bus.call('uci', 'set', { ...place, values });
      if (before !== undefined && options.length > 0) await this.bus.call('uci', 'delete', { ...place, options });
      await this.bus.call('uci', 'apply', { rollback: false });
    };
  }

  /** Deletes sections of a configuration, and has it in force. */
  async remove(config: string, sections: readonly Section[]): Promise<void> {
    for (const { '.name': section } of sections) await this.bus.call('uci', 'delete', { config, section });
    if (sections.length > 0) await this.bus.call('uci', 'apply', { rollback: false });
  }
}

/** Of a session's own: whether the router lets it. */
export async function refusal(account: NonNullable<typeof VIEWER>, object: string, method: string, args: object) {
  const bus = await Bus.login(account);
  return bus.call(object, method, args).then(
    () => 'done',
    (error: Error) => error.message,
  );
}

/** What an account may that may everything in LuCI: the status of a single interface is not among it. */
const interfacesOf = async (bus: Bus): Promise<InterfaceStatus[]> =>
  (await bus.call<{ interface: InterfaceStatus[] }>('network.interface', 'dump')).interface;

function none(): never {
  throw new Error('the router has no connection: these tests need one');
}
