/** What moves packets between the tunnel device and the peer. Backends differ in speed; all keep this contract. */
import type { DataLane } from '../protocol/data-lane.ts';
import type { LaneCounters } from '../protocol/lane-counters.ts';
import type { Endpoint } from '../protocol/machine.ts';
import type { DatagramPort, DatagramSocket } from './datagram.ts';

/** A way of the kernel's to move more at a time: in use, or why not. */
export interface Feature {
  readonly name: string;
  /** Undefined: it is in use. */
  readonly missing: string | undefined;
}

export interface DataPath {
  /** Which backend it is, for status. */
  readonly backend: string;
  /** The device's final name. */
  readonly device: string;
  /** What it makes use of, and what it has to do without; may change while packets flow. */
  readonly features: readonly Feature[];
  /** Hands one IP packet that came out of the tunnel to the kernel; never blocks, may drop (and then counts). */
  deliver(packet: Uint8Array): void;
  /** Packets the kernel would not take. */
  readonly dropped: number;
  /** Why it would not take the last of them, where that is known. */
  readonly whyDropped?: string | undefined;
  /**
   * Offers a data message that the engine wants sent: where the kernel has the session, PPP's own frames go through it as well, for
   * only it knows the sequence numbers; and where numbered messages wait for a full socket, it is not to overtake them.
   * @returns whether it was taken; if not, it goes through the socket
   */
  takes?(message: Uint8Array): boolean;
  /** What the kernel has counted, where the lane cannot. */
  counters?(): Partial<LaneCounters>;
  /** PPP has agreed anew: header compression or sequence numbers of the lane may be others. */
  agreed?(): void;
  /** Stops the traffic and removes the device. Safe to call twice. */
  close(): Promise<void>;
}

export interface DataPathRequest {
  /** Final name of the device, at most 15 characters. */
  readonly device: string;
  /** MTU that the device is about to get, octets. */
  readonly mtu: number;
  /** Headers on, headers off, and the counting. */
  readonly lane: DataLane;
  /** The tunnel's socket, as the data plane of this backend opened it. */
  readonly socket: DatagramSocket;
  /** The server's end. */
  readonly peer: Endpoint;
  /** Whether data messages have UDP checksums: a wish, for backends that can leave them out. */
  readonly udpChecksums: boolean;
  /** `lane.attention` is set: its owner should look. */
  readonly attention: () => void;
  /** A data message that is for the engine: what the kernel keeps from the socket comes out here. The octets are the receiver's to keep. */
  readonly datagram: (message: Uint8Array) => void;
  /** The device died under us (somebody deleted it). */
  readonly lost: (why: string) => void;
}

export interface DataPathBackend {
  readonly name: string;
  /** @throws HostError `device-failed` with the cure: no /dev/net/tun, no permission, name taken, module or addon missing */
  open(request: DataPathRequest): Promise<DataPath>;
}

/** How a connection's packets may be moved; `auto` takes the first that works. */
export const DATA_PATHS = ['auto', 'kernel', 'tun-gso', 'tun'] as const;
export type DataPathChoice = (typeof DATA_PATHS)[number];

/** The backends for one choice, and the sockets they share. */
export interface DataPlane {
  readonly datagrams: DatagramPort;
  /** Fastest first; at least one. */
  readonly backends: readonly DataPathBackend[];
  /** What would be faster and cannot be had here, in words. */
  readonly missing: readonly string[];
}
