/** Does what the command line says. */
import { readFileSync } from 'node:fs';
import type { MqttSettings } from '../daemon/mqtt-settings.ts';
import { verdictWords } from '../daemon/mqtt-view.ts';
import type { Reading } from '../daemon/settings.ts';
import { VERSION } from '../daemon/version.ts';
import type { MqttVerdict } from '../ports/mqtt.ts';
import { type Command, readArguments, UsageError } from './arguments.ts';
import { ask } from './ask.ts';
import { readConfigData, readConfigFile, readWords } from './config-file.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { HELP } from './help.ts';
import { oneOffFile, type Secrets } from './one-off.ts';
import type { Terminal } from './terminal.ts';

/** What the daemon is started with; `read` may be asked again. */
export interface RunOptions {
  readonly runDir: string;
  readonly read: () => Promise<Reading>;
}

export interface Surroundings {
  readonly terminal: Terminal;
  readonly environment: Record<string, string | undefined>;
  /** Runs the daemon until it is told to stop. */
  readonly run: (options: RunOptions) => Promise<ExitCode>;
  /** Tries a broker out. */
  readonly testMqtt: (settings: MqttSettings) => Promise<MqttVerdict>;
}

/** @param args without the program's name */
export async function commandLine(args: readonly string[], around: Surroundings): Promise<ExitCode> {
  const { terminal, environment } = around;
  try {
    return await obey(readArguments(args, environment), around);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    terminal.complain(`${error.message}\n(l2tpwan help shows all commands)`);
    return EXIT.usage;
  }
}

function obey(command: Command, around: Surroundings): ExitCode | Promise<ExitCode> {
  const { terminal, environment, run } = around;
  switch (command.command) {
    case 'help':
      terminal.print(HELP);
      return EXIT.ok;
    case 'version':
      terminal.print(`l2tpwan ${VERSION}`);
      return EXIT.ok;
    case 'check':
      return check(command.file, terminal);
    case 'mqtt-test':
      return testMqtt(command.file, command.json, around);
    case 'ask':
      return ask(command.runDir, command.request, terminal);
    case 'run': {
      if ('file' in command) return run({ runDir: command.runDir, read: () => readConfigFile(command.file) });
      const reading = readConfigData(oneOffFile(command.options, secretsOf(environment)));
      return run({ runDir: command.runDir, read: async () => reading });
    }
    default:
      return command satisfies never;
  }
}

async function check(file: string, terminal: Terminal): Promise<ExitCode> {
  const reading = await readConfigFile(file);
  if ('faults' in reading) {
    for (const fault of reading.faults) terminal.complain(fault);
    return EXIT.configuration;
  }
  for (const warning of reading.warnings) terminal.complain(`warning: ${warning}`);
  const names = [...reading.settings.connections.keys()];
  terminal.print(`${file}: all right (${names.length === 0 ? 'no connections' : names.join(', ')})`);
  return EXIT.ok;
}

async function testMqtt(file: string, json: boolean, { terminal, testMqtt }: Surroundings): Promise<ExitCode> {
  const reading = await readConfigFile(file);
  const faults = 'faults' in reading ? reading.faults : reading.settings.mqttFaults;
  if ('faults' in reading || faults.length > 0) {
    for (const fault of faults) terminal.complain(fault);
    return EXIT.configuration;
  }
  for (const warning of reading.warnings) terminal.complain(`warning: ${warning}`);
  const verdict = await testMqtt(reading.settings.mqtt);
  terminal.print(json ? JSON.stringify(verdict, undefined, 2) : verdictWords(verdict));
  return verdict.ok ? EXIT.ok : EXIT.unavailable;
}

const secretsOf = (environment: Surroundings['environment']): Secrets => ({
  fromFile(path) {
    try {
      return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
    } catch (error) {
      throw new UsageError(`run: ${path}: ${readWords(error)}`);
    }
  },
  fromEnvironment(name) {
    const value = environment[name];
    delete environment[name]; // the scripts and programs that we run have no business with it
    return value;
  },
});
