/** What /proc tells about a process. */
import { readFileSync } from 'node:fs';
import { rounded } from './summary.ts';

/** MB, of 2^20 octets. */
export interface Memory {
  readonly rss: number;
  readonly privateDirty: number;
}

/** To a tenth of a MB. @throws Error there is no such process */
export function memoryOf(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const megabytes = (field: string) => rounded(Number(new RegExp(`^${field}: +(\\d+) kB`, 'm').exec(text)?.[1]) / 1024);
  return { rss: megabytes('Rss'), privateDirty: megabytes('Private_Dirty') };
}

export const mostOf = (one: Memory | undefined, other: Memory): Memory => ({
  rss: Math.max(one?.rss ?? 0, other.rss),
  privateDirty: Math.max(one?.privateDirty ?? 0, other.privateDirty),
});

/** Processor time that it has used so far, user and system, s. @throws Error there is no such process */
export function cpuSecondsOf(pid: number): number {
  // proc_pid_stat(5): field 2 may hold blanks and ends with the last parenthesis; utime and stime are fields 14 and 15.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** USER_HZ: 100 on every machine that Node runs on. */
const TICKS_PER_SECOND = 100;
