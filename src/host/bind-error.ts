/** What is said when a UDP socket cannot be opened on an address of this machine. */
import { HostError } from '../ports/host-error.ts';
import type { Endpoint } from '../protocol/machine.ts';

/** @param code what the system said, `EADDRINUSE` */
export function bindError(code: string | undefined, words: string, local: Endpoint, options?: ErrorOptions): HostError {
  const { address, port } = local;
  switch (code) {
    case 'EADDRINUSE':
      return new HostError(
        'port-in-use',
        `UDP port ${port} on ${address} is taken by another program: stop it (see 'ss -ulpn'), or set sourcePort to 0 or to a free port`,
        options,
      );
    case 'EACCES':
      return new HostError(
        'network-failed',
        `no permission to use UDP port ${port}: below 1024 it needs the capability CAP_NET_BIND_SERVICE, which root has where no jail takes it; or set sourcePort to 0`,
        options,
      );
    case 'EADDRNOTAVAIL':
      return new HostError(
        'network-failed',
        `${address} is no longer an address of this machine: the uplink has just changed`,
        options,
      );
    default:
      return new HostError('network-failed', `UDP socket on ${address} port ${port}: ${words}`, options);
  }
}
