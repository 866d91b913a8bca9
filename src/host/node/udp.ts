/** UDP sockets from Node. Every socket is bound to one local address, so that no route change can give it another. */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { DatagramHandlers, DatagramPort, DatagramSocket } from '../../ports/datagram.ts';
import { HostError } from '../../ports/host-error.ts';
import type { Endpoint } from '../../protocol/machine.ts';
import { bindError } from '../bind-error.ts';

/** Octets the kernel may hold for us while the event loop is busy: about 20 ms at 1 Gbit/s. It may grant less. */
const BUFFER_OCTETS = 2 * 1024 * 1024;

/** Octets that wait in our own memory once the kernel takes no more, at most: of expendable datagrams, and of all. */
const MOST_WAITING = { expendable: 64 * 1024, any: 256 * 1024 };

const NO_MARK =
  'a firewall mark cannot be set without koffi: install it beside the program, or remove "mark" from the connection';

export const udp: DatagramPort = {
  open: ({ local, mark }, handlers) =>
    new Promise((resolve, reject) => {
      if (mark !== undefined) throw new HostError('network-failed', NO_MARK);
      const socket = createSocket({
        type: isIPv6(local.address) ? 'udp6' : 'udp4',
        recvBufferSize: BUFFER_OCTETS,
        sendBufferSize: BUFFER_OCTETS,
        // Addresses are never names here: answering at once keeps every send within the turn that asked for it.
        lookup: (address, _options, done) => done(null, address, isIPv6(address) ? 6 : 4),
      });
      socket.once('error', (error: NodeJS.ErrnoException) => {
        socket.close();
        reject(bindError(error.code, error.message, local, { cause: error }));
      });
      socket.bind({ address: local.address, port: local.port, exclusive: true }, () => {
        socket.removeAllListeners('error');
        resolve(new NodeSocket(socket, handlers));
      });
    }),
};

class NodeSocket implements DatagramSocket {
  readonly local: Endpoint;
  readonly sendErrors: { count: number; last: string | undefined } = { count: 0, last: undefined };
  readonly #socket: Socket;
  #closed = false;

  constructor(socket: Socket, handlers: DatagramHandlers) {
    this.#socket = socket;
    const bound = socket.address();
    this.local = { address: bound.address, port: bound.port };
    socket.on('message', (bytes, { address, port }) => handlers.datagram(bytes, { address, port }));
    socket.on('error', (error) => this.#lost(error));
  }

  send(bytes: Uint8Array, to: Endpoint, expendable = false): void {
    if (this.#closed) return;
    if (this.#socket.getSendQueueSize() > MOST_WAITING[expendable ? 'expendable' : 'any'])
      this.#lost(new Error('the uplink is slower than what is to be sent'));
    else
      this.#socket.send(bytes, to.port, to.address, (error) => {
        if (error) this.#lost(error);
      });
  }

  /** Node cannot bind to a device: the local address and the host route to the server must do. */
  bindTo(): void {}

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }

  #lost(error: Error): void {
    this.sendErrors.count++;
    this.sendErrors.last = error.message;
  }
}
