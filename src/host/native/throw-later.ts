/**
 * What becomes of an exception in the middle of work that others depend on: the work goes on, and then it is thrown where nobody
 * catches it. There it is what one in a handler of Node's own sockets is: a mistake of ours, said and deadly (host/node/process.ts).
 */
export function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
