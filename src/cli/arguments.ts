/** The command line, read: which command, with what, or what is wrong with it. */
import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { Request } from '../daemon/control-words.ts';
import { isOneOff, ONE_OFF_OPTIONS } from './one-off.ts';

export type Command =
  | { readonly command: 'help' | 'version' }
  | { readonly command: 'check'; readonly file: string }
  /** Tries the broker of a file out, without a daemon. */
  | { readonly command: 'mqtt-test'; readonly file: string; readonly json: boolean }
  /** `options`: those of a connection without a file. */
  | { readonly command: 'run'; readonly runDir: string; readonly file: string }
  | { readonly command: 'run'; readonly runDir: string; readonly options: Readonly<Record<string, unknown>> }
  | { readonly command: 'ask'; readonly runDir: string; readonly request: Request };

/** The command line is wrong; the message says how. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const DEFAULT_RUN_DIR = '/var/run/l2tpwan';

/** @param args without the program's name @throws UsageError */
export function readArguments(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Command {
  const [command = 'help', ...rest] = args;
  const read = Object.hasOwn(COMMAND, command) ? COMMAND[command] : undefined;
  if (read === undefined) throw new UsageError(`unknown command "${command}"`);
  const { options, least, most, make } = read;
  const { values, positionals } = parse(command, rest, { ...options, ...EVERYWHERE });
  if (values.help === true) return { command: 'help' };
  if (positionals.length < least)
    throw new UsageError(`${command}: the ${NAMELESS[command] ?? 'name of a connection'} is missing`);
  if (positionals.length > most)
    throw new UsageError(`${command}: too many arguments: ${positionals.slice(most).join(' ')}`);
  const runDir = values['run-dir'] ?? environment.L2TPWAN_RUN_DIR ?? '';
  return make({ ...values, 'run-dir': runDir === '' ? DEFAULT_RUN_DIR : runDir }, positionals[0]);
}

type Values = Readonly<Record<string, unknown>>;

interface CommandSpec {
  readonly options: NonNullable<ParseArgsConfig['options']>;
  /** How many arguments without a dash. */
  readonly least: 0 | 1;
  readonly most: 0 | 1;
  readonly make: (values: Values, argument: string | undefined) => Command;
}

const EVERYWHERE = { 'run-dir': { type: 'string' }, help: { type: 'boolean', short: 'h' } } as const;
const JSON_OPTION = { json: { type: 'boolean' } } as const;
const CONFIG_OPTION = { config: { type: 'string', short: 'c' } } as const;
const NAMELESS: Readonly<Record<string, string>> = { mqtt: 'word test' };

const order = (method: 'up' | 'down' | 'redial'): CommandSpec => ({
  options: {},
  least: 1,
  most: 1,
  make: (values, name = '') => ask(values, { method, name, format: 'text' }),
});

const help: CommandSpec = { options: {}, least: 0, most: 1, make: () => ({ command: 'help' }) };
const version: CommandSpec = { options: {}, least: 0, most: 0, make: () => ({ command: 'version' }) };

const COMMAND: Readonly<Record<string, CommandSpec>> = {
  run: {
    options: { ...CONFIG_OPTION, ...ONE_OFF_OPTIONS },
    least: 0,
    most: 0,
    make: run,
  },
  status: {
    options: { ...JSON_OPTION, watch: { type: 'boolean', short: 'w' } },
    least: 0,
    most: 1,
    make: (values, name) =>
      ask(values, {
        method: 'status',
        watch: values.watch === true,
        ...format(values),
        ...(name !== undefined && { name }),
      }),
  },
  events: {
    options: { ...JSON_OPTION, follow: { type: 'boolean', short: 'f' }, limit: { type: 'string', short: 'n' } },
    least: 0,
    most: 1,
    make: (values, name) =>
      ask(values, {
        method: 'events',
        follow: values.follow === true,
        ...limit(values),
        ...format(values),
        ...(name !== undefined && { name }),
      }),
  },
  negotiated: {
    options: JSON_OPTION,
    least: 1,
    most: 1,
    make: (values, name = '') => ask(values, { method: 'negotiated', name, ...format(values) }),
  },
  up: order('up'),
  down: order('down'),
  redial: order('redial'),
  reload: { options: {}, least: 0, most: 0, make: (values) => ask(values, { method: 'reload', format: 'text' }) },
  info: {
    options: JSON_OPTION,
    least: 0,
    most: 0,
    make: (values) => ask(values, { method: 'info', ...format(values) }),
  },
  mqtt: {
    options: { ...JSON_OPTION, ...CONFIG_OPTION },
    least: 1,
    most: 1,
    make: mqtt,
  },
  check: { options: CONFIG_OPTION, least: 0, most: 1, make: check },
  version,
  '--version': version,
  '-V': version,
  help,
  '--help': help,
  '-h': help,
};

const format = (values: Values) => ({ format: values.json === true ? ('json' as const) : ('text' as const) });

function limit({ limit: text }: Values): { limit?: number } {
  if (text === undefined) return {};
  if (!/^[1-9]\d{0,8}$/.test(String(text))) throw new UsageError(`events: --limit takes a number, not "${text}"`);
  return { limit: Number(text) };
}

const ask = (values: Values, request: Request): Command => ({
  command: 'ask',
  runDir: String(values['run-dir']),
  request,
});

function mqtt(values: Values, word: string | undefined): Command {
  if (word !== 'test') throw new UsageError(`mqtt: there is only "mqtt test", not "mqtt ${word}"`);
  const file = values.config;
  if (typeof file === 'string') return { command: 'mqtt-test', file, json: values.json === true };
  return ask(values, { method: 'mqtt-test', ...format(values) });
}

/** With -c as well, for that is how `run` wants its file. */
function check({ config }: Values, argument: string | undefined): Command {
  if (argument !== undefined && config !== undefined) throw new UsageError('check: one file at a time');
  const file = argument ?? config;
  if (typeof file !== 'string') throw new UsageError('check: the file is missing');
  return { command: 'check', file };
}

function run(values: Values): Command {
  const runDir = String(values['run-dir']);
  const file = values.config;
  if (typeof file === 'string') {
    if (isOneOff(values)) throw new UsageError('run: either a file, or the options of a connection');
    return { command: 'run', runDir, file };
  }
  if (!isOneOff(values)) throw new UsageError('run: a file is missing: run -c FILE');
  return { command: 'run', runDir, options: values };
}

function parse(command: string, args: string[], options: NonNullable<ParseArgsConfig['options']>) {
  const exposed = args.find((arg) => /^--(password|tunnel-secret)(=|$)/.test(arg));
  if (exposed !== undefined) {
    const option = exposed.replace(/=.*/s, '');
    throw new UsageError(`${command}: everybody can see the command line: use ${option}-file, or the environment`);
  }
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    const [words = ''] = (error as Error).message.split('. To specify');
    throw new UsageError(`${command}: ${words.replace(/\.$/, '')}`);
  }
}
