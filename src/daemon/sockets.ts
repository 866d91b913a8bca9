/** The UDP sockets of one connection, named by numbers: the engine knows no other handle. */
import type { DatagramPort, DatagramSocket } from '../ports/datagram.ts';
import type { Endpoint } from '../protocol/machine.ts';

export class Sockets {
  readonly #port: DatagramPort;
  readonly #receive: (socket: number, bytes: Uint8Array, from: Endpoint) => void;
  readonly #open = new Map<number, DatagramSocket>();
  #last = 0;
  /** Of sockets that are closed. */
  #errorsBefore = 0;

  constructor(port: DatagramPort, receive: (socket: number, bytes: Uint8Array, from: Endpoint) => void) {
    this.#port = port;
    this.#receive = receive;
  }

  /** Datagrams that could not be handed to the system, ever. */
  get sendErrors(): number {
    return [...this.#open.values()].reduce((sum, { sendErrors }) => sum + sendErrors.count, this.#errorsBefore);
  }

  /**
   * A socket bound to `local`. A fixed port that a tunnel of ours still uses to say its last words is shared with it.
   * @throws HostError
   */
  async open(local: Endpoint): Promise<{ socket: number; local: Endpoint }> {
    for (const [socket, { local: bound }] of this.#open)
      if (local.port !== 0 && bound.port === local.port && bound.address === local.address)
        return { socket, local: bound };
    const socket = ++this.#last;
    const opened = await this.#port.open(local, (bytes, from) => this.#receive(socket, bytes, from));
    this.#open.set(socket, opened);
    return { socket, local: opened.local };
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
    this.#errorsBefore += open.sendErrors.count;
  }

  closeAll(): void {
    for (const socket of [...this.#open.keys()]) this.close(socket);
  }
}
