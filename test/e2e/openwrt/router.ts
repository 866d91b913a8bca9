/** A router as the suite sees it, whatever it is made of: what a person at its shell could do, and nothing else. */
import type { Section } from '../../support/netifd-interface.ts';

export type { Section } from '../../support/netifd-interface.ts';

/** undefined: the section is taken out. */
export type Changes = Readonly<Record<string, Section | undefined>>;

export interface Router {
  /** Its network namespace. */
  readonly netns: string;
  /** All is there but the daemon; resolves when the uplink `wan` is up. */
  boot(): Promise<void>;
  /** `uci set`, `uci commit`, and netifd reads it. */
  configure(changes: Changes): Promise<void>;
  /** `ubus call`. @throws UbusFailed */
  ubus(object: string, method: string, args?: object): Promise<unknown>;
  startDaemon(): Promise<void>;
  /** In an orderly way; resolves when it is gone. */
  stopDaemon(): Promise<void>;
  /** kill -9; resolves when another one has been started in its place. */
  crashDaemon(): Promise<void>;
  /** Ended, and started again by whoever does that. */
  restart(what: 'netifd' | 'ubusd'): Promise<void>;
  /** Runs a program on it, to the end. @throws CommandFailed */
  exec(program: string, ...args: string[]): Promise<string>;
  /** `logread` */
  log(): Promise<string>;
  /** Ends all of it. */
  close(): Promise<void>;
}

/** A call over ubus came back with another status than 0. */
export class UbusFailed extends Error {
  readonly status: number;

  constructor(call: string, status: number) {
    super(`ubus call ${call}: status ${status}`);
    this.status = status;
  }
}

/** The router's end of the wire to its provider, and the provider's. */
export const UPLINK = { device: 'eth0', address: '192.0.2.2', gateway: '192.0.2.1' } as const;

export const WAN: Section = {
  proto: 'static',
  device: UPLINK.device,
  ipaddr: UPLINK.address,
  netmask: '255.255.255.0',
  gateway: UPLINK.gateway,
  dns: [UPLINK.gateway],
};
