/** The tunnel device and what hangs on it alone: address, MTU, IPv6, MSS clamp, resolv file, scripts. */
import { HostError } from '../../ports/host-error.ts';
import type { Log } from '../../ports/log.ts';
import type { Installed, RoutingSettings } from '../../ports/network.ts';
import type { LinkUp } from '../../protocol/client-io.ts';
import { failureOf, type Run, succeeded } from './command.ts';
import { saysExists, saysGone } from './ip-text.ts';
import { blockIpv6, IPV6_LEAST_MTU, openIpv6 } from './ipv6.ts';
import type { KernelView } from './kernel-view.ts';
import { clamp, mssOf, tableOf, unclamp } from './mss.ts';
import { removeFile, resolvText, writeWhole } from './resolv.ts';
import { Scripts } from './scripts.ts';

export interface DeviceParts {
  /** The connection's. */
  readonly name: string;
  readonly settings: RoutingSettings;
  readonly resolvFile: string;
  /** Address, name servers and what routers advertise are ours to install; else somebody else's. */
  readonly isAddressed: boolean;
  readonly log: Log;
  readonly run: Run;
  readonly view: KernelView;
  /** Something a person should know. */
  readonly warn: (words: string) => void;
}

export class TunnelDevice {
  readonly #parts: DeviceParts;
  readonly #scripts: Scripts;
  #link: LinkUp | undefined;
  /** The up script had its turn: the down script will have one. */
  #isAnnounced = false;
  #mss: Installed['mss'] = { state: 'off' };
  #resolvFile: string | undefined;
  #hasIpv6 = false;

  constructor(parts: DeviceParts) {
    const { name, run, log, warn } = parts;
    this.#parts = parts;
    this.#scripts = new Scripts(run, (line) => log.write('info', name, line), warn);
  }

  get mss(): Installed['mss'] {
    return this.#mss;
  }
  get resolvFile(): string | undefined {
    return this.#resolvFile;
  }
  get hasIpv6(): boolean {
    return this.#hasIpv6;
  }

