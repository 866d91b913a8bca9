/** What netifd does to the kernel for an interface, with `ip`: its address, its routes, and the device going down and up. */
import { run } from '../lab/command.ts';

export interface Route {
  /** `ADDRESS/LENGTH` */
  readonly target: string;
  readonly via?: string | undefined;
  readonly metric?: number | undefined;
  readonly table?: string | undefined;
}

/** What an interface has while it is up. */
export interface Settings {
  readonly device: string;
  /** `ADDRESS/LENGTH` */
  readonly addresses: readonly string[];
  readonly routes: readonly Route[];
}

export class NetifdKernel {
  readonly #netns: string;

  constructor(netns: string) {
    this.#netns = netns;
  }

  /** A device in use for the first time: down, emptied, up. Its MTU stays. */
  async claim(device: string): Promise<void> {
    await this.#ip('link', 'set', 'dev', device, 'down');
    await this.#flush(device);
    await this.#ip('link', 'set', 'dev', device, 'up');
  }

  async release(device: string): Promise<void> {
    await this.#flush(device).catch(() => undefined); // somebody else has removed it: netifd does not care either
    await this.#ip('link', 'set', 'dev', device, 'down').catch(() => undefined);
  }

  /** Routes replace those of others with the same metric. */
  async apply({ device, addresses, routes }: Settings): Promise<void> {
    for (const address of addresses) await this.#ip('address', 'replace', address, 'dev', device);
    for (const route of routes) await this.#ip('route', 'replace', ...wordsOf(route, device));
  }

  async withdraw({ device, addresses, routes }: Settings): Promise<void> {
    for (const route of routes) await this.#ip('route', 'del', ...wordsOf(route, device)).catch(() => undefined);
    for (const address of addresses) await this.#ip('address', 'del', address, 'dev', device).catch(() => undefined);
  }

  async #flush(device: string): Promise<void> {
    await this.#ip('address', 'flush', 'dev', device);
    await this.#ip('route', 'flush', 'dev', device);
    await this.#ip('neigh', 'flush', 'dev', device);
  }

  async #ip(...words: string[]): Promise<void> {
    await run('ip', ['-n', this.#netns, ...words]);
  }
}

const wordsOf = ({ target, via, metric, table }: Route, device: string): string[] => [
  target,
  ...(via === undefined ? [] : ['via', via]),
  ...['dev', device, 'proto', 'static'],
  ...(metric === undefined || metric === 0 ? [] : ['metric', String(metric)]),
  ...(table === undefined ? [] : ['table', table]),
];
