/** What goes over the router's RPC: tables, their parts, and the codes of ubus that an answer can end with. */
import { UBUS_STATUS, type UbusStatus } from '../../../src/host/openwrt/ubus/bus.ts';

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

/** ubus' own codes. */
export { UBUS_STATUS as UBUS };

export type UbusCode = (typeof UBUS_STATUS)[UbusStatus];

/** Thrown by a method: its answer is this code. */
export class Refused extends Error {
  readonly code: UbusCode;

  constructor(code: UbusCode) {
    super(`ubus code ${code}`);
    this.code = code;
  }
}
