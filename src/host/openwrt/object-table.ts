/** The methods of the ubus object, their arguments, and what each asks of the daemon. */
import * as z from 'zod/mini';
import type { ArgumentType } from './ubus/bus.ts';

/** Every argument there is: its type on the bus, and what it may be; what each is told to be allowed ends "…: ". */
export const ARGUMENT = {
  interface: { type: 'string', schema: z.string('the name of an interface').check(z.minLength(1, 'the name of an interface')) },
  format:    { type: 'string', schema: z.enum(['text', 'json'], 'text or json') },
  colour:    { type: 'bool',   schema: z.boolean('true or false') },
  limit:     { type: 'int32',  schema: z.int('how many').check(z.minimum(1, 'at least 1')) },
  /** Said by netifd's protocol handler: it is netifd that sets the interface up or takes it down, not a person. */
  netifd:    { type: 'bool',   schema: z.boolean('true or false') },
  /** Put in by rpcd, whoever calls through it. */
  ubus_rpc_session: { type: 'string', schema: z.string('a session of rpcd') },
} as const satisfies Record<string, { type: ArgumentType; schema: z.ZodMiniType }>;

export type ArgumentName = keyof typeof ARGUMENT;

export interface MethodRow {
  readonly must: readonly ArgumentName[];
  readonly may: readonly ArgumentName[];
  /** Reading methods and acting ones are granted apart. */
  readonly acts: boolean;
  /** What the control channel calls it; undefined: it is netifd's matter. */
  readonly control: string | undefined;
}

export const METHOD = {
  status:     { must: [],            may: ['interface', 'format', 'colour'],          acts: false, control: 'status' },
  events:     { must: [],            may: ['interface', 'limit', 'format', 'colour'], acts: false, control: 'events' },
  negotiated: { must: ['interface'], may: ['format'],                                 acts: false, control: 'negotiated' },
  info:       { must: [],            may: ['format'],                                 acts: false, control: 'info' },
  connect:    { must: ['interface'], may: ['netifd'],                                 acts: true,  control: undefined },
  disconnect: { must: ['interface'], may: ['netifd'],                                 acts: true,  control: undefined },
  redial:     { must: ['interface'], may: [],                                         acts: true,  control: 'redial' },
  reload:     { must: [],            may: [],                                         acts: true,  control: 'reload' },
  mqtt_test:  { must: [],            may: ['format'],                                 acts: true,  control: 'mqtt-test' },
} as const satisfies Record<string, MethodRow>;
