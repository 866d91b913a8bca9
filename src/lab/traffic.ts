/** How fast a way is, as TCP finds it: a server that swallows and spouts, and a client that counts. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** First octet of a connection: what the client is going to do. */
const UP = 'u';
const DOWN = 'd';
const CHUNK = new Uint8Array(64 * 1024);

export function serve(host: string, port: number): void {
  createServer((socket) => {
    socket.on('error', () => undefined); // a client that went away
    socket.once('data', (first) => {
      if (first.toString('latin1', 0, 1) === DOWN) spout(socket);
      socket.resume();
    });
    socket.on('end', () => socket.end());
  }).listen(port, host);
}

export interface Rates {
  /** Mbit/s, payload only. */
  readonly up: number;
  readonly down: number;
}

/** @param seconds for each direction */
export async function measure(host: string, port: number, seconds: number): Promise<Rates> {
  return { up: await rate(host, port, seconds, UP), down: await rate(host, port, seconds, DOWN) };
}

async function rate(host: string, port: number, seconds: number, direction: typeof UP | typeof DOWN): Promise<number> {
  const socket = connect({ host, port, timeout: 5000 });
  socket.once('timeout', () => socket.destroy(new Error(`nothing moves between here and ${host}`)));
  await once(socket, 'connect');
  const start = performance.now();
  let received = 0;
  socket.on('data', (chunk) => {
    received += chunk.length;
  });
  socket.write(direction);
  if (direction === UP) spout(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    setTimeout(resolve, seconds * 1000);
  });
  // What waits here for its turn was not moved; what the kernel holds is little beside seconds of it.
  const moved = direction === DOWN ? received : socket.bytesWritten - socket.writableLength;
  const elapsed = (performance.now() - start) / 1000;
  socket.destroy();
  return (moved * 8) / elapsed / 1e6;
}

function spout(socket: Socket): void {
  while (socket.writable && socket.write(CHUNK));
  socket.once('drain', () => spout(socket));
}
