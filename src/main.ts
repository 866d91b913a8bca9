/** l2tpwan: everything put together. The only file that knows all parts. */
import { mkdirSync } from 'node:fs';
import { socketPath } from './cli/ask.ts';
import { commandLine, type RunOptions } from './cli/command-line.ts';
import { EXIT, type ExitCode } from './cli/exit-code.ts';
import { processTerminal } from './cli/terminal.ts';
import { Calendar } from './daemon/calendar.ts';
import { controlOf } from './daemon/control.ts';
import { Daemon } from './daemon/daemon.ts';
import { LineLog } from './daemon/log.ts';
import { confession } from './daemon/mistake.ts';
import type { Settings } from './daemon/settings.ts';
import { VERSION } from './daemon/version.ts';
import { dataPlane } from './host/data-plane.ts';
import { runner } from './host/linux/command.ts';
import { LinuxNetwork } from './host/linux/network.ts';
import { clock } from './host/node/clock.ts';
import { type ControlServer, SocketRefused, serveControl } from './host/node/control-socket.ts';
import { entropy } from './host/node/entropy.ts';
import { endWithin, listenToProcess } from './host/node/process.ts';
import { resolver } from './host/node/resolver.ts';
import { beThrifty } from './host/node/thrift.ts';
import type { Host } from './ports/host.ts';
import type { Log } from './ports/log.ts';

/** After a wish to stop the process is gone by then, ms. */
const LAST_MOMENT_MS = 2950;

const EXIT_OF = { taken: EXIT.unavailable, forbidden: EXIT.noPermission, unusable: EXIT.osError } as const;

async function run({ runDir, read }: RunOptions): Promise<ExitCode> {
  beThrifty();
  const reading = await read();
  if ('faults' in reading) {
    for (const fault of reading.faults) processTerminal.complain(fault);
    return EXIT.configuration;
  }
  const log = new LineLog((line) => process.stderr.write(`${line}\n`), new Calendar(clock));
  for (const warning of reading.warnings) log.write('warn', undefined, warning);
  try {
    mkdirSync(runDir, { recursive: true, mode: 0o755 });
  } catch (error) {
    processTerminal.complain(`the run directory ${runDir} cannot be made (run as root?): ${(error as Error).message}`);
    return EXIT.noPermission;
  }
  const host = hostOf(runDir, reading.settings, log);
  const daemon = new Daemon({ host, log, version: VERSION, read });
  // Before anything is touched: the socket is what keeps two daemons apart.
  let control: ControlServer;
  try {
    control = await serveControl(socketPath(runDir), controlOf(daemon, clock));
  } catch (error) {
    if (!(error instanceof SocketRefused)) throw error;
    processTerminal.complain(error.message);
    return EXIT_OF[error.why];
  }
  const end = untilTheEnd(daemon, log);
  log.write('info', undefined, `l2tpwan ${VERSION}, run directory ${runDir}`);
  await Promise.race([daemon.start(reading.settings), end]);
  const code = await end;
  await control.close();
  return code;
}

/** Fulfilled when the daemon was told to stop and has stopped, or when a mistake of ours made that necessary. */
function untilTheEnd(daemon: Daemon, log: Log): Promise<ExitCode> {
  return new Promise((resolve) => {
    const stop = (why: string, code: ExitCode) => {
      endWithin(LAST_MOMENT_MS, code);
      daemon.stop(why).then(
        () => resolve(code),
        () => resolve(EXIT.software),
      );
    };
    listenToProcess({
      stop: (signal) => stop(signal, EXIT.ok),
      reload: () => {
        daemon.reload().catch((error: unknown) => log.write('error', undefined, confession(error)));
      },
      broken: (error) => {
        log.write('error', undefined, confession(error));
        stop('after an internal error', EXIT.software);
      },
    });
  });
}

function hostOf(runDir: string, { stateDir }: Settings, log: Log): Host {
  const path = `${process.env.PATH ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin`;
  const network = new LinuxNetwork({ runDir, path, log, ...(stateDir !== undefined && { stateDir }) });
  return {
    clock,
    entropy,
    network,
    resolver: resolver({ pin: (nameServer, uplink) => network.pinBriefly(nameServer, uplink) }),
    dataPlane: dataPlane(runner(path)),
  };
}

process.stdout.on('error', () => process.exit(EXIT.ok)); // whoever read us has read enough
process.stderr.on('error', () => undefined); // nobody reads the log any more: no reason to hang up
void commandLine(process.argv.slice(2), { terminal: processTerminal, environment: process.env, run }).then(
  (code) => process.exit(code),
  (error: unknown) => {
    processTerminal.complain(confession(error));
    process.exit(EXIT.software);
  },
);
