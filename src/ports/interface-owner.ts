/** Whoever decides whether connections are up, where that is not the daemon itself: netifd; and what the daemon does for it. */
import type { Failure } from '../protocol/failure.ts';

export interface InterfaceOwner {
  /** Asks for an interface to be up; whether it comes up is another matter. @throws OwnerRefused */
  up(name: string): Promise<void>;
  /** Asks for an interface to be down, and to stay so. @throws OwnerRefused */
  down(name: string): Promise<void>;
  /** Every interface that it could bring up for us, whether or not we have heard of it. @throws OwnerRefused */
  names(): Promise<readonly string[]>;
  /** A dial has failed; the next one comes by itself. Nothing in the failure is secret. */
  failed(name: string, failure: Failure): void;
  /** Interfaces that are to be up and whose settings cannot work: what is wrong with them, in words without any secret. */
  readonly refused: Readonly<Record<string, readonly string[]>>;
}

/** The owner has no such interface, cannot bring it up, or cannot be asked; the message says so in words. */
export class OwnerRefused extends Error {
  override readonly name = 'OwnerRefused';
  readonly why: 'no-such-interface' | 'wrong-settings' | 'not-there';

  constructor(why: OwnerRefused['why'], words: string) {
    super(words);
    this.why = why;
  }
}

/** One thing that is wrong with the settings of a connection. */
export interface Fault {
  /** Path of the field in the connection, `redial.first`; '' for the connection as a whole. */
  readonly field: string;
  /** What was found and what is allowed, without any secret. */
  readonly words: string;
}

/** Connections that come and go one by one, beside those of the file; the daemon as their owner sees it. */
export interface ManagedConnections {
  /**
   * Keeps a connection up from now on. The same settings again change nothing (and do not redial).
   * @param raw one connection in the shape of the file
   * @returns faults; none: it is being dialled, or up already
   */
  connect(name: string, raw: unknown): Promise<readonly Fault[]>;
  /** Hangs up; it stays in the status as idle. Fulfilled when it is down and nothing of it is left. */
  disconnect(name: string, why: string): Promise<void>;
  /** It is no longer configured anywhere. */
  forget(name: string): Promise<void>;
  /** What stood in the way of a dial may be gone: a connection that waits for its next attempt because of it dials now. */
  hurry(name: string, why: string): void;
}
