/** The way in as a unix socket: one line asks, lines answer. Only its owner may connect; whoever does is bounded all the same. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Reply, Serve } from '../../ports/control-channel.ts';
import { lstat, unlink } from './files.ts';

/** The longest request, octets; ours are far below. */
const LONGEST_REQUEST = 16 * 1024;
/** Octets that wait for a client that does not read, at most; then it is cut off. */
const MOST_WAITING = 1024 * 1024;
const MOST_CLIENTS = 32;
/** A client that has not asked by then is cut off, ms. */
const REQUEST_TIMEOUT_MS = 5000;
/** sun_path of Linux less its final zero, octets. */
const LONGEST_PATH = 107;

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

/** Replaces the socket of a daemon that has died. @throws SocketRefused */
export async function serveControl(path: string, serve: Serve): Promise<ControlServer> {
  if (Buffer.byteLength(path) > LONGEST_PATH)
    throw new SocketRefused(`${path}: longer than ${LONGEST_PATH} octets, choose another run directory`, 'unusable');
  await clearPath(path);
  const clients = new Set<Socket>();
  const server = createServer((socket) => {
    clients.add(socket);
    socket.once('close', () => clients.delete(socket));
    attend(socket, serve);
  });
  server.maxConnections = MOST_CLIENTS;
  await listen(server, path);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const client of clients) client.destroy();
      }),
  };
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

async function clearPath(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) throw new SocketRefused(`${path}: something that is no socket is in the way`, 'unusable');
  const answer = await knock(path);
  if (isForbidden(answer)) throw refusal(path, answer);
  if (answer !== 'ECONNREFUSED' && answer !== 'ENOENT')
    throw new SocketRefused(`${path}: another daemon is already running there`, 'taken');
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw refusal(path, error.code, error);
  });
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
    server.once('error', (error: NodeJS.ErrnoException) => reject(refusal(path, error.code, error)));
    const before = process.umask(0o177); // Node binds before it returns: the socket is never anybody else's
    try {
      server.listen(path, resolve);
    } finally {
      process.umask(before);
    }
  });
}
