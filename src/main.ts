/** l2tpwan: everything put together. The only file that knows all parts. */
import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { socketPath } from './cli/ask.ts';
import { commandLine, type RunOptions } from './cli/command-line.ts';
import { surroundings } from './cli/config-file.ts';
import { EXIT, type ExitCode } from './cli/exit-code.ts';
import { processTerminal } from './cli/terminal.ts';
import { Calendar } from './daemon/calendar.ts';
import { controlOf } from './daemon/control.ts';
import { Daemon } from './daemon/daemon.ts';
import { meantBy } from './daemon/faults.ts';
import { LineLog } from './daemon/log.ts';
import { confession } from './daemon/mistake.ts';
import type { MqttSettings } from './daemon/mqtt-settings.ts';
import type { Settings } from './daemon/settings.ts';
import { VERSION } from './daemon/version.ts';
import { dataPlane } from './host/data-plane.ts';
import { runner } from './host/linux/command.ts';
import { LinuxNetwork } from './host/linux/network.ts';
import { clock } from './host/node/clock.ts';
import { type ControlServer, SocketRefused, serveControl } from './host/node/control-socket.ts';
import { entropy } from './host/node/entropy.ts';
import { machineId } from './host/node/machine-id.ts';
import { endWithin, listenToProcess } from './host/node/process.ts';
import { resolver } from './host/node/resolver.ts';
import { textFile } from './host/node/text-file.ts';
import { beThrifty } from './host/node/thrift.ts';
import { type Openwrt, openwrt } from './host/openwrt/openwrt.ts';
import { openBus } from './host/openwrt/ubus/ubus.ts';
import { FAREWELL_MS } from './mqtt/bridge.ts';
import { MqttService, trialOf } from './mqtt/service.ts';
import type { Serve } from './ports/control-channel.ts';
import type { Host } from './ports/host.ts';
import type { Log } from './ports/log.ts';
import type { MqttPort, MqttVerdict } from './ports/mqtt.ts';

/** After a wish to stop the process is gone by then, ms. */
const LAST_MOMENT_MS = 2950;

/** Where OpenWrt's ubusd listens. */
const UBUS_SOCKET = '/var/run/ubus/ubus.sock';

/** What we write goes to a system log, as with procd: it dates lines, and takes standard error for errors. */
const IS_SYSLOG = process.env.L2TPWAN_LOG === 'syslog';

const EXIT_OF = { taken: EXIT.unavailable, forbidden: EXIT.noPermission, unusable: EXIT.osError } as const;

async function run({ runDir, read }: RunOptions): Promise<ExitCode> {
  beThrifty();
  const reading = await read();
  if ('faults' in reading) {
    for (const fault of reading.faults) processTerminal.complain(fault);
    return EXIT.configuration;
  }
  const log = IS_SYSLOG
    ? new LineLog((line, level) => process[level === 'error' ? 'stderr' : 'stdout'].write(`${line}\n`))
    : new LineLog((line) => process.stderr.write(`${line}\n`), new Calendar(clock));
  for (const warning of reading.warnings) log.write('warn', undefined, warning);
  try {
    mkdirSync(runDir, { recursive: true, mode: 0o755 });
  } catch (error) {
    processTerminal.complain(`the run directory ${runDir} cannot be made (run as root?): ${(error as Error).message}`);
    return EXIT.noPermission;
  }
  const { host, router } = hostOf(runDir, reading.settings, log);
  const about = {
    runtime: `${process.release.name} ${process.version}`,
    machine: `${process.platform} ${process.arch}`,
  };
  const applied = ({ mqtt: settings, mqttFaults }: Settings) => void mqtt.apply(settings, mqttFaults);
  const daemon = new Daemon({ host, log, version: VERSION, read, surroundings: surroundings(), about, applied });
  // Before anything is touched: the socket is what keeps two daemons apart.
  const answer = controlOf(daemon, clock, () => mqtt);
  const mqtt = mqttOf(answer, host, log, reading.settings.stateDir ?? runDir);
  let control: ControlServer;
  try {
    control = await serveControl(socketPath(runDir), answer);
  } catch (error) {
    if (!(error instanceof SocketRefused)) throw error;
    processTerminal.complain(error.message);
    return EXIT_OF[error.why];
  }
  const end = untilTheEnd(daemon, mqtt, router, log);
  log.write('info', undefined, `l2tpwan ${VERSION}, run directory ${runDir}`);
  router?.open(daemon, answer, (name) => daemon.connectionStatus(name)?.authentication?.method);
  await Promise.race([daemon.start(reading.settings).then(() => router?.begin()), end]);
  const code = await end;
  router?.close();
  await control.close();
  return code;
}

