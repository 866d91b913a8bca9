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
  /** Follows the uplink to another device, where this host binds sockets to devices. */
  bindTo(device: string): void;
  close(): void;
}

/** Where a socket is opened. */
export interface Place {
  /** Port 0: an ephemeral one. */
  readonly local: Endpoint;
  /** The uplink: nothing is sent or heard by another device, whatever the routes say, where the host can see to that. */
  readonly device: string;
  /** Firewall mark of everything that is sent, 1-4294967295; undefined: none. */
  readonly mark: number | undefined;
}

export interface DatagramHandlers {
  /** One datagram; the octets are the receiver's to keep. */
  datagram(bytes: Uint8Array, from: Endpoint): void;
  /** The network says (ICMP) that only datagrams of so many octets, IP header included, reach that address. */
  pathMtu(to: string, mtu: number): void;
}

export interface DatagramPort {
  /** @throws HostError `port-in-use`, `network-failed` */
  open(place: Place, handlers: DatagramHandlers): Promise<DatagramSocket>;
}