  /** What the device will need, for the journal. */
  belongingsOf(link: LinkUp): { deviceIndex?: number; nftTable?: string; resolvFile?: string } {
    const { settings, view, resolvFile, isAddressed } = this.#parts;
    const index = view.link(settings.device)?.index;
    return {
      ...(index !== undefined && { deviceIndex: index }),
      ...(settings.mss !== false && { nftTable: tableOf(settings.device) }),
      ...(isAddressed && this.#nameServers(link).length > 0 && { resolvFile }),
    };
  }

  /** Address, MTU, up: ready for routes. @throws HostError `network-failed` */
  async raise(link: LinkUp): Promise<void> {
    const { settings, isAddressed } = this.#parts;
    const { device } = settings;
    this.#link = link;
    blockIpv6(device);
    // The local address alone. The peer's would bring a route to it into the tunnel: a loop when it is the server's own.
    if (isAddressed) await this.#must(['ip', 'addr', 'add', `${link.localAddress}/32`, 'dev', device]);
    await this.#must(['ip', 'link', 'set', 'dev', device, 'mtu', String(link.mtu), 'up']);
  }

  /** What comes after the routes: MSS clamp, resolv file, up script. Nothing here is worth failing for. */
  async equip(): Promise<void> {
    const { name, settings, isAddressed, run, warn, log } = this.#parts;
    if (this.#link === undefined) return;
    const nameServers = this.#nameServers(this.#link);
    this.#mss = await clamp(run, settings.device, mssOf(settings.mss, this.#link.mtu));
    if (this.#mss.state === 'unavailable') log.write('warn', name, `TCP segments are not clamped: ${this.#mss.why}`);
    if (isAddressed && nameServers.length > 0) {
      this.#resolvFile = this.#parts.resolvFile;
      await writeWhole(this.#resolvFile, resolvText(name, nameServers), 0o644).catch((error: Error) =>
        warn(error.message),
      );
    }
    this.#isAnnounced = true;
    await this.#runScript('up');
  }

  /** @param mtu octets */
  async setMtu(mtu: number): Promise<void> {
    const { settings, run, warn } = this.#parts;
    if (this.#link === undefined) return;
    this.#link = { ...this.#link, mtu };
    await this.#must(['ip', 'link', 'set', 'dev', settings.device, 'mtu', String(mtu)]);
    if (this.#mss.state !== 'clamped') return;
    const mss = await clamp(run, settings.device, mssOf(settings.mss, mtu));
    if (mss.state === 'unavailable') warn(`TCP segments are still clamped to ${this.#mss.ipv4}: ${mss.why}`);
    else this.#mss = mss;
  }

  /**
   * @param interfaceId 8 octets (RFC 5072)
   * @param advertisedDefault metric of the default route a router advertisement may bring; undefined: none is taken
   * @returns whether there is IPv6 now
   */
  async openIpv6(interfaceId: Uint8Array, advertisedDefault: number | undefined): Promise<boolean> {
    const { settings, isAddressed, run, warn } = this.#parts;
    if (this.#link === undefined) return false;
    if (this.#link.mtu < IPV6_LEAST_MTU) {
      warn(`no IPv6 in the tunnel: its MTU is ${this.#link.mtu}, and IPv6 needs ${IPV6_LEAST_MTU}`);
      return false;
    }
    this.#hasIpv6 = true;
    const advertised = isAddressed ? { defaultMetric: advertisedDefault } : undefined;
    for (const trouble of await openIpv6(run, settings.device, interfaceId, advertised)) warn(trouble);
    return true;
  }

  closeIpv6(): void {
    this.#hasIpv6 = false;
    blockIpv6(this.#parts.settings.device);
  }

  /** The down script's turn, if the up script had one. What it is told is as it was while the link was up. */
  async runDownScript(): Promise<void> {
    const isDue = this.#isAnnounced;
    this.#isAnnounced = false;
    if (isDue) await this.#runScript('down');
  }

  /** Takes back what `equip` did, the latest first. */
  async strip(): Promise<void> {
    const { settings, run, warn } = this.#parts;
    if (this.#resolvFile !== undefined) await removeFile(this.#resolvFile).catch((error: Error) => warn(error.message));
    this.#resolvFile = undefined;
    const trouble = this.#mss.state === 'clamped' ? await unclamp(run, tableOf(settings.device)) : undefined;
    if (trouble !== undefined) warn(`left behind: ${trouble}`);
    this.#mss = { state: 'off' };
  }

  /** Takes back what `raise` did; the device itself belongs to the data path. */
  async lower(): Promise<void> {
    const { settings, isAddressed, run, view, warn } = this.#parts;
    const link = this.#link;
    this.#link = undefined;
    this.#hasIpv6 = false;
    if (link === undefined || view.link(settings.device) === undefined) return; // gone, and its address with it
    blockIpv6(settings.device);
    if (!isAddressed) return;
    const argv = ['ip', 'addr', 'del', `${link.localAddress}/32`, 'dev', settings.device];
    const outcome = await run(argv);
    if (!succeeded(outcome) && !saysGone(outcome)) warn(`left behind: ${failureOf(argv, outcome)}`);
  }

  #nameServers(link: LinkUp): readonly string[] {
    return this.#parts.settings.peerDns ? link.dns : [];
  }

  async #must(argv: readonly string[]): Promise<void> {
    const outcome = await this.#parts.run(argv);
    if (!succeeded(outcome) && !saysExists(outcome)) throw new HostError('network-failed', failureOf(argv, outcome));
  }

  async #runScript(event: 'up' | 'down'): Promise<void> {
    const { name, settings } = this.#parts;
    const path = event === 'up' ? settings.upScript : settings.downScript;
    const link = this.#link;
    if (path === undefined || link === undefined) return;
    const facts = { event, connection: name, device: settings.device, link, nameServers: this.#nameServers(link) };
    await this.#scripts.start(path, { ...facts, resolvFile: this.#resolvFile });
  }
}
