/**
 * The router of these tests, from the environment:
 *
 *     LUCI_URL=http://192.168.1.1 LUCI_USER=root LUCI_PASSWORD=…    who may everything
 *     LUCI_VIEWER=… LUCI_VIEWER_PASSWORD=…    who may only look, as docs/luci.md has it; without, nobody tries
 *     LUCI_BROKER=mqtt://192.168.1.2    a broker that lets the router in without a login; without, only the lack of one is tried
 *     LUCI_COMMAND='ssh root@192.168.1.1'     what runs a shell command on the router, given as one more argument; without, nobody does
 *
 * The first of its connections that is up is taken. It is hung up and dialled again, its settings stay as they are. Another one,
 * `trial`, to the same server with the same account, is made and removed; the configuration is then as it was.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface Account {
  readonly user: string;
  readonly password: string;
}

const {
  LUCI_URL,
  LUCI_USER = 'root',
  LUCI_PASSWORD = '',
  LUCI_VIEWER,
  LUCI_VIEWER_PASSWORD = '',
  LUCI_BROKER,
  LUCI_COMMAND,
} = process.env;

if (LUCI_URL === undefined) throw new Error('there is no router to try this on: set LUCI_URL, see target.ts');

export const URL_OF_ROUTER = LUCI_URL.replace(/\/+$/, '');
export const ADMIN: Account = { user: LUCI_USER, password: LUCI_PASSWORD };
export const VIEWER: Account | undefined =
  LUCI_VIEWER === undefined ? undefined : { user: LUCI_VIEWER, password: LUCI_VIEWER_PASSWORD };
export const BROKER = LUCI_BROKER;
export const HAS_SHELL = LUCI_COMMAND !== undefined;

const NOBODY = '0'.repeat(32);

/** What is left out, and what it wants. */
export const left = (what: string, variable: string): void =>
  console.warn(`left out: ${what}; it wants ${variable}, see test/luci/router/target.ts`);

/** Runs a command line in the router's shell; gives its standard output. */
export async function shell(line: string): Promise<string> {
  const [program = '', ...args] = (LUCI_COMMAND ?? '').split(/\s+/);
  const { stdout } = await promisify(execFile)(program, [...args, line], { timeout: 60_000 });
  return stdout;
}

/** The bus of the router, beside any browser: by JSON-RPC, as whoever logs in. */
export class Bus {
  readonly #session: string;

  private constructor(session: string) {
    this.#session = session;
  }

  static async login({ user, password }: Account): Promise<Bus> {
    const nobody = new Bus(NOBODY);
    const { ubus_rpc_session: session } = await nobody.call<{ ubus_rpc_session: string }>('session', 'login', {
      username: user,
      password,
    });
    return new Bus(session);
  }

  /** @throws Error with what the router said instead */
  async call<Answer = unknown>(object: string, method: string, args: object = {}): Promise<Answer> {
    const params = [this.#session, object, method, args];
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'call', params });
    const response = await fetch(`${URL_OF_ROUTER}/ubus/`, { method: 'POST', body });
    const { result, error } = (await response.json()) as Reply;
    const [status = -1, answer] = result ?? [];
    if (error !== undefined) throw new Error(`${object} ${method}: ${error.message}`);
    if (status !== 0) throw new Error(`${object} ${method}: ubus status ${status}`);
    return answer as Answer;
  }
}

interface Reply {
  readonly result?: readonly [number, unknown?];
  readonly error?: { readonly message: string };
}
