/** What the system and the user tell a process: to stop, to read its configuration again; and what it owes them at its end. */

export interface Wishes {
  /** SIGTERM and SIGINT; only the first one is told. */
  stop(why: string): void;
  /** SIGHUP. */
  reload(): void;
  /** Something was thrown that nobody caught: a mistake of ours, the process must end. */
  broken(error: unknown): void;
}

export function listenToProcess({ stop, reload, broken }: Wishes): void {
  let isStopping = false;
  const once = (signal: NodeJS.Signals) => {
    if (isStopping) return;
    isStopping = true;
    stop(signal);
  };
  process.on('SIGTERM', once);
  process.on('SIGINT', once);
  process.on('SIGHUP', reload);
  process.on('uncaughtException', broken);
  process.on('unhandledRejection', broken);
}

/** Whatever still runs then, the process ends. */
export function endWithin(ms: number, code: number): void {
  setTimeout(() => process.exit(code), ms).unref();
}
