/**
 * The doors to the bus that a page has: JSON-RPC 2.0, one request or a list of them. LuCI's own (`admin/ubus`) and that of
 * the web server (`/ubus/`, uhttpd-mod-ubus), which is taken when it is there, tell the same errors in different ways.
 */
import type { Call, Router, Session } from '../router.ts';
import { isTable, Refused, type Table, UBUS, type UbusCode } from './values.ts';

export type Door = 'luci' | 'uhttpd';

const NOBODY = '0'.repeat(32);
const ACCESS_DENIED = { code: -32002, message: 'Access denied' };
const NOT_FOUND = { code: -32000, message: 'Object not found' };

/** Answers what was posted. @param cookie the session that the browser's cookie names */
export async function answerRpc(
  router: Router,
  door: Door,
  body: string,
  cookie: string | undefined,
): Promise<unknown> {
  const request = parsed(body);
  if (Array.isArray(request)) {
    const answers: unknown[] = [];
    for (const one of request) answers.push(await answerOne(router, door, one, cookie));
    return answers;
  }
  return answerOne(router, door, request, cookie);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

async function answerOne(router: Router, door: Door, request: unknown, cookie: string | undefined): Promise<Table> {
  if (!isTable(request)) return { jsonrpc: '2.0', id: null, error: { code: -32700, message: 'Parse error' } };
  const reply = (rest: Table): Table => ({ jsonrpc: '2.0', id: request.id ?? null, ...rest });
  if (request.method === 'list') return reply({ result: router.faults.busGone ? [] : Object.keys(router.objects) });
  if (request.method !== 'call') return reply({ error: { code: -32601, message: 'Method not found' } });
  const params = Array.isArray(request.params) ? request.params : [];
  const [sid, object, method, given]: unknown[] = params;
  const args = given ?? {};
  if (typeof object !== 'string' || typeof method !== 'string' || !isTable(args) || 'ubus_rpc_session' in args)
    return reply({ error: { code: -32602, message: 'Invalid parameters' } });
  const asked = door === 'luci' && sid === NOBODY && cookie !== undefined ? cookie : sid;
  return reply(await new Turn(router, door, object, method, args).take(typeof asked === 'string' ? asked : undefined));
}

/** One call on its way: who may, whom it concerns, what is wrong with that today, and the answer. */
class Turn {
  readonly #router: Router;
  readonly #door: Door;
  readonly #object: string;
  readonly #method: string;
  readonly #args: Table;

  constructor(router: Router, door: Door, object: string, method: string, args: Table) {
    this.#router = router;
    this.#door = door;
    this.#object = object;
    this.#method = method;
    this.#args = args;
  }

  async take(sid: string | undefined): Promise<Table> {
    const { faults, objects } = this.#router;
    const call = `${this.#object}.${this.#method}`;
    const delay = faults.slow.get(call) ?? faults.slow.get('*') ?? 0;
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));

    const session = this.#router.session(sid);
    const methods = objects[this.#object];
    const method = methods?.[this.#method];
    if (method === undefined && !faults.busGone) this.#router.unknown.push(call);
    const isThere = methods !== undefined && !faults.gone.has(this.#object) && !faults.busGone && this.#isServed;

    // The web server looks for the object first, LuCI asks for permission first.
    if (this.#door === 'uhttpd' && !isThere) return this.#done(session, 'no-object', { error: NOT_FOUND });
    const isAllowed = session?.grants.allows('ubus', this.#object, this.#method) ?? false;
    if (session === undefined || !isAllowed || faults.denied.has(call))
      return this.#done(session, 'denied', { error: ACCESS_DENIED });
    if (!isThere) return this.#done(session, 'no-object', { result: [UBUS.notFound] });
    if (method === undefined) return this.#done(session, 'no-method', { result: [UBUS.methodNotFound] });
    const refusal = faults.refused.get(call);
    if (refusal !== undefined) return this.#done(session, refusal, { result: [refusal] });
    try {
      const data = method(this.#args, session);
      return this.#done(session, UBUS.ok, { result: data === undefined ? [UBUS.ok] : [UBUS.ok, data] });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return this.#done(session, error.code, { result: [error.code] });
    }
  }

  /** Our object is on the bus only while the daemon runs. */
  get #isServed(): boolean {
    return this.#object !== 'l2tpwan' || this.#router.service.isRunning;
  }

  #done(session: Session | undefined, answer: Call['answer'] | UbusCode, rest: Table): Table {
    const user = session?.user ?? 'nobody';
    this.#router.calls.push({ user, object: this.#object, method: this.#method, args: this.#args, answer });
    return rest;
  }
}
