/** What goes over the router's RPC: tables, their parts, and the codes of ubus that an answer can end with. */

/** An object of JSON. */
export type Table = { readonly [key: string]: unknown };

export const isTable = (value: unknown): value is Table =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The part of that name if it is a text. */
export const textOf = (table: Table, key: string): string | undefined => {
  const value = table[key];
  return typeof value === 'string' ? value : undefined;
};

export const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((part) => typeof part === 'string') : [];

/** ubus' own codes (libubus: `enum ubus_msg_status`). */
export const UBUS = {
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
  systemError: 13,
} as const;

export type UbusCode = (typeof UBUS)[keyof typeof UBUS];

/** Thrown by a method: its answer is this code. */
export class Refused extends Error {
  readonly code: UbusCode;

  constructor(code: UbusCode) {
    super(`ubus code ${code}`);
    this.code = code;
  }
}
