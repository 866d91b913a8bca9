/** The first connection of a life: it leaves nothing behind, and finds out which base topic is free and what an earlier run has left. */
import type { Clock } from '../ports/clock.ts';
import type { BrokerSettings } from '../ports/mqtt.ts';
import { MqttRefused } from '../ports/mqtt.ts';
import type { Claim } from './claim.ts';
import { failureWords, type Visit } from './keeper.ts';

/** For what is retained to arrive, after the broker has said that we may hear it. */
const PATIENCE_MS = 1000;

export interface SurveyParts {
  readonly clock: Clock;
  readonly broker: BrokerSettings;
  readonly claim: Claim;
  readonly warn: (words: string) => void;
  /** The next connection may be a real one. */
  readonly done: () => void;
}

export function survey({ clock, broker, claim, warn, done }: SurveyParts): Visit {
  const patience = clock.alarm(done);
  let isOver = false;
  return {
    broker,
    will: undefined,
    connected(link) {
      link.subscribe(claim.watched).then(
        () => {
          if (!isOver) patience.set(clock.now() + PATIENCE_MS);
        },
        (error: unknown) => {
          if (!(error instanceof MqttRefused)) throw error;
          if (isOver || error.failure.stage !== 'subscribe') return;
          warn(`it cannot be told whether another router uses the base topic: ${failureWords(error.failure)}`);
          done();
        },
      );
    },
    message({ topic, payload }) {
      if (!claim.watched.includes(topic)) return;
      if (claim.hear(topic, payload, false) === 'moved')
        warn(
          `router ${claim.displacedBy} has the base topic already, ours is ${claim.base}; if there is no such router any more, publish an empty retained message to ${topic}`,
        );
      if (claim.isSettled) done();
    },
    over() {
      isOver = true;
      patience.close();
    },
  };
}
