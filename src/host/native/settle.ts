/** Node has no documented way to give process.nextTick and microtasks their turn at once, but it does so after any callback of its own. */
const { _tickCallback: runNextTicks } = process as unknown as { readonly _tickCallback?: () => void };

/**
 * To be called at the end of a callback that is not one of Node's: what it has left for later has its turn, now or after an empty callback.
 * What that throws is thrown: where Node's own callback is around this, it must get it, or it finds its stack of asynchronous contexts
 * in disorder and ends the process.
 */
export function settle(): void {
  if (runNextTicks !== undefined) runNextTicks();
  else setImmediate(() => undefined);
}
