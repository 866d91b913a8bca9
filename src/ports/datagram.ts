/** UDP as a host gives it. */
import type { Endpoint } from '../protocol/machine.ts';

export interface DatagramSocket {
  readonly local: Endpoint;
  /**
   * Sends one datagram, or loses it: UDP promises nothing, and what fails here is counted, not thrown.
   * @param expendable the first to be lost when the uplink is slower than we are: somebody's packet, no word of ours
   */
  send(bytes: Uint8Array, to: Endpoint, expendable?: boolean): void;
  /** Datagrams that could not be handed to the system, and the last reason. */
  readonly sendErrors: { readonly count: number; readonly last: string | undefined };
  close(): void;
}

export interface DatagramPort {
  /**
   * Opens a socket bound to `local` (port 0: an ephemeral one) and calls `receive` for every datagram. `bytes` are the
   * receiver's to keep.
   * @throws HostError `port-in-use`, `network-failed`
   */
  open(local: Endpoint, receive: (bytes: Uint8Array, from: Endpoint) => void): Promise<DatagramSocket>;
}
