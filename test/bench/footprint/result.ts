/** Everything that one run found out about the footprint, as it is written down, and what it was to reach. */
import type { Goal } from '../part.ts';
import { rounded } from '../summary.ts';
import type { FootprintMemory } from './memory.ts';
import type { MqttMemory } from './mqtt.ts';
import type { Sizes } from './sizes.ts';
import type { Starts } from './starts.ts';

export interface FootprintFindings {
  readonly plan: FootprintPlan;
  readonly sizes: Sizes;
  readonly memory: FootprintMemory;
  readonly mqtt: MqttMemory;
  readonly starts: Starts;
}

/** How often and how long. */
export interface FootprintPlan {
  /** Daemons with one connection, and as many with four, at the same time. */
  readonly memoryCopies: number;
  /** Age at which they are read, s. */
  readonly idleSeconds: number;
  readonly starts: number;
}

/** Of a connection beyond the first: a router with four is not to need four times as much. */
const ANOTHER_CONNECTION_MB = 2;
/** Of a daemon that is connected to a broker, above bare Node. */
const MQTT_MB = 30;

export function goalsOf({ memory, mqtt }: FootprintFindings): Goal[] {
  const { another } = memory;
  const withMqtt = rounded(mqtt.daemon.mqtt.median - mqtt.bareNode.median);
  return [
    {
      words: `another connection needs at most ${ANOTHER_CONNECTION_MB} MB (RSS)`,
      found: `${another.rss} MB`,
      reached: another.rss <= ANOTHER_CONNECTION_MB,
    },
    {
      words: `with MQTT connected at most ${MQTT_MB} MB above bare Node (RSS)`,
      found: `${withMqtt} MB`,
      reached: withMqtt <= MQTT_MB,
    },
  ];
}
