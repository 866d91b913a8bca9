/** On what, and beside how much other work, it was measured. */
import { cpus, loadavg, release, totalmem } from 'node:os';
import { rounded } from './summary.ts';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryMb: number;
  readonly kernel: string;
  readonly node: string;
  /** Load averages of the last minute when the measurements began and when they ended, their own load included. */
  readonly load: { readonly begin: number; readonly end: number };
  /** When they began, ISO 8601. */
  readonly date: string;
}

/** Looks at the machine now; the result looks again at the end. */
export function machineNow(): () => Machine {
  const begin = load();
  const date = new Date().toISOString();
  return () => ({
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryMb: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    node: process.version,
    load: { begin, end: load() },
    date,
  });
}

const load = (): number => rounded(loadavg()[0] ?? 0, 2);
