/** Two sockets that never stop talking to each other, until SIGTERM: then it ends, in the way that its argument says. */
import { loadNative } from '../../src/host/native/koffi.ts';
import { nativeUdp } from '../../src/host/native/udp.ts';
import type { DatagramSocket } from '../../src/ports/datagram.ts';

/** The process ends itself; the sockets are closed and the rest follows; a mistake ends it. */
export type Ending = 'exit' | 'close' | 'throw';

const place = { local: { address: '127.0.0.1', port: 0 }, device: 'lo', mark: undefined };
const ENOUGH = 2000;

async function chat(how: Ending): Promise<void> {
  const port = nativeUdp(loadNative());
  const sockets: DatagramSocket[] = [];
  let heard = 0;
  let isOver = false;
  const answer = (own: number) => ({
    pathMtu: () => undefined,
    datagram: (bytes: Uint8Array, from: { address: string; port: number }) => {
      if (isOver && how === 'throw') throw new Error('in the middle of a batch');
      if (++heard === ENOUGH) process.stdout.write('in full flight\n');
      sockets[own]?.send(bytes, from);
    },
  });
  for (const own of [0, 1]) sockets.push(await port.open(place, answer(own)));
  const [a, b] = sockets;
  if (a !== undefined && b !== undefined) for (let i = 0; i < 50; i++) a.send(new Uint8Array(1400), b.local);
  process.on('uncaughtException', () => process.exit(70));
  process.on('SIGTERM', () => {
    isOver = true;
    if (how === 'exit') process.exit(0);
    if (how === 'close') for (const socket of sockets) socket.close();
  });
}

void chat(process.argv[2] as Ending);
