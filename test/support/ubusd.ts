/** The broker as a process of its own: `ubusd SOCKET`, until SIGTERM. Says `ready` once it can be connected to. */
import { serveBroker } from './ubus-broker.ts';

/** What it says. */
export type Word = 'ready\n';

async function run(path: string | undefined): Promise<void> {
  if (path === undefined) throw new Error('usage: ubusd SOCKET');
  const server = await serveBroker(path, process.pid);
  process.once('SIGTERM', () => void server.close());
  const word: Word = 'ready\n';
  process.stdout.write(word);
}

void run(process.argv[2]);
