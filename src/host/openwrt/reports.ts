/** What netifd has been told of each tunnel, so that it is told once, and again when it may have forgotten. */
import { HostError } from '../../ports/host-error.ts';
import type { Log } from '../../ports/log.ts';
import type { Failure } from '../../protocol/failure.ts';
import { isAbsent, type Netifd } from './netifd.ts';
import type { Child, Link } from './netifd-update.ts';
import { UbusError } from './ubus/bus.ts';

/** A tunnel as it is now. */
export interface Tunnel {
  /** Asked each time it is told: what other interfaces have decides about the default route. */
  readonly link: () => Promise<Link>;
  /** What netifd may have undone on the device while it made it its own is done again. */
  readonly settle: () => Promise<void>;
}

interface Told {
  tunnel?: Tunnel;
  child?: Child;
  /** netifd has been given the child. */
  hasChild?: boolean;
  /** The last error: the same one is not told twice. */
  error?: readonly [code: string, ...details: string[]];
  /** What is odd about its settings, though they work: what stands there as its error while there is no other. */
  remarks: readonly string[];
  /** netifd itself takes the interface down: there is nothing to tell. */
  isLeaving: boolean;
}

export class Reports {
  readonly #netifd: Netifd;
  readonly #log: Log;
  readonly #told = new Map<string, Told>();
  /** It was said that netifd lacks what asks for IPv6 addresses. */
  #hasMissed = false;

  constructor(netifd: Netifd, log: Log) {
    this.#netifd = netifd;
    this.#log = log;
  }

  /** netifd wants the interface up from now on. */
  expected(name: string): void {
    const told = this.#of(name);
    told.isLeaving = false;
    told.remarks = [];
    delete told.error; // netifd's memory of it may be gone as well
  }

  /** netifd takes the interface down. */
  leaving(name: string): void {
    this.#of(name).isLeaving = true;
  }

  isUp(name: string): boolean {
    return this.#told.get(name)?.tunnel !== undefined;
  }

  /** @throws HostError `network-failed` netifd will not have it; that nobody is there to be told is no failure */
  async linkUp(name: string, tunnel: Tunnel): Promise<void> {
    const told = this.#of(name);
    told.tunnel = tunnel;
    delete told.error;
    await this.#tellUp(name, tunnel);
  }

  /** Never rejects. */
  async linkDown(name: string): Promise<void> {
    const told = this.#of(name);
    const wasUp = told.tunnel !== undefined;
    delete told.tunnel;
    await this.childDown(name);
    if (wasUp && !told.isLeaving) await this.#try(name, this.#netifd.linkDown(name));
  }

  /** IPv6 is open: the interface gets a child that asks for addresses. Never rejects. */
  async childUp(name: string, child: Child): Promise<void> {
    this.#of(name).child = child;
    await this.#tellChild(name, child);
  }

  /** Never rejects. */
  async childDown(name: string): Promise<void> {
    const told = this.#of(name);
    const { child, hasChild } = told;
    delete told.child;
    delete told.hasChild;
    if (child !== undefined && hasChild) await this.#try(name, this.#netifd.removeChild(child.name));
  }

  /** A dial has failed. The same again is told only after something else. */
  failed(name: string, failure: Failure): void {
    const words = failure.peer?.text === undefined ? [] : [`the server said: "${failure.peer.text}"`];
    void this.#error(name, errorCodeOf(failure.code), [failure.detail, ...words]);
  }

  /**
   * The settings cannot work. Never rejects.
   *
   * netifd is told no more than that. With `block_restart` it would have the interface stay down also with better settings, until
   * somebody knows that he has to ask; with `setup_failed` it would begin anew at once, and again and again. As it is the
   * interface waits, with its error, and is set up anew when its settings change.
   */
  wrong(name: string, lines: readonly string[]): Promise<void> {
    return this.#error(name, ERROR.wrongSettings, lines);
  }

  /** The settings work, but something in them means nothing. It is told now and whenever the interface has come up. Never rejects. */
  remark(name: string, lines: readonly string[]): Promise<void> {
    const told = this.#of(name);
    told.remarks = lines;
    return this.#remark(name, told);
  }

