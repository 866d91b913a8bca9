/** The ubus object `l2tpwan`: the questions and answers of the control channel, for whoever comes by ubus. */
import * as z from 'zod/mini';
import type { Clock } from '../../ports/clock.ts';
import type { Serve } from '../../ports/control-channel.ts';
import { OwnerRefused } from '../../ports/interface-owner.ts';
import type { Interfaces } from './interfaces.ts';
import { Notices } from './notices.ts';
import { ARGUMENT, type ArgumentName, METHOD, type MethodRow } from './object-table.ts';
import type { Table } from './ubus/blobmsg.ts';
import { type ArgumentType, type Bus, type MethodSpec, UbusError, type UbusStatus } from './ubus/bus.ts';

export interface ObjectParts {
  readonly bus: Bus;
  readonly serve: Serve;
  readonly interfaces: Pick<Interfaces, 'connect' | 'disconnect'>;
  readonly clock: Clock;
}

/** @returns takes it away; the bus itself stays */
export function publishObject({ bus, serve, interfaces, clock }: ObjectParts): () => void {
  const notices = new Notices(serve, clock, (kind, data) => published.notify(kind, data));
  const methods = Object.entries<MethodRow>(METHOD).map(([name, row]): [string, MethodSpec] => {
    const schema = schemaOf(row);
    const answer = async (args: Table): Promise<Table> => {
      const { interface: connection = '', netifd, ...form } = read(schema, args);
      if (row.control !== undefined)
        return answerOf(
          name,
          await ask(serve, { method: row.control, ...form, ...(connection && { name: connection }) }),
        );
      await (name === 'connect'
        ? interfaces.connect(connection, netifd)
        : interfaces.disconnect(connection, netifd)
      ).catch(refuse);
      return {};
    };
    return [name, { args: argumentsOf(row), answer }];
  });
  const published = bus.publish({
    name: 'l2tpwan',
    methods: Object.fromEntries(methods),
    watched: (isWatched) => notices.watched(isWatched),
  });
  notices.begin();
  return () => notices.end();
}

interface Args {
  readonly interface?: string | undefined;
  readonly netifd?: boolean | undefined;
}

/** One answer of the control channel. */
type Said = { readonly text?: string; readonly data?: unknown; readonly error?: string; readonly words?: string };

const names = ({ must, may }: MethodRow): ArgumentName[] => [...must, ...may, 'ubus_rpc_session'];

const argumentsOf = (row: MethodRow): Record<string, ArgumentType> =>
  Object.fromEntries([...row.must, ...row.may].map((name) => [name, ARGUMENT[name].type]));

const schemaOf = (row: MethodRow) =>
  z.strictObject(
    Object.fromEntries(
      names(row).map((name): [string, z.ZodMiniType] => {
        const { schema } = ARGUMENT[name];
        return [name, row.must.includes(name) ? schema : z.optional(schema)];
      }),
    ),
  );

/** @throws UbusError `invalidArgument` */
function read(schema: z.ZodMiniType, args: Table): Args {
  const parsed = schema.safeParse(args);
  if (parsed.success) {
    const { ubus_rpc_session: _, ...meant } = parsed.data as Record<string, unknown>;
    return meant;
  }
  const words = parsed.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? `unknown argument ${issue.keys.join(', ')}`
      : `argument ${issue.path.join('.')}: ${issue.message}`,
  );
  throw new UbusError('invalidArgument', words.join('; '));
}

/** @returns every answer there was */
function ask(serve: Serve, request: object): Promise<readonly Said[]> {
  return new Promise((resolve) => {
    const said: Said[] = [];
    serve(JSON.stringify(request), {
      write: (answer) => said.push(JSON.parse(answer) as Said),
      end: () => resolve(said),
    });
  });
}

/** What an error of the control channel is called on the bus. */
const STATUS: Readonly<Record<string, UbusStatus>> = {
  'bad-request': 'invalidArgument',
  'no-such-connection': 'notFound',
  'wrong-configuration': 'invalidArgument',
  refused: 'unknownError',
  internal: 'systemError',
};

/** @throws UbusError */
function answerOf(method: string, said: readonly Said[]): Table {
  const wrong = said.find(({ error }) => error !== undefined);
  if (wrong !== undefined) throw new UbusError(STATUS[wrong.error ?? ''] ?? 'systemError', wrong.words ?? '');
  if (said.some(({ text }) => text !== undefined)) return { text: said.map(({ text }) => text ?? '').join('\n') };
  if (method === 'events') return { events: said.map(({ data }) => data as Table) };
  return (said[0]?.data ?? {}) as Table;
}

/** @throws UbusError */
function refuse(error: unknown): never {
  if (!(error instanceof OwnerRefused)) throw error;
  throw new UbusError(REFUSED[error.why], error.message);
}

const REFUSED: Readonly<Record<OwnerRefused['why'], UbusStatus>> = {
  'no-such-interface': 'notFound',
  'wrong-settings': 'invalidArgument',
  'not-there': 'unknownError',
};
