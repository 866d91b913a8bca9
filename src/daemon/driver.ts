/** Runs a machine against the world: inputs are queued, each is run to completion, the one alarm is kept current. */
import type { Clock } from '../ports/clock.ts';
import type { Machine } from '../protocol/machine.ts';

export interface Driver<Input> {
  /** An effect may cause an input: it waits for its turn. */
  push(input: Input): void;
  /** Nothing is run any more, and no alarm rings. */
  stop(): void;
}

type Tick = { type: 'tick' };

/**
 * @param perform does one effect; it may push
 * @param broken told what `handle` or `perform` threw, which is a mistake of ours; the driver has stopped by then
 */
export function drive<Input, Effect>(
  machine: Machine<Input | Tick, Effect>,
  perform: (effect: Effect) => void,
  clock: Clock,
  broken: (error: unknown) => void,
): Driver<Input> {
  const queue: (Input | Tick)[] = [];
  const alarm = clock.alarm(() => push({ type: 'tick' }));
  const is = { running: false, stopped: false };

  const run = () => {
    is.running = true;
    for (let input = queue.shift(); input !== undefined; input = queue.shift())
      for (const effect of machine.handle(input, clock.now())) if (!is.stopped) perform(effect);
    is.running = false;
    if (!is.stopped) alarm.set(machine.deadline);
  };
  const stop = () => {
    is.stopped = true;
    queue.length = 0;
    alarm.close();
  };
  const push = (input: Input | Tick) => {
    if (is.stopped) return;
    queue.push(input);
    if (is.running) return;
    try {
      run();
    } catch (error) {
      stop();
      broken(error);
    }
  };
  return { push, stop };
}
