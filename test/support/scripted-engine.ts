/** An engine that does what a test says: takes down every input, answers each with the effects that a rule gives. */
import type { Engine } from '../../src/daemon/connection.ts';
import type { ClientSnapshot } from '../../src/protocol/client-history.ts';
import type { ClientEffect, ClientInput, Stage } from '../../src/protocol/client-io.ts';
import type { DataLane } from '../../src/protocol/data-lane.ts';
import type { Endpoint } from '../../src/protocol/machine.ts';

export const SNAPSHOT: ClientSnapshot = {
  stage: 'idle',
  since: 1000,
  dial: [],
  server: undefined,
  path: undefined,
  tunnel: undefined,
  session: undefined,
  authentication: undefined,
  link: undefined,
  mtu: undefined,
  pathMtu: undefined,
  ipv6InterfaceId: undefined,
  negotiated: undefined,
  echoRoundTripMs: undefined,
  counters: undefined,
  dropped: {},
  lastFailure: undefined,
  attempts: 0,
  nextAttemptAt: undefined,
};

export class ScriptedEngine implements Engine {
  readonly inputs: ClientInput[] = [];
  deadline: number | undefined;
  lane: DataLane | undefined;
  laneSocket: number | undefined;
  lanePeer: Endpoint | undefined;
  stage: Stage = 'idle';
  snapshotFields: Partial<ClientSnapshot> = {};
  unheard: Engine['unheard'] = () => undefined;
  /** What follows from an input. */
  rule: (input: ClientInput) => ClientEffect[];

  constructor(rule: (input: ClientInput) => ClientEffect[] = () => []) {
    this.rule = rule;
  }

  handle(input: ClientInput): ClientEffect[] {
    this.inputs.push(input);
    const effects = this.rule(input);
    for (const effect of effects)
      if (effect.type === 'event' && effect.event.kind === 'stage') this.stage = effect.event.stage;
    return effects;
  }

  snapshot(): ClientSnapshot {
    return { ...SNAPSHOT, stage: this.stage, ...this.snapshotFields };
  }

  /** Names of the inputs so far. */
  get heard(): string[] {
    return this.inputs.map(({ type }) => type);
  }
}

export const stage = (name: Stage): ClientEffect => ({ type: 'event', event: { kind: 'stage', stage: name } });
