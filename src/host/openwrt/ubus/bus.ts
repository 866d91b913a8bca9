/** ubus as the rest of this host sees it: other processes' objects, and ours. */
import type { Table } from './blobmsg.ts';

/** Answer codes of ubus (`ubus_msg_status`). */
export const UBUS_STATUS = {
  ok: 0,
  invalidCommand: 1,
  invalidArgument: 2,
  methodNotFound: 3,
  notFound: 4,
  noData: 5,
  permissionDenied: 6,
  timeout: 7,
  notSupported: 8,
  unknownError: 9,
  connectionFailed: 10,
  noMemory: 11,
  parseError: 12,
  systemError: 13,
} as const;
export type UbusStatus = keyof typeof UBUS_STATUS;

/** What was asked came back with a status other than `ok`, or never. */
export class UbusError extends Error {
  override readonly name = 'UbusError';
  readonly status: UbusStatus;

  constructor(status: UbusStatus, message: string) {
    super(message);
    this.status = status;
  }
}

/** Answers one call, now or later. @throws UbusError whose status the caller gets, and whose words the log, if it has any */
export type Method = (args: Table) => Table | Promise<Table>;

/** Types of arguments as the bus announces them. */
export type ArgumentType = 'string' | 'int32' | 'bool' | 'array' | 'table';

export interface MethodSpec {
  readonly args: Readonly<Record<string, ArgumentType>>;
  readonly answer: Method;
}

export interface UbusObject {
  readonly name: string;
  readonly methods: Readonly<Record<string, MethodSpec>>;
  /** The first subscriber came, or the last one left. */
  readonly watched?: (isWatched: boolean) => void;
}

export interface Published {
  /** Tells subscribers; nothing while there are none, or no bus. */
  notify(method: string, data: Table): void;
}

export interface Bus {
  /** Whether ubusd is there now. */
  readonly isConnected: boolean;
  /**
   * @param timeoutMs the answer is waited for so long
   * @throws UbusError `notFound` no such object; `timeout`; `connectionFailed` no bus; or what the object answered
   */
  call(object: string, method: string, args?: Table, timeoutMs?: number): Promise<Table>;
  /** Registers an object now and after every restart of ubusd. */
  publish(object: UbusObject): Published;
  /** Events by pattern (a trailing `*` is allowed), also after a restart. @returns ends it */
  listen(pattern: string, heard: (event: string, data: Table) => void): () => void;
  /**
   * Notifications of another object, also when it comes later, or comes again.
   * @param there called each time the object is there (again) and subscribed to: what was said before has been missed
   * @returns ends it
   */
  subscribe(object: string, heard: (method: string, data: Table) => void, there?: () => void): () => void;
  /** Called each time the bus is there (again), objects and listeners registered. @returns ends it */
  onConnected(connected: () => void): () => void;
  close(): void;
}
