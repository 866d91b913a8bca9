/** From a section of /etc/config/network to what netifd hands to a protocol handler: declared options alone, each of the kind declared. */
import type { Table, Value } from '../../src/host/openwrt/ubus/blobmsg.ts';
import type { Section } from './netifd-interface.ts';

/** Numbers of blobmsg. */
const KIND = { array: 1, string: 3, int: 5, bool: 7 } as const;

/** Of every interface, whatever its protocol. */
const GENERIC: readonly (readonly [name: string, kind: number])[] = [
  ['proto', KIND.string],
  ['device', KIND.string],
  ['auto', KIND.bool],
  ['defaultroute', KIND.bool],
  ['peerdns', KIND.bool],
  ['metric', KIND.int],
  ['dns', KIND.array],
  ['ip4table', KIND.string],
  ['zone', KIND.string],
];

/** What a handler says of itself when it is asked to `dump`. */
export interface Handler {
  readonly name: string;
  readonly config: readonly (readonly [name: string, kind: number])[];
}

export function handedOver(section: Section, { config }: Handler): Table {
  const entries = [...GENERIC, ...config].flatMap(([name, kind]): [string, Value][] => {
    const given = section[name];
    const value = given === undefined ? undefined : valueIn(given, kind);
    return value === undefined ? [] : [[name, value]];
  });
  return Object.fromEntries(entries);
}

/** @returns undefined: not of this kind, and left out without a word */
function valueIn(given: string | readonly string[], kind: number): Value | undefined {
  if (kind === KIND.array) return typeof given === 'string' ? given.split(/\s+/).filter(Boolean) : [...given];
  if (typeof given !== 'string') return undefined;
  switch (kind) {
    case KIND.int:
      return /^-?\d+$/.test(given) ? Number(given) : undefined;
    case KIND.bool:
      if (['1', 'true', 'on', 'yes', 'enabled'].includes(given)) return true;
      return ['0', 'false', 'off', 'no', 'disabled'].includes(given) ? false : undefined;
    default:
      return given;
  }
}
