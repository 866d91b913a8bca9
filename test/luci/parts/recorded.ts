/** The answers of the daemon in one state, as `recorded.test.ts` had the engine make them. */
import { readdirSync, readFileSync } from 'node:fs';
import type { EventView } from '../../../src/daemon/events.ts';
import type { Status } from '../../../src/daemon/status.ts';
import type { Table } from './values.ts';

/** Each is what the ubus object answers without arguments; `negotiated` for every connection that has any. */
export interface Recorded {
  /** What the state is, in a few words. */
  readonly about: string;
  readonly status: Status;
  readonly events: EventView[];
  readonly negotiated: Readonly<Record<string, Table>>;
  readonly info: Table;
}

export const RECORDED = new URL('../recorded/', import.meta.url);

/** The names of all recorded states. */
export const recordedNames = (): string[] =>
  readdirSync(RECORDED)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length));

export function recorded(name: string): Recorded {
  return JSON.parse(readFileSync(new URL(`${name}.json`, RECORDED), 'utf8')) as Recorded;
}
