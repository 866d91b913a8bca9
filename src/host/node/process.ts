/** What the system and the user tell a process: to stop, to read its configuration again; and what it owes them at its end. */

export interface Wishes {
  /** SIGTERM, SIGINT, and whoever calls what is returned; only the first one is told. */
  stop(why: string): void;
  /** SIGHUP. */
  reload(): void;
  /** Something was thrown that nobody caught: a mistake of ours, the process must end. */
  broken(error: unknown): void;
}

/** @returns tells the process to stop */
export function listenToProcess({ stop, reload, broken }: Wishes): (why: string) => void {
  let isStopping = false;
  const once = (why: string) => {
    if (isStopping) return;
    isStopping = true;
    stop(why);
  };
  process.on('SIGTERM', once);
  process.on('SIGINT', once);
  process.on('SIGHUP', reload);
  process.on('uncaughtException', broken);
  process.on('unhandledRejection', broken);
  return once;
}

/** Whatever still runs then, the process ends. */
export function endWithin(ms: number, code: number): void {
  setTimeout(() => process.exit(code), ms).unref();
}
