/** The UDP sockets of one connection, named by numbers: the engine knows no other handle. */
import type { DatagramHandlers, DatagramPort, DatagramSocket, Place } from '../ports/datagram.ts';
import { HostError } from '../ports/host-error.ts';
import type { Endpoint } from '../protocol/machine.ts';

export interface SocketHandlers {
  datagram(socket: number, bytes: Uint8Array, from: Endpoint): void;
  pathMtu: DatagramHandlers['pathMtu'];
}

export class Sockets {
  readonly #handlers: SocketHandlers;
  readonly #open = new Map<number, DatagramSocket>();
  #last = 0;
  /** Of sockets that are closed. */
  #errorsBefore: DatagramSocket['sendErrors'] = { count: 0, last: undefined };

  constructor(handlers: SocketHandlers) {
    this.#handlers = handlers;
  }

  /** Datagrams that could not be handed to the system, ever, and the last reason. */
  get sendErrors(): DatagramSocket['sendErrors'] {
    return [...this.#open.values()].reduce((sum, { sendErrors }) => added(sum, sendErrors), this.#errorsBefore);
  }

  /**
   * A socket at that place. A fixed port that a tunnel of ours still uses to say its last words is shared with it.
   * @throws HostError
   */
  async open(port: DatagramPort, place: Place): Promise<{ socket: number; local: Endpoint }> {
    const { local, device } = place;
    for (const [socket, open] of this.#open)
      if (local.port !== 0 && open.local.port === local.port && open.local.address === local.address) {
        open.bindTo(device); // it may have been made anew under the same name
        return { socket, local: open.local };
      }
    const socket = ++this.#last;
    const opened = await port.open(place, {
      datagram: (bytes, from) => this.#handlers.datagram(socket, bytes, from),
      pathMtu: (to, mtu) => this.#handlers.pathMtu(to, mtu),
    });
    this.#open.set(socket, opened);
    return { socket, local: opened.local };
  }

  /** @throws HostError `network-failed` it is closed: the connection was told to go down meanwhile */
  at(socket: number): DatagramSocket {
    const open = this.#open.get(socket);
    if (open === undefined) throw new HostError('network-failed', "the tunnel's socket has been closed meanwhile");
    return open;
  }

  /** @param expendable as {@link DatagramSocket.send} has it */
  send(socket: number, bytes: Uint8Array, to: Endpoint, expendable = false): void {
    this.#open.get(socket)?.send(bytes, to, expendable);
  }

  close(socket: number): void {
    const open = this.#open.get(socket);
    if (open === undefined) return;
    this.#open.delete(socket);
    open.close();
    this.#errorsBefore = added(this.#errorsBefore, open.sendErrors);
  }

  closeAll(): void {
    for (const socket of [...this.#open.keys()]) this.close(socket);
  }
}

const added = (sum: DatagramSocket['sendErrors'], { count, last }: DatagramSocket['sendErrors']) => ({
  count: sum.count + count,
  last: last ?? sum.last,
});
