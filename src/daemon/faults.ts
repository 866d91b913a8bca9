/** The words for a wrong configuration: one line a fault, with the path of the field, what was found and what is allowed. */
import type * as z from 'zod/mini';
import { fieldsAt, SECRET_FIELDS } from './settings-schema.ts';

type Issue = z.core.$ZodIssue;
export type Path = readonly PropertyKey[];

/** What is wrong at one place of a file. */
export interface FieldFault {
  readonly path: Path;
  readonly words: string;
}

/** `value` is shown unless the field is secret; undefined: it is missing. */
export function faultAt(path: Path, value: unknown, allowed: string): FieldFault {
  return { path, words: `${foundText(path, value)}, allowed: ${allowed}` };
}

/** One line for one field that is wrong. */
export const lineOf = ({ path, words }: FieldFault): string => `${pathText(path)}: ${words}`;

/** Everything that the schema of what stands at `place` found in the file `raw`. */
export function schemaFaults(raw: unknown, issues: readonly Issue[], place: Path = []): FieldFault[] {
  return issues.flatMap((issue) => faultsOf(raw, issue, [...place, ...issue.path]));
}

/** `connections.wan.servers[1]` */
export function pathText(path: Path): string {
  const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
  return text === '' ? 'the file' : text.replace(/^\./, '');
}

function faultsOf(raw: unknown, issue: Issue, path: Path): FieldFault[] {
  const value = at(raw, path);
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        path: [...path, key],
        words: `unknown field${suggestion(key, fieldsAt(path))}`,
      }));
    case 'invalid_union': {
      // The branch that the value was meant for knows best; only an object says which one that is.
      const branch = isObject(value) ? issue.errors.find((errors) => !errors.some(isWrongFromTheStart)) : undefined;
      if (branch === undefined) return [faultAt(path, value, issue.message)];
      return branch.flatMap((inner) => faultsOf(raw, inner, [...path, ...inner.path]));
    }
    default:
      return [faultAt(path, issue.code === 'invalid_key' ? path.at(-1) : value, messageOf(issue))];
  }
}

const isWrongFromTheStart = (issue: Issue): boolean => issue.path.length === 0 && issue.code !== 'unrecognized_keys';

/** The name of a connection is judged by a schema of its own, which has the better words. */
const messageOf = (issue: Issue): string =>
  issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;

function foundText(path: Path, value: unknown): string {
  if (value === undefined) return 'missing';
  if (value === null) return 'found null';
  if (Array.isArray(value)) return value.length === 0 ? 'found an empty list' : 'found a list';
  if (typeof value === 'object') return 'found an object';
  if (path.some((step) => SECRET_FIELDS.has(String(step)))) return `found a ${typeof value}, which is not shown`;
  // People put the password there, too: mqtt://USER:PASSWORD@HOST, or wss://HOST/?token=….
  const mayHidePassword = (text: string) => path.length === 1 || /[@?]/.test(text);
  if (path[0] === 'mqtt' && typeof value === 'string' && mayHidePassword(value))
    return 'found a text, which is not shown';
  // Where a whole connection belongs, a text may be anything, a password too.
  const isName = value === path.at(-1);
  if (path[0] === 'connections' && path.length < 3 && typeof value === 'string' && !isName) return 'found a text';
  const text = JSON.stringify(value);
  return `found ${text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text}`;
}

const LONGEST_SHOWN = 60;

/** What people call our fields elsewhere: uci, pppd, xl2tpd, RouterOS. */
const ALIASES: Readonly<Record<string, string>> = {
  server: 'servers',
  host: 'servers',
  lns: 'servers',
  connectto: 'servers',
  user: 'username',
  name: 'username',
  pass: 'password',
  secret: 'tunnelSecret',
  interface: 'device',
  ifname: 'device',
  wan: 'uplink',
  port: 'sourcePort',
  keepalive: 'echo',
  dns: 'resolver',
  mru: 'mtu',
  cert: 'certificate',
  sni: 'serverName',
};

function suggestion(found: string, known: readonly string[]): string {
  const meant = meantBy(found, known, ALIASES);
  if (meant !== undefined) return `, did you mean "${meant}"?`;
  return known.length > 0 && known.length < 10 ? `, allowed: ${known.join(', ')}` : '';
}

/** What somebody may have meant by a name that there is not. @param aliases names used elsewhere, small letters and digits only */
export function meantBy(
  found: string,
  known: readonly string[],
  aliases: Readonly<Record<string, string>>,
): string | undefined {
  const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');
  const alias = Object.hasOwn(aliases, plain(found)) ? aliases[plain(found)] : undefined;
  const near = known
    .map((name) => ({ name, distance: distance(plain(found), plain(name)) }))
    .filter((each) => each.distance <= Math.max(1, Math.floor(each.name.length / 3)))
    .sort((a, b) => a.distance - b.distance)[0]?.name;
  return near ?? (alias !== undefined && known.includes(alias) ? alias : undefined);
}

/** How many letters to add, remove, change or swap with their neighbour (Damerau and Levenshtein). */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const cell = (i: number, j: number) => rows[i]?.[j] ?? Number.POSITIVE_INFINITY;
  for (let i = 1; i <= a.length; i++) {
    rows[i] = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = cell(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? cell(i - 2, j - 2) + 1 : changed;
      (rows[i] as number[])[j] = Math.min(changed, swapped, cell(i - 1, j) + 1, cell(i, j - 1) + 1);
    }
  }
  return cell(a.length, b.length);
}

function at(raw: unknown, path: Path): unknown {
  let value = raw;
  for (const step of path) value = isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  return value;
}

const isObject = (value: unknown): value is Record<PropertyKey, unknown> => typeof value === 'object' && value !== null;
