/** The way in as a unix socket: one line asks, lines answer. Only its owner may connect; whoever does is bounded all the same. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { basename, dirname, join } from 'node:path';
import type { Busy, Reply, Serve } from '../../ports/control-channel.ts';
import { lstat, readDirectory, rename, unlink } from './files.ts';

/** The longest request, octets; ours are far below. */
const LONGEST_REQUEST = 16 * 1024;
/** Octets that wait for a client that does not read, at most; then it is cut off. */
const MOST_WAITING = 1024 * 1024;
/** Clients that are served at a time; as many more are told that they are not, the rest are cut off. */
const MOST_CLIENTS = 32;
const BUSY: Busy = {
  error: 'busy',
  words: `the daemon is answering ${MOST_CLIENTS} others already: end some of them (\`status --watch\`, \`events --follow\`), or try again`,
};
/** A client that has not asked by then is cut off, ms. */
const REQUEST_TIMEOUT_MS = 5000;
/** What a name is lengthened by until it is certain that nobody else has it. */
const DRAFT_OCTETS = 7;
/** sun_path of Linux less its final zero, octets. */
const LONGEST_PATH = 107 - DRAFT_OCTETS;
/** Two daemons that start at once make way for each other, and come again after a while that is hardly the same, ms. */
const MAKE_WAY_MS = { least: 10, more: 90 };
const MOST_TRIES = 20;

export interface ControlServer {
  /** Cuts everybody off and removes the socket. */
  close(): Promise<void>;
}

/** The socket cannot be made: another daemon answers there, this user may not, or the place will not do. */
export class SocketRefused extends Error {
  override readonly name = 'SocketRefused';
  readonly why: 'taken' | 'forbidden' | 'unusable';

  constructor(message: string, why: SocketRefused['why'], options?: ErrorOptions) {
    super(message, options);
    this.why = why;
  }
}

/**
 * Replaces the socket of a daemon that has died. Of several that start at once only one comes through: each listens under a
 * name of its own before it looks whether anybody else answers, and takes the real name in one step only if nobody does.
 * Of two that did so one must have looked after the other listened, and seen it, under its own name or the real one.
 * @throws SocketRefused
 */
export async function serveControl(path: string, serve: Serve): Promise<ControlServer> {
  if (Buffer.byteLength(path) > LONGEST_PATH)
    throw new SocketRefused(`${path}: longer than ${LONGEST_PATH} octets, choose another run directory`, 'unusable');
  for (let tries = 1; ; tries++) {
    const running = await runUnder(draftOf(path), serve).catch((error: NodeJS.ErrnoException) => {
      throw refusal(path, error.code, error);
    });
    try {
      const rival = await findRival(path, running.path);
      if (rival === undefined && (await moved(running.path, path))) return { close: () => running.close(path) };
      if (rival === path || tries === MOST_TRIES)
        throw new SocketRefused(`${path}: another daemon is already running there`, 'taken');
    } catch (error) {
      await running.close(running.path);
      throw error;
    }
    await running.close(running.path);
    await new Promise((resolve) => setTimeout(resolve, MAKE_WAY_MS.least + Math.random() * MAKE_WAY_MS.more));
  }
}

/**
 * Asks a running daemon.
 * @param answered called with every line
 * @returns when the daemon has said everything; rejects when there is none (ENOENT, ECONNREFUSED) or none for us (EACCES)
 */
export function askControl(path: string, request: string, answered: (answer: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(path, () => socket.write(`${request}\n`));
    const lines = lineReader(Number.POSITIVE_INFINITY);
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      for (const line of lines(text) ?? []) answered(line);
    });
    socket.once('error', reject);
    socket.once('close', () => resolve());
  });
}

function attend(socket: Socket, serve: Serve): void {
  const lines = lineReader(LONGEST_REQUEST);
  let gone: (() => void) | undefined;
  const ask = (text: string): void => {
    const read = lines(text);
    if (read === undefined) socket.destroy();
    const [request] = read ?? [];
    if (request === undefined) return;
    socket.off('data', ask).on('data', () => undefined); // one question a client; the rest is not read
    socket.setTimeout(0);
    const stop = serve(request, replyOn(socket));
    if (socket.destroyed) stop();
    else gone = stop;
  };
  socket.setEncoding('utf8');
  socket.setTimeout(REQUEST_TIMEOUT_MS, () => socket.destroy());
  socket.on('data', ask);
  socket.on('error', () => undefined); // 'close' follows
  socket.once('close', () => gone?.());
}

