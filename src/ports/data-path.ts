/** What moves packets between the tunnel device and the peer. Backends differ in speed; all keep this contract. */
import type { DataLane } from '../protocol/data-lane.ts';

export interface DataPath {
  /** Which backend it is, for status. */
  readonly backend: string;
  /** The device's final name. */
  readonly device: string;
  /** Hands one IP packet that came out of the tunnel to the kernel; never blocks, may drop (and then counts). */
  deliver(packet: Uint8Array): void;
  /** Packets the kernel would not take. */
  readonly dropped: number;
  /** Stops the traffic and removes the device. Safe to call twice. */
  close(): Promise<void>;
}

export interface DataPathRequest {
  /** Final name of the device, at most 15 characters. */
  readonly device: string;
  /** Wraps what the kernel sends into the tunnel; the packet is only good until it returns. */
  readonly lane: Pick<DataLane, 'encapsulate'>;
  /** Sends one L2TP data message to the peer. */
  readonly transmit: (datagram: Uint8Array) => void;
  /** The device died under us (somebody deleted it). */
  readonly lost: (why: string) => void;
}

export interface DataPathBackend {
  readonly name: string;
  /** @throws HostError `device-failed` with the cure: no /dev/net/tun, no permission, name taken, addon missing */
  open(request: DataPathRequest): Promise<DataPath>;
}
