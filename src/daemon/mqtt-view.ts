/** How MQTT stands, and what came of trying a broker out, in words. */
import type { MqttVerdict } from '../ports/mqtt.ts';

export interface MqttView {
  /** `wrong`: wanted, and left out for its settings. */
  readonly state: 'disabled' | 'wrong' | 'off' | 'connecting' | 'connected' | 'waiting';
  readonly server: string | null;
  /** The base topic in use: another than the one wished for where another router has that. */
  readonly base: string | null;
  /** Why it is not connected, or what is wrong with its settings. */
  readonly failure: string | null;
}

/** What a door may ask of MQTT. */
export interface MqttDoor {
  readonly view: MqttView;
  /** Tries the settings in force, enabled or not. Never rejects. */
  test(): Promise<MqttVerdict>;
}

export function mqttWords({ state, server, base, failure }: MqttView): string {
  const why = failure === null ? '' : `: ${failure}`;
  if (state === 'disabled') return 'disabled';
  if (state === 'wrong') return `left out${why}`;
  return state === 'connected' ? `connected to ${server}, base topic ${base}` : `not connected to ${server}${why}`;
}

/** A line for each step; the last one says how it ended. */
export function verdictWords({ ok, server, steps, failure }: MqttVerdict): string {
  const lines = steps.map(
    ({ step, ok: isRight, words, ms }) => `${isRight ? 'ok    ' : 'FAILED'} ${step.padEnd(10)} ${words} (${ms} ms)`,
  );
  const end = ok ? `${server}: all right` : `failed: ${failure?.words ?? 'it is not known why'}`;
  return [...lines, end].join('\n');
}