  /** All of it once more, to a netifd or over a ubusd that has been away. Never rejects. */
  async again(name: string): Promise<void> {
    const told = this.#of(name);
    const { tunnel, child, isLeaving } = told;
    if (isLeaving) return;
    if (tunnel === undefined) {
      await this.#try(name, this.#netifd.linkDown(name));
      return this.#errorAgain(name, told);
    }
    delete told.error;
    await this.#tellUp(name, tunnel).catch((error: Error) => this.#log.write('warn', name, error.message));
    if (child !== undefined) await this.#tellChild(name, child);
  }

  forget(name: string): void {
    this.#told.delete(name);
  }

  #of(name: string): Told {
    const told = this.#told.get(name) ?? { isLeaving: false, remarks: [] };
    this.#told.set(name, told);
    return told;
  }

  async #tellUp(name: string, tunnel: Tunnel): Promise<void> {
    const isLost = () => this.#told.get(name)?.tunnel !== tunnel; // or another, which is told by itself
    try {
      const link = await tunnel.link();
      if (isLost()) return;
      await this.#netifd.linkUp(name, link);
    } catch (error) {
      if (!(error instanceof UbusError)) throw error;
      const isTakenDown = error.status === 'permissionDenied'; // we are about to be told
      if (!isTakenDown && !isAbsent(error))
        throw new HostError('network-failed', `netifd does not take the interface: ${error.message}`);
    }
    if (isLost()) return;
    await tunnel.settle();
    if (isLost()) return;
    await this.#remark(name, this.#of(name)); // coming up has taken every error away
  }

  /** Where netifd cannot ask for IPv6 addresses, the tunnel goes without them. Asked each time: there may be another netifd. */
  async #tellChild(name: string, child: Child): Promise<void> {
    const tell = async () => {
      const protocols = await this.#netifd.protocols();
      if (this.#told.get(name)?.child !== child) return; // lost, or another, which is told by itself
      if (protocols.includes(child.proto)) {
        this.#of(name).hasChild = true;
        await this.#netifd.addChild(child);
      } else if (!this.#hasMissed) {
        this.#hasMissed = true;
        const cure = 'install odhcp6c and restart the network';
        this.#log.write('warn', name, `no IPv6 addresses in tunnels: netifd has no protocol ${child.proto}; ${cure}`);
      }
    };
    await this.#try(name, tell());
  }

  async #remark(name: string, { remarks }: Told): Promise<void> {
    if (remarks.length > 0) await this.#error(name, ERROR.unknownOption, remarks);
  }

  /** The last one, unless it is gone: the link has come up meanwhile. */
  async #errorAgain(name: string, told: Told): Promise<void> {
    const { error } = told;
    delete told.error;
    if (error === undefined) return;
    const [code, ...details] = error;
    await this.#error(name, code, details);
  }

  #error(name: string, code: string, details: readonly string[]): Promise<void> {
    const told = this.#of(name);
    const isSame = told.error?.join('\n') === [code, ...details].join('\n');
    if (isSame || told.isLeaving) return Promise.resolve();
    told.error = [code, ...details];
    return this.#try(name, this.#netifd.error(name, code, details));
  }

  /** What netifd did not take of us it will be told again when it is back; what it refused it had its reasons for. */
  async #try(name: string, telling: Promise<unknown>): Promise<void> {
    await telling.catch((error: unknown) => {
      if (!(error instanceof UbusError)) throw error;
      this.#log.write('debug', name, `netifd was told, and says: ${error.message}`);
    });
  }
}

/** `auth-rejected` as LuCI and scripts know errors of interfaces: AUTH_REJECTED. */
const errorCodeOf = (code: Failure['code']): string => code.toUpperCase().replaceAll('-', '_');

/** The errors that no dial has. */
const ERROR = { wrongSettings: 'WRONG_SETTINGS', unknownOption: 'UNKNOWN_OPTION' } as const;