/** Fulfilled when the daemon was told to stop and has stopped, or when a mistake of ours made that necessary. */
function untilTheEnd(daemon: Daemon, mqtt: MqttService, router: Openwrt | undefined, log: Log): Promise<ExitCode> {
  return new Promise((resolve) => {
    const stop = (why: string, code: ExitCode) => {
      endWithin(LAST_MOMENT_MS + FAREWELL_MS, code);
      // First: the broker may be at the other end of a tunnel.
      mqtt
        .farewell()
        .catch((error: unknown) => log.write('error', undefined, confession(error)))
        .then(() => daemon.stop(why))
        .then(() => mqtt.end())
        .then(
          () => resolve(code),
          () => resolve(EXIT.software),
        );
    };
    const stopOnce = listenToProcess({
      stop: (why) => stop(why, EXIT.ok),
      reload: () => {
        daemon.reload().catch((error: unknown) => log.write('error', undefined, confession(error)));
      },
      broken: (error) => {
        log.write('error', undefined, confession(error));
        stop('after an internal error', EXIT.software);
      },
    });
    if (IS_SYSLOG) router?.onOrphaned(() => stopOnce('the process that procd has for us, our jail, has ended'));
  });
}

/** @param stateDir where totals outlive the process */
function mqttOf(serve: Serve, host: Host, log: LineLog, stateDir: string): MqttService {
  const service = new MqttService({
    serve,
    clock,
    entropy,
    load: loadMqtt,
    log: (level, words) => log.write(level, undefined, `MQTT: ${words}`),
    host: hostname(),
    machineId: () => machineId({ kept: textFile(join(stateDir, 'machine-id')), entropy }),
    configured: async () => (await host.owner?.names()) ?? [],
    store: textFile(join(stateDir, 'mqtt-totals.json')),
  });
  log.follow((level, connection, words) => service.line(level, connection, words));
  return service;
}

/** It is large: whoever has no MQTT does without its memory. */
async function loadMqtt(): Promise<MqttPort> {
  const { mqttClient } = await import('./host/mqtt/client.ts');
  return mqttClient;
}

/** Without a daemon. */
async function testMqtt(settings: MqttSettings): Promise<MqttVerdict> {
  const kept = { load: async () => undefined, save: async () => undefined };
  const id = settings.id ?? (await machineId({ kept, entropy }));
  return trialOf(settings, id, settings.baseTopic, { clock, entropy, load: loadMqtt });
}

/** This machine; `router` where connections are interfaces of netifd's. */
function hostOf(runDir: string, settings: Settings, log: Log): { host: Host; router: Openwrt | undefined } {
  const { stateDir, netifd } = settings;
  const path = `${process.env.PATH ?? ''}:/usr/sbin:/sbin:/usr/bin:/bin`;
  const linux = new LinuxNetwork({ runDir, path, log, ...(stateDir !== undefined && { stateDir }) });
  const names = resolver({ pin: (nameServer, uplink) => linux.pinBriefly(nameServer, uplink) });
  const always = { clock, entropy, dataPlane: dataPlane(runner(path)) };
  if (!netifd) return { host: { ...always, network: linux, resolver: names }, router: undefined };
  const bus = openBus({ socketPath: process.env.L2TPWAN_UBUS_SOCKET || UBUS_SOCKET, clock, log });
  const router = openwrt({ bus, clock, log, runDir, linux, resolver: names, meantBy });
  return { host: { ...always, network: router.network, resolver: router.resolver, owner: router.owner }, router };
}

process.stdout.on('error', () => {
  if (!IS_SYSLOG) process.exit(EXIT.ok); // whoever read us has read enough
});
process.stderr.on('error', () => undefined); // nobody reads the log any more: no reason to hang up
void commandLine(process.argv.slice(2), { terminal: processTerminal, environment: process.env, run, testMqtt }).then(
  (code) => process.exit(code),
  (error: unknown) => {
    processTerminal.complain(confession(error));
    process.exit(EXIT.software);
  },
);
