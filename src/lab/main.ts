/** The lab's bundle, which is not shipped: an LNS to dial, something to measure the way through it with, and an MQTT broker. */
import { runBroker } from './broker.ts';
import { LabHost } from './host.ts';
import { type LabOptions, readOptions, USAGE } from './options.ts';
import { measure, serve } from './traffic.ts';

const [command, ...args] = process.argv.slice(2);
run(command, args).catch((error: unknown) => {
  console.error(error instanceof TypeError ? `${error.message}\n${USAGE}` : words(error));
  process.exitCode = 1;
});

async function run(command: string | undefined, args: readonly string[]): Promise<void> {
  const [address = '', port = '', seconds = ''] = args;
  switch (command) {
    case 'lns':
      return runLns(readOptions(args));
    case 'serve':
      return serve(address, Number(port));
    case 'broker':
      return runBroker(address, Number(port), (line) => console.log(line));
    case 'measure': {
      const { up, down } = await measure(address, Number(port), Number(seconds));
      return console.log(`up ${up.toFixed(0)} Mbit/s, down ${down.toFixed(0)} Mbit/s`);
    }
    default:
      throw new TypeError(command === undefined ? 'a command is missing' : `unknown command ${command}`);
  }
}

async function runLns(options: LabOptions): Promise<void> {
  const host = new LabHost(options, (said) => console.log(said));
  await host.start();
  const stop = () => void host.stop().then(() => process.exit());
  process.once('SIGTERM', stop).once('SIGINT', stop);
}

const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));
