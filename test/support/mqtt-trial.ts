/** What the daemon says of a broker in memory that it tries out. */
import { type TrialParts, tryBroker } from '../../src/mqtt/trial.ts';
import { FakeBroker } from './fake-broker.ts';
import { FakeClock } from './fake-host.ts';
import { brokerSettings } from './mqtt-ends.ts';

/** Long enough for any one step of it, ms. */
const PATIENCE_MS = 6000;

/** @returns with the verdict the broker, and how many alarms were left when it fell */
export async function tried(prepare: (broker: FakeBroker) => void = () => undefined, more: Partial<TrialParts> = {}) {
  const broker = new FakeBroker();
  const clock = new FakeClock();
  prepare(broker);
  const trying = tryBroker({
    clock,
    entropy: (count) => new Uint8Array(count).fill(7),
    load: async () => broker,
    broker: brokerSettings(1883, { server: 'mqtt://192.168.1.2', username: 'router', password: 's3cret' }),
    topic: 'l2tpwan/bridge/test',
    discovery: undefined,
    ...more,
  });
  const alarms = trying.then(() => clock.pending);
  await clock.pass(PATIENCE_MS);
  return { verdict: await trying, broker, alarms: await alarms };
}
