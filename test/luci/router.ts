/**
 * The router behind a page: users and what they may, configuration, services, files and ubus objects, all in memory. It
 * answers as rpcd, procd and netifd do, has the faults that a test injects, and remembers every call.
 */
import { Grants, type Groups } from './parts/access.ts';
import { allAcls } from './parts/acls.ts';
import { CONFIGS } from './parts/configs.ts';
import { L2tpwan } from './parts/l2tpwan.ts';
import { objectsOf } from './parts/objects.ts';
import { Service } from './parts/service.ts';
import { FILES } from './parts/system.ts';
import { Uci } from './parts/uci.ts';
import type { Table, UbusCode } from './parts/values.ts';

export interface Session {
  readonly id: string;
  readonly token: string;
  readonly user: string;
  readonly grants: Grants;
}

/** One call of a page, as it came over the RPC. */
export interface Call {
  readonly user: string;
  readonly object: string;
  readonly method: string;
  readonly args: Table;
  /** `denied`, `no-object`, `no-method`, or the code of ubus. */
  readonly answer: 'denied' | 'no-object' | 'no-method' | UbusCode;
}

export type Method = (args: Table, session: Session) => unknown;

/** What is wrong with the router; everything is well at first. */
export interface Faults {
  /** Nobody answers on the HTTP port any more. */
  dead: boolean;
  /** ubusd does not run: the web server does. */
  busGone: boolean;
  /** Sessions are forgotten, as when rpcd was restarted. */
  sessionsGone: boolean;
  /** Objects that have left the bus. */
  readonly gone: Set<string>;
  /** `object.method` that no session may call. */
  readonly denied: Set<string>;
  /** `object.method` that answers with this code of ubus. */
  readonly refused: Map<string, UbusCode>;
  /** `object.method`, or `*` for all: how long the answer takes, ms. */
  readonly slow: Map<string, number>;
}

export type UserName = 'admin' | 'viewer' | (string & {});

export class Router {
  readonly calls: Call[] = [];
  /** What was called that the bench does not know; a page that did so fails its test. */
  readonly unknown: string[] = [];
  readonly uci = new Uci();
  readonly l2tpwan: L2tpwan;
  /** The init script of ours and what procd knows of its process. */
  readonly service = new Service();
  /** Files that can be read, by path. */
  readonly files = new Map(Object.entries(FILES));
  /** Protocols that netifd knows. */
  readonly protocols = new Set(['none', 'static', 'dhcp', 'dhcpv6', 'l2tpwan']);
  readonly faults: Faults = {
    dead: false,
    busGone: false,
    sessionsGone: false,
    gone: new Set(),
    denied: new Set(),
    refused: new Map(),
    slow: new Map(),
  };
  readonly objects: Record<string, Record<string, Method>>;
  /** The files of every configuration that was applied, one list each time. */
  readonly applied: string[][] = [];
  readonly #users = new Map<string, Groups>([
    ['admin', { read: ['*'], write: ['*'] }],
    ['viewer', { read: ['unauthenticated', 'luci-base', 'luci-mod-status-index', 'luci-app-l2tpwan'], write: [] }],
  ]);
  readonly #sessions = new Map<string, Session>();

  /** @param state the recorded state that `l2tpwan` is in */
  constructor(state = 'up') {
    this.l2tpwan = new L2tpwan(state);
    for (const [config, sections] of Object.entries(CONFIGS)) this.uci.write(config, sections);
    this.objects = objectsOf(this);
  }

  /** A user with read and write permission of these ACL groups, which may have wildcards. */
  addUser(name: string, groups: Groups): void {
    this.#users.set(name, groups);
  }

  login(user: UserName): Session {
    const groups = this.#users.get(user);
    if (groups === undefined) throw new Error(`the router has no user ${user}`);
    const serial = (this.#sessions.size + 1).toString(16).padStart(32, '0');
    const session = {
      id: `5${serial.slice(1)}`,
      token: `a${serial.slice(1)}`,
      user,
      grants: new Grants(allAcls(), groups),
    };
    this.#sessions.set(session.id, session);
    return session;
  }

  /** Undefined: nobody is logged in so, or the router cannot tell. */
  session(id: string | undefined): Session | undefined {
    const { busGone, sessionsGone } = this.faults;
    return busGone || sessionsGone || id === undefined ? undefined : this.#sessions.get(id);
  }

  /** The interfaces of ours in the configuration. */
  get connections(): string[] {
    const sections = this.uci.committed('network') ?? [];
    return sections.filter(({ proto }) => proto === 'l2tpwan').map((section) => section['.name']);
  }

  /** How often it was called; without a method: anything of the object; without an object: anything. */
  count(object?: string, method?: string): number {
    return this.#matching(object, method).length;
  }

  /** The arguments of every such call, oldest first. */
  argsOf(object: string, method: string): Table[] {
    return this.#matching(object, method).map(({ args }) => args);
  }

  /** Forgets what was called so far. */
  forgetCalls(): void {
    this.calls.length = 0;
  }

  #matching(object: string | undefined, method: string | undefined): Call[] {
    return this.calls.filter(
      (call) => (object === undefined || call.object === object) && (method === undefined || call.method === method),
    );
  }
}
