/** Commands for a daemon that is running: asks it, and shows what it says. */
import { join } from 'node:path';
import type { Answer, Request } from '../daemon/control-words.ts';
import { askControl } from '../host/node/control-socket.ts';
import type { MqttVerdict } from '../ports/mqtt.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import type { Terminal } from './terminal.ts';

/** Where a daemon listens. */
export const socketPath = (runDir: string): string => join(runDir, 'control.sock');

const EXIT_OF = {
  'bad-request': EXIT.usage,
  'no-such-connection': EXIT.usage,
  'wrong-configuration': EXIT.configuration,
  refused: EXIT.unavailable,
  internal: EXIT.software,
  busy: EXIT.unavailable,
} as const;

export async function ask(runDir: string, request: Request, terminal: Terminal): Promise<ExitCode> {
  const path = socketPath(runDir);
  const isStream = request.method === 'events' || (request.method === 'status' && request.watch === true);
  const isScreen =
    request.method === 'status' && request.watch === true && request.format === 'text' && terminal.isScreen;
  let code: ExitCode = EXIT.ok;
  const show = (line: string) => {
    const answer = JSON.parse(line) as Answer;
    if ('error' in answer) {
      code = EXIT_OF[answer.error];
      terminal.complain(answer.words);
    } else if ('text' in answer) {
      if (answer.failed) code = EXIT.unavailable;
      terminal.print((isScreen ? CLEAR : '') + answer.text);
    } else {
      if (request.method === 'mqtt-test' && !(answer.data as MqttVerdict).ok) code = EXIT.unavailable;
      terminal.print(JSON.stringify(answer.data, undefined, isStream ? undefined : 2));
    }
  };
  try {
    await askControl(path, JSON.stringify({ ...request, colour: terminal.isScreen }), show);
    return code;
  } catch (error) {
    return refused(path, error, terminal);
  }
}

/** Home, and erase all (ECMA-48 CUP, ED). */
const CLEAR = '\u001b[H\u001b[2J';

function refused(path: string, error: unknown, terminal: Terminal): ExitCode {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      terminal.complain(`no permission to ask the daemon at ${path}: run as root`);
      return EXIT.noPermission;
    case 'ENOENT':
    case 'ECONNREFUSED':
      terminal.complain(`no daemon is running at ${path} (another one is found with --run-dir)`);
      return EXIT.unavailable;
    default:
      terminal.complain(`the daemon at ${path} cannot be asked: ${message}`);
      return EXIT.unavailable;
  }
}
