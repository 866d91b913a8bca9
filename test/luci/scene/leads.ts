/** How the engine is led into a state: up, on the way, waiting after a failure. */
import type { Stage } from '../../../src/protocol/client-io.ts';
import type { Recorded } from '../parts/recorded.ts';
import { farSide } from './far-side.ts';
import { CAMPUS, Scene } from './scene.ts';

/** @param about what it is, in a few words */
export type Make = (about: string) => Promise<Recorded>;

/** A scene with a server, both as a row changes them, led into its state. */
type Lead = (scene: Scene, side: ReturnType<typeof farSide>) => Promise<void>;

export interface Row {
  readonly about: string;
  readonly make: Make;
}

type Lns = Parameters<typeof farSide>[1];

/** @param file connections that are not netifd's */
export const scene =
  (lead: Lead, lns: Lns = {}, file: Record<string, object> = {}): Make =>
  async (about) => {
    const made = new Scene(file);
    const side = farSide(made.host, lns);
    await made.start();
    await lead(made, side);
    return made.record(about);
  };

/** Up for a while, with some traffic. */
export async function up(made: Scene, options: object = {}): Promise<void> {
  made.add('campus', { ...CAMPUS, ...options });
  await made.until('campus', 'up', 65_000);
  await made.traffic('campus', 40);
}

/** Up on a machine that is not the usual one, by other options, or at another server. */
export const upWith = (prepare: (made: Scene) => void, options: object = {}, lns: Lns = {}): Make =>
  scene(async (made) => {
    prepare(made);
    await up(made, options);
  }, lns);

/** On the way, a while after the stage began. */
export const stage = (state: Stage, lead: Lead, lns: Lns = {}): Make =>
  scene(async (made, side) => {
    await lead(made, side);
    made.add('campus');
    await made.until('campus', state, 400);
  }, lns);

/** Waiting for the next attempt, just after a failure. */
export const waiting = (lead: Lead, lns: Lns = {}, options: object = {}): Make =>
  scene(async (made, side) => {
    await lead(made, side);
    made.add('campus', { ...CAMPUS, ...options });
    await made.until('campus', 'waiting', 300);
  }, lns);

/** Lost after it was up. */
export const lost = (lead: Lead): Make =>
  scene(async (made, side) => {
    await up(made);
    await lead(made, side);
    await made.until('campus', 'waiting', 300);
  });

export const nothing: Lead = async () => undefined;
export const slowly: Lead = async (_, side) => {
  side.latencyMs = 700;
};
export const deaf: Lead = async (_, side) => {
  side.hears = false;
};
