/** From the options of an interface, as netifd hands them over, to a connection in the shape of our file; and faults back to options. */
import type { Fault } from '../../ports/interface-owner.ts';
import { GENERIC_OPTIONS, INTERFACE_OPTIONS, type InterfaceOption, type Kind } from './interface-options-table.ts';

/** One connection in the shape of the file. */
export type RawConnection = Readonly<Record<string, unknown>>;

/**
 * Judges nothing: what cannot be understood is handed on as it is, for the schema of the file to say what is wrong with it.
 * Options that are not ours (`proto`, `metric`, …) are left out.
 * @param options what netifd gave the protocol handler
 */
export function connectionOf(options: Readonly<Record<string, unknown>>): RawConnection {
  const connection: Record<string, unknown> = {};
  for (const option of INTERFACE_OPTIONS) {
    const given = Object.hasOwn(options, option.name) ? options[option.name] : undefined;
    if (given === undefined || given === null || given === '') continue; // an empty option of UCI is none
    set(connection, option.field, READ[option.kind](given));
  }
  // Echoes are off when their interval is, whatever else is said about them.
  const { echo } = connection;
  if (isRecord(echo) && echo.interval === false) connection.echo = false;
  return connection;
}

/** `option mtu: found "abc", allowed: a whole number of octets from 128 to 9000` */
export function faultWords({ field, words }: Fault): string {
  const option = field === '' ? undefined : optionOf(field);
  if (option === undefined) return words;
  const [, found = words, allowed = ''] = /^(.*)(, allowed: .*)$/s.exec(words) ?? [];
  return `option ${option.name}: ${found}${inUci(allowed, option.kind)}`;
}

/**
 * Options that mean nothing to anybody we know, in words. That is no fault: netifd does not refuse them either, and somebody
 * whom we do not know may want them there; a WAN that has worked is not to be down for it.
 * @param names of all options that the section has
 * @param options what netifd gave the protocol handler: it knows those
 */
export function strangersAmong(
  names: readonly string[],
  options: Readonly<Record<string, unknown>>,
  meantBy: MeantBy,
): string[] {
  return names
    .filter((name) => !KNOWN.includes(name) && !Object.hasOwn(options, name) && !name.startsWith('_'))
    .map((name) => {
      const meant = meantBy(name, KNOWN, ELSEWHERE);
      return `option ${name}: unknown${meant === undefined ? '' : `, did you mean "${meant}"?`}`;
    });
}

/** What somebody may have meant by a name that there is not. @param aliases names used elsewhere, small letters and digits only */
export type MeantBy = (
  found: string,
  known: readonly string[],
  aliases: Readonly<Record<string, string>>,
) => string | undefined;

const KNOWN = [...INTERFACE_OPTIONS.map(({ name }) => name), ...GENERIC_OPTIONS];

/** What our options are called by others: pppd, xl2tpd, RouterOS, and our own file. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  lns: 'server',
  host: 'server',
  connectto: 'server',
  user: 'username',
  pass: 'password',
  secret: 'tunnel_secret',
  keepalive: 'echo_interval',
  mru: 'mtu',
  port: 'source_port',
  wan: 'uplink',
};

/** What is allowed, as UCI writes it: values of the file by their words there, fields of the file as options. */
function inUci(allowed: string, kind: Kind): string {
  const valued = (VALUES[kind] ?? []).reduce((text, [ours, theirs]) => text.replace(ours, theirs), allowed);
  return Object.entries(CALLED).reduce((text, [field, name]) => text.replaceAll(field, name), valued);
}

const VALUES: Partial<Record<Kind, readonly (readonly [file: string, uci: string])[]>> = {
  bool: [
    ['true or false', '1 or 0'],
    ['false as long', '0 as long'],
  ],
  split: [['true, false or "split"', '1 or 0']],
  'seconds-or-off': [['or false', 'or 0']],
  mss: [['true, false or', 'auto, off or']],
};

/** Fields that have another name here, where one is mentioned. */
const CALLED: Readonly<Record<string, string>> = {
  defaultRoute: 'defaultroute',
  ...Object.fromEntries(
    INTERFACE_OPTIONS.filter(({ field, kind }) => /[A-Z.]/.test(field) && kind !== 'split').map(({ field, name }) => [
      field,
      name,
    ]),
  ),
};

/** The option behind a field or a part of it: `servers[1]`, `redial.first`, `echo`. */
function optionOf(field: string): InterfaceOption | undefined {
  const whole = field.replace(/\[\d+\].*$/, '');
  return (
    INTERFACE_OPTIONS.find((option) => option.field === whole) ??
    INTERFACE_OPTIONS.find((option) => option.field.startsWith(`${whole}.`))
  );
}

const READ: Readonly<Record<Kind, (given: unknown) => unknown>> = {
  text: wordOf,
  secret: wordOf,
  list: (given) => (Array.isArray(given) ? given.map(wordOf) : String(given).split(/\s+/).filter(Boolean)),
  bool: flagOf,
  number: numberOf,
  seconds: numberOf,
  'seconds-or-off': (given) => (numberOf(given) === 0 || flagOf(given) === false ? false : numberOf(given)),
  mss: (given) => {
    if (given === 'auto') return true;
    return given === 'off' || numberOf(given) === 0 ? false : numberOf(given);
  },
  split: (given) => {
    const flag = flagOf(given);
    return flag === true ? 'split' : flag === false ? true : flag;
  },
};

/** netifd makes numbers of what looks like one where it was told so; a user name of digits is a name. */
function wordOf(given: unknown): unknown {
  return typeof given === 'number' || typeof given === 'boolean' ? String(given) : given;
}

function numberOf(given: unknown): unknown {
  return typeof given === 'string' && /^-?(\d+\.?\d*|0x[\da-f]+)$/i.test(given.trim()) ? Number(given) : given;
}

/** As UCI writes them. */
const FLAGS: Readonly<Record<string, boolean>> = {
  1: true,
  true: true,
  on: true,
  yes: true,
  enabled: true,
  0: false,
  false: false,
  off: false,
  no: false,
  disabled: false,
};

function flagOf(given: unknown): unknown {
  const word = String(given).toLowerCase();
  return Object.hasOwn(FLAGS, word) ? FLAGS[word] : given;
}

function set(connection: Record<string, unknown>, field: string, value: unknown): void {
  const [outer = '', inner] = field.split('.');
  if (inner === undefined) connection[outer] = value;
  else {
    const before = connection[outer];
    connection[outer] = { ...(isRecord(before) ? before : {}), [inner]: value };
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