const replyOn = (socket: Socket): Reply => ({
  write(answer) {
    if (socket.writable) socket.write(`${answer}\n`);
    if (socket.writableLength > MOST_WAITING) socket.destroy();
  },
  end() {
    if (!socket.destroyed) socket.end();
  },
});

/** Whole lines out of pieces of text; undefined once a line is longer than `longest` characters. */
function lineReader(longest: number): (text: string) => string[] | undefined {
  let rest = '';
  return (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    return rest.length > longest || lines.some((line) => line.length > longest) ? undefined : lines;
  };
}

interface Running {
  readonly path: string;
  /** @param name that it has now; it goes while we still answer: nobody else can have taken it */
  close(name: string): Promise<void>;
}

async function runUnder(path: string, serve: Serve): Promise<Running> {
  const clients = new Set<Socket>();
  let served = 0;
  const server = createServer((socket) => {
    const isServed = served < MOST_CLIENTS;
    if (isServed) served++;
    clients.add(socket);
    socket.once('close', () => {
      clients.delete(socket);
      if (isServed) served--;
    });
    attend(socket, isServed ? serve : refuse);
  });
  server.maxConnections = 2 * MOST_CLIENTS;
  await listen(server, path);
  return {
    path,
    close: async (name) => {
      await unlink(name).catch(() => undefined);
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const client of clients) client.destroy();
      });
    },
  };
}

const refuse: Serve = (_request, reply) => {
  reply.write(JSON.stringify(BUSY));
  reply.end();
  return () => undefined;
};

/**
 * Drafts first, the real name last: whoever gives up a draft for it meanwhile is found there.
 * @param ours not to be counted
 * @returns the name under which somebody answers
 */
async function findRival(path: string, ours: string): Promise<string | undefined> {
  const names = (await readDirectory(dirname(path)).catch(() => [])).filter(
    (name) => name.startsWith(`${basename(path)}.`) && DRAFT.test(name),
  );
  for (const draft of names.map((name) => join(dirname(path), name))) {
    if (draft === ours || !(await lstat(draft).catch(() => undefined))?.isSocket()) continue;
    if (await answers(draft)) return draft;
    await unlink(draft).catch(() => undefined); // of one that was killed in these milliseconds
  }
  const found = await lstat(path).catch(() => undefined);
  if (found !== undefined && !found.isSocket())
    throw new SocketRefused(`${path}: something that is no socket is in the way`, 'unusable');
  return (await answers(path)) ? path : undefined;
}

const DRAFT = /\.[0-9a-z]{6}$/;
const draftOf = (path: string): string =>
  `${path}.${Math.floor(Math.random() * 36 ** 6)
    .toString(36)
    .padStart(6, '0')}`;

/** @returns false: it was taken for that of a dead one, before it listened */
const moved = (draft: string, path: string): Promise<boolean> =>
  rename(draft, path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return false;
      throw refusal(path, error.code, error);
    },
  );

/** @throws SocketRefused when we may not know */
async function answers(path: string): Promise<boolean> {
  const answer = await knock(path);
  if (isForbidden(answer)) throw refusal(path, answer);
  return answer !== 'ECONNREFUSED' && answer !== 'ENOENT';
}

/** The error of a connect; undefined: somebody answers. */
const knock = (path: string): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
  });

const isForbidden = (code: string | undefined): boolean => code === 'EACCES' || code === 'EPERM' || code === 'EROFS';

function refusal(path: string, code: string | undefined, cause?: Error): SocketRefused {
  if (!isForbidden(code)) return new SocketRefused(`${path}: ${cause?.message ?? code}`, 'unusable', { cause });
  const words = `${path}: no permission to make the control socket: run as root, or choose another run directory`;
  return new SocketRefused(words, 'forbidden', { cause });
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    const before = process.umask(0o177); // Node binds before it returns: the socket is never anybody else's
    try {
      server.listen(path, resolve);
    } finally {
      process.umask(before);
    }
  });
}
