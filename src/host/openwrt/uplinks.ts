/** The interfaces below our tunnels, as netifd knows them: which device, which name servers, and when one goes down. */
import { HostError } from '../../ports/host-error.ts';
import type { Uplink } from '../../ports/network.ts';
import type { Failure } from '../../protocol/failure.ts';
import { isAbsent, type Netifd } from './netifd.ts';
import type { InterfaceState } from './netifd-state.ts';

/** Of netifd's protocol handler and of every interface that is ours. */
export const PROTO = 'l2tpwan';

interface Follower {
  readonly interfaceName: string;
  readonly lost: (failure: Failure) => void;
}

export class Uplinks {
  readonly #netifd: Netifd;
  readonly #followers = new Set<Follower>();
  /** Devices as they were when last we heard, by interface: for while netifd cannot be asked. */
  readonly #lastDevices = new Map<string, string>();

  constructor(netifd: Netifd) {
    this.#netifd = netifd;
    netifd.onChange((name, isUp) => {
      if (!isUp) this.#wentDown(name);
    });
  }

  /**
   * The device of an interface; a name that no interface has is a device's.
   * @throws HostError `no-route` the interface is down, or netifd cannot be asked and never was
   */
  async deviceOf(uplink: string): Promise<string> {
    const states = await this.#ask();
    if (states === undefined) {
      const device = this.#lastDevices.get(uplink);
      if (device !== undefined) return device;
      throw new HostError('no-route', `netifd cannot be asked for the uplink ${uplink}: it is not there`);
    }
    const state = states.find(({ name }) => name === uplink);
    if (state === undefined) return uplink;
    if (!state.isUp || state.device === undefined)
      throw new HostError('no-route', `the uplink ${uplink} is ${state.isPending ? 'being set up' : 'down'}`);
    this.#lastDevices.set(uplink, state.device);
    return state.device;
  }

  /**
   * The name servers of an uplink, or of the one with the best default route that is no tunnel of ours; none when netifd
   * knows of none, or cannot be asked.
   */
  async nameServersOf(uplink: string | undefined): Promise<readonly string[]> {
    const states = (await this.#ask()) ?? [];
    const others = withoutOurs(states).filter(({ isUp }) => isUp);
    const named = others.filter(({ name }) => name === uplink);
    const best = others.filter(({ nameServers }) => nameServers.length > 0).sort((a, b) => rank(a) - rank(b));
    const onDevice = named.length > 0 ? named : others.filter(({ device }) => device === uplink);
    const chosen = uplink === undefined ? best.slice(0, 1) : onDevice;
    return chosen
      .flatMap(({ nameServers }) => nameServers)
      .filter((address) => !address.toLowerCase().startsWith('fe80'));
  }

  /**
   * Watches the interface below a way to a server.
   * @param wished interface or device that was configured; undefined: whichever has the way
   * @param lost called when that interface goes down; the kernel would say so too, but later
   * @returns ends it
   */
  async follow(
    wished: string | undefined,
    { device, source }: Uplink,
    lost: (failure: Failure) => void,
  ): Promise<() => void> {
    const states = (await this.#ask()) ?? [];
    const found =
      states.find(({ name }) => name === wished) ??
      states.find((state) => state.device === device && state.addresses.includes(source));
    if (found === undefined) return () => undefined;
    const follower = { interfaceName: found.name, lost };
    this.#followers.add(follower);
    return () => void this.#followers.delete(follower);
  }

  #wentDown(name: string): void {
    for (const follower of [...this.#followers]) {
      if (follower.interfaceName !== name) continue;
      this.#followers.delete(follower); // once: the next dial follows anew
      follower.lost({ code: 'no-route', detail: `the uplink ${name} went down` });
    }
  }

  /** @returns undefined: nobody is there to be asked */
  async #ask(): Promise<readonly InterfaceState[] | undefined> {
    try {
      return await this.#netifd.dump();
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw new HostError('no-route', `netifd does not say what it knows of the uplinks: ${(error as Error).message}`);
    }
  }
}

/** All that are neither a tunnel of ours nor on the device of one, as its child for IPv6 is. */
export function withoutOurs(states: readonly InterfaceState[]): readonly InterfaceState[] {
  const devices = new Set(states.filter(({ proto }) => proto === PROTO).map(({ device }) => device));
  return states.filter(({ proto, device }) => proto !== PROTO && (device === undefined || !devices.has(device)));
}

/** The metric of its best default route; those without any come last. */
const rank = ({ defaultMetrics }: InterfaceState): number => Math.min(Number.POSITIVE_INFINITY, ...defaultMetrics);
