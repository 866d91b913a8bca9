/** The web server of the bench: page shells, static files, LuCI's controllers and both doors to the bus, on a port of loopback. */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { find, menuFor } from './parts/menu.ts';
import { answerRpc, type Door } from './parts/rpc.ts';
import { SCRIPT, shellOf, type Theme } from './parts/shell.ts';
import { fileAt } from './parts/statics.ts';
import { catalogue } from './parts/translations.ts';
import { UciActions } from './parts/uci-actions.ts';
import type { Router, Session } from './router.ts';

export interface ServerOptions {
  readonly theme?: Theme;
  /** `en`, or a translation of ours by LuCI's name for it: `zh-cn`. */
  readonly lang?: string;
  /** Whether the web server has its own door to the bus; LuCI's is always there. */
  readonly ubusDoor?: boolean;
  /** Folders that are looked into before all others, each with a `luci-static`. */
  readonly roots?: readonly string[];
}

/** What the server says to one request. */
export interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

const TYPE = {
  html: 'text/html; charset=utf-8',
  js: 'application/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json; charset=utf-8',
  svg: 'image/svg+xml',
  png: 'image/png',
  text: 'text/plain; charset=utf-8',
} as const;

const said = (status: number, body: string, type: string = TYPE.text): Reply => ({ status, type, body });

const json = (value: unknown): Reply => said(200, JSON.stringify(value), TYPE.json);

export class LuciServer {
  readonly #router: Router;
  readonly #options: ServerOptions;
  readonly #http: Server;
  readonly #uciActions: UciActions;

  /** @returns a server that listens */
  static async start(router: Router, options: ServerOptions = {}): Promise<LuciServer> {
    const server = new LuciServer(router, options);
    await new Promise<void>((resolve) => server.#http.listen(0, '127.0.0.1', resolve));
    return server;
  }

  private constructor(router: Router, options: ServerOptions) {
    this.#router = router;
    this.#options = options;
    this.#uciActions = new UciActions(router);
    this.#http = createServer((request, response) => {
      if (router.faults.dead) {
        request.socket.destroy();
        return;
      }
      void this.#reply(request)
        .catch((error: unknown) => {
          router.unknown.push(`its own request: ${String(error)}`);
          return said(500, 'the bench failed');
        })
        .then(({ status, type, body = '', headers }) => {
          response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', ...headers }).end(body);
        });
    });
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise<void>((resolve) => this.#http.close(() => resolve()));
  }

  async #reply(request: IncomingMessage): Promise<Reply> {
    const url = new URL(request.url ?? '/', this.url);
    const session = this.#router.session(cookieOf(request));
    const { pathname } = url;
    if (pathname.startsWith('/ubus'))
      return this.#options.ubusDoor === false ? said(404, 'Not Found') : this.#rpc('uhttpd', request);
    if (pathname === '/cgi-bin/cgi-exec') return execReply(session);
    if (!pathname.startsWith(`${SCRIPT}/`)) return this.#file(pathname.slice(1));
    const path = pathname.slice(SCRIPT.length + 1);
    if (path.startsWith('admin/ubus')) return this.#rpc('luci', request);
    if (path.startsWith('admin/uci/')) return this.#uciActions.reply(path, url.searchParams, session);
    if (path.startsWith('admin/translations/')) {
      const words = catalogue(path.split('/').at(-1) ?? '');
      return said(200, `window.TR=${JSON.stringify(words)};`, TYPE.js);
    }
    return this.#page(path, session);
  }

  async #rpc(door: Door, request: IncomingMessage): Promise<Reply> {
    return json(await answerRpc(this.#router, door, await bodyOf(request), cookieOf(request)));
  }

  #page(path: string, session: Session | undefined): Reply {
    if (session === undefined) return { ...said(403, 'Log in.'), headers: { 'X-LuCI-Login-Required': 'yes' } };
    const menu = menuFor(session.grants);
    if (path === 'admin/menu') return json(menu);
    const place = find(menu, path.split('/').filter(Boolean));
    if (place === undefined) return said(403, 'No such page, or no permission.');
    const { theme = 'bootstrap', lang = 'en' } = this.#options;
    return said(200, shellOf({ place, session, theme, lang }), TYPE.html);
  }

  #file(path: string): Reply {
    const file = fileAt(path, this.#options.roots);
    const ending = path.split('.').at(-1) ?? '';
    const type = Object.entries(TYPE).find(([name]) => name === ending)?.[1] ?? TYPE.text;
    if (file !== undefined) return { status: 200, type, body: readFileSync(file) };
    // A theme of one file has neither of these.
    const isSpare = path.endsWith('/mobile.css') || path.endsWith('/logo.svg') || path === 'favicon.ico';
    return said(isSpare ? 204 : 404, '');
  }
}

/** The one program that LuCI's dialogs run: it says by which interface the browser comes. */
function execReply(session: Session | undefined): Reply {
  if (!session?.grants.allows('file', '/usr/libexec/luci-peeraddr', 'exec')) return said(403, 'Denied');
  return said(200, JSON.stringify({ remote_addr: '192.168.1.20', inbound_interfaces: ['lan'] }));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

const cookieOf = (request: IncomingMessage): string | undefined =>
  /(?:^|; )sysauth_http=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
