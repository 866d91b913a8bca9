/** An MQTT broker for the demo: lets everybody in, keeps nothing, and prints what a subscriber to everything would see. */
import { createServer } from 'node:net';
import { Aedes } from 'aedes';
import { Onlooker } from './onlooker.ts';

/** Fulfilled once it listens. */
export async function runBroker(host: string, port: number, say: (line: string) => void): Promise<void> {
  const broker = await Aedes.createBroker();
  const onlooker = new Onlooker();
  broker.on('publish', ({ topic, payload }) => {
    const line = topic.startsWith('$SYS/') ? undefined : onlooker.lineOf(topic, payload.toString());
    if (line !== undefined) say(line);
  });
  await new Promise<void>((resolve, reject) => {
    createServer(broker.handle).once('error', reject).listen(port, host, resolve);
  });
  say(`listening on ${host} port ${port}`);
}
