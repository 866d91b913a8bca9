/** A connection without a file: the fields of a connection as options of the command line. */
import { fieldsAt, SECRET_FIELDS } from '../daemon/settings-schema.ts';

/** Where a secret is read from. */
export interface Secrets {
  /** Text of a file without its last line end. */
  readonly fromFile: (path: string) => string;
  /** An environment variable; whoever takes it leaves nothing for child processes. */
  readonly fromEnvironment: (name: string) => string | undefined;
}

/** Options that are not called like their field. */
const SHORT: Readonly<Record<string, string>> = { servers: 'server', username: 'user', routes: 'route' };
const LISTS: ReadonlySet<string> = new Set(['servers', 'auth', 'routes', 'exclude', 'resolver']);
/** Fields whose values are words even if they look like numbers. */
const TEXTS: ReadonlySet<string> = new Set(['username', 'hostName', 'vendorName', 'device', 'uplink']);
const SECRET_SOURCES = {
  password: { option: 'password-file', variable: 'L2TPWAN_PASSWORD' },
  tunnelSecret: { option: 'tunnel-secret-file', variable: 'L2TPWAN_TUNNEL_SECRET' },
} as const;

const FIELDS = fieldsAt(['connections', '']).filter((field) => !SECRET_FIELDS.has(field));
const optionOf = (field: string): string =>
  SHORT[field] ?? field.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** For node:util's parseArgs. */
export const ONE_OFF_OPTIONS: Readonly<Record<string, { type: 'string'; multiple: boolean }>> = Object.fromEntries([
  ['name', { type: 'string', multiple: false }],
  ...Object.values(SECRET_SOURCES).map(({ option }) => [option, { type: 'string', multiple: false }]),
  ...FIELDS.map((field) => [optionOf(field), { type: 'string', multiple: LISTS.has(field) }]),
]);

/** Whether any option asks for a connection without a file. */
export const isOneOff = (values: Readonly<Record<string, unknown>>): boolean =>
  Object.keys(ONE_OFF_OPTIONS).some((option) => values[option] !== undefined);

/** The same plain data as a file with this one connection would hold. */
export function oneOffFile(values: Readonly<Record<string, unknown>>, secrets: Secrets): unknown {
  const connection: Record<string, unknown> = {};
  for (const field of FIELDS) {
    const value = values[optionOf(field)];
    if (value !== undefined) connection[field] = typeof value === 'string' ? fieldValue(field, value) : value;
  }
  for (const [field, { option, variable }] of Object.entries(SECRET_SOURCES)) {
    const path = values[option];
    const secret = typeof path === 'string' ? secrets.fromFile(path) : secrets.fromEnvironment(variable);
    if (secret !== undefined) connection[field] = secret;
  }
  return { connections: { [String(values.name ?? 'wan')]: connection } };
}

/** Numbers, true, false and objects as JSON has them; everything else is a word. */
function fieldValue(field: string, text: string): unknown {
  if (TEXTS.has(field)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
