/** One end of a tunnel without any control plane: our own socket, the lane and the backend `tun-gso`, opened and closed on request. */
import { readdirSync, readFileSync } from 'node:fs';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { tunGsoBackend } from '../../../src/host/gso/backend.ts';
import { loadNative } from '../../../src/host/native/koffi.ts';
import type { SocketFeature } from '../../../src/host/native/socket-options.ts';
import { NativeSocket, nativeUdp } from '../../../src/host/native/udp.ts';
import type { DataPath, Feature } from '../../../src/ports/data-path.ts';
import { DataLane, type LaneOptions } from '../../../src/protocol/data-lane.ts';
import type { LaneCounters } from '../../../src/protocol/lane-counters.ts';
import type { Endpoint } from '../../../src/protocol/machine.ts';
import { perform } from './duty.ts';

export interface EndOptions {
  readonly device: string;
  readonly uplink: string;
  readonly mtu: number;
  readonly local: Endpoint;
  readonly peer: Endpoint;
  /** Features that are to be done without. */
  readonly without?: readonly string[];
  readonly lane?: LaneOptions;
  readonly framing?: { readonly addressControl: boolean; readonly shortProtocol: boolean };
  /** Options of the socket on top of its own: level, name, value. */
  readonly socketOptions?: readonly (readonly [number, number, number])[];
}

export interface Figures {
  readonly features: readonly Feature[];
  readonly counters: LaneCounters;
  readonly dropped: number;
  readonly sendErrors: { readonly count: number; readonly last: string | undefined };
  /** Each word of `lost`, and each path MTU that the network told. */
  readonly lost: readonly string[];
  readonly pathMtus: readonly number[];
  /** What the kernel counts of the devices: packets, of which a large one is one. */
  readonly tunnel: Packets;
  readonly uplink: Packets;
  /** Since the last time: of the processor, ms, and how late the event loop was, ms. */
  readonly cpuMs: number;
  readonly lag: { readonly p50: number; readonly p99: number; readonly max: number };
  /** Open descriptors. */
  readonly descriptors: number;
}
interface Packets {
  /** From the device to us, or to the wire. */
  readonly sent: number;
  readonly received: number;
  readonly dropped: number;
}

const native = loadNative();
let open: { socket: NativeSocket; path: DataPath; lane: DataLane; options: EndOptions } | undefined;
let lost: string[] = [];
let pathMtus: number[] = [];
let cpu = process.cpuUsage();
let delay: IntervalHistogram | undefined;

const duties = {
  async open(options: EndOptions): Promise<readonly Feature[]> {
    const { device, uplink, mtu, local, peer, without = [], socketOptions = [] } = options;
    lost = [];
    pathMtus = [];
    const udp = nativeUdp(native, { without: without.filter(isOfSocket) });
    const place = { local, device: uplink, mark: undefined };
    const handlers = { datagram: () => undefined, pathMtu: (_to: string, octets: number) => pathMtus.push(octets) };
    const socket = await udp.open(place, handlers);
    if (!(socket instanceof NativeSocket)) throw new Error('another kind of socket');
    const ids = { localTunnelId: 7, localSessionId: 8, peerTunnelId: 7, peerSessionId: 8 };
    const lane = new DataLane(ids, peer, options.lane);
    lane.ipv4Open = lane.ipv6Open = true;
    if (options.framing !== undefined) lane.setFraming(options.framing);
    try {
      for (const [level, name, value] of socketOptions)
        if (native.libc.setsockopt(socket.fd, level, name, Int32Array.of(value), 4) !== 0)
          throw new Error(`option ${name} cannot be ${value}`);
      const unwanted = (feature: string) => (without.includes(feature) ? SWITCHED_OFF : undefined);
      const path = await tunGsoBackend({ native, unwanted }).open({
        ...{
          device,
          mtu,
          lane,
          socket,
          peer,
          udpChecksums: true,
          attention: () => undefined,
          datagram: () => undefined,
        },
        lost: (why) => lost.push(why),
      });
      open = { socket, path, lane, options };
    } catch (error) {
      socket.close();
      throw error;
    }
    delay = monitorEventLoopDelay({ resolution: 1 });
    delay.enable();
    return open.path.features;
  },

  figures(): Figures {
    if (open === undefined) throw new Error('not open');
    const { socket, path, lane, options } = open;
    const used = process.cpuUsage(cpu);
    cpu = process.cpuUsage();
    const lag = (percentile: number) => (delay?.percentile(percentile) ?? 0) / 1e6 - 1; // the timer's own millisecond
    const figures = {
      ...{ features: path.features, counters: { ...lane.counters }, dropped: path.dropped },
      ...{ sendErrors: { ...socket.sendErrors }, lost, pathMtus },
      ...{ tunnel: packetsOf(options.device), uplink: packetsOf(options.uplink) },
      ...{ cpuMs: (used.user + used.system) / 1000, lag: { p50: lag(50), p99: lag(99), max: lag(100) } },
      descriptors: descriptors(),
    };
    delay?.reset();
    return figures;
  },

  /** One packet that came to the engine another way. */
  deliver(packet: Uint8Array): void {
    open?.path.deliver(packet);
  },

  /** Descriptors that are open when nothing of a data path is. */
  descriptors,

  async close(times = 1): Promise<void> {
    const closing = open;
    open = undefined;
    delay?.disable();
    for (let i = 0; i < times; i++) await closing?.path.close();
    for (let i = 0; i < times; i++) closing?.socket.close();
  },
};
export type EndDuties = typeof duties;

const SWITCHED_OFF = 'switched off';

const isOfSocket = (feature: string): feature is SocketFeature =>
  ['bind-to-device', 'udp-segment', 'udp-gro'].includes(feature);

function descriptors(): number {
  return readdirSync('/proc/self/fd').length;
}

function packetsOf(device: string): Packets {
  const count = (name: string) => Number(readFileSync(`/sys/class/net/${device}/statistics/${name}`, 'utf8'));
  try {
    return { sent: count('tx_packets'), received: count('rx_packets'), dropped: count('rx_dropped') };
  } catch {
    return { sent: -1, received: -1, dropped: -1 }; // the device is gone
  }
}

perform(duties, () => void duties.close());
