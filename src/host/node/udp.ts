/** UDP sockets from Node. Every socket is bound to one local address, so that no route change can give it another. */
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { DatagramPort, DatagramSocket } from '../../ports/datagram.ts';
import { HostError } from '../../ports/host-error.ts';
import type { Endpoint } from '../../protocol/machine.ts';

/** Octets the kernel may hold for us while the event loop is busy: about 20 ms at 1 Gbit/s. It may grant less. */
const BUFFER_OCTETS = 2 * 1024 * 1024;

/** Octets that wait in our own memory once the kernel takes no more, at most: of expendable datagrams, and of all. */
const MOST_WAITING = { expendable: 64 * 1024, any: 256 * 1024 };

export const udp: DatagramPort = {
  open: (local, receive) =>
    new Promise((resolve, reject) => {
      const socket = createSocket({
        type: isIPv6(local.address) ? 'udp6' : 'udp4',
        recvBufferSize: BUFFER_OCTETS,
        sendBufferSize: BUFFER_OCTETS,
        // Addresses are never names here: answering at once keeps every send within the turn that asked for it.
        lookup: (address, _options, done) => done(null, address, isIPv6(address) ? 6 : 4),
      });
      socket.once('error', (error: NodeJS.ErrnoException) => {
        socket.close();
        reject(bindError(error, local));
      });
      socket.bind({ address: local.address, port: local.port, exclusive: true }, () => {
        socket.removeAllListeners('error');
        resolve(new NodeSocket(socket, receive));
      });
    }),
};

class NodeSocket implements DatagramSocket {
  readonly local: Endpoint;
  readonly sendErrors: { count: number; last: string | undefined } = { count: 0, last: undefined };
  readonly #socket: Socket;
  #closed = false;

  constructor(socket: Socket, receive: (bytes: Uint8Array, from: Endpoint) => void) {
    this.#socket = socket;
    const bound = socket.address();
    this.local = { address: bound.address, port: bound.port };
    socket.on('message', (bytes, { address, port }) => receive(bytes, { address, port }));
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

function bindError(error: NodeJS.ErrnoException, { address, port }: Endpoint): HostError {
  const options = { cause: error };
  switch (error.code) {
    case 'EADDRINUSE':
      return new HostError(
        'port-in-use',
        `UDP port ${port} on ${address} is taken by another program: stop it (see 'ss -ulpn'), or set sourcePort to 0 or to a free port`,
        options,
      );
    case 'EACCES':
      return new HostError(
        'network-failed',
        `no permission to use UDP port ${port}: run as root, or set sourcePort to 0`,
        options,
      );
    case 'EADDRNOTAVAIL':
      return new HostError(
        'network-failed',
        `${address} is no longer an address of this machine: the uplink has just changed`,
        options,
      );
    default:
      return new HostError('network-failed', `UDP socket on ${address} port ${port}: ${error.message}`, options);
  }
}
