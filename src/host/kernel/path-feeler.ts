/**
 * How the network gets to say that the path takes less than the uplink, and how that is heard, while the kernel sends the packets.
 *
 * Over IPv4 they may be fragmented on their way, always: l2tp_xmit_queue sets skb->ignore_df, and ip_queue_xmit then leaves DF out,
 * whatever IP_MTU_DISCOVER says. No router ever objects to one. So now and then we send one ourselves that must not be fragmented,
 * through the engine's socket: a Discard-Request of LCP as long as a full packet. (Routers fragment no IPv6, and object by themselves.)
 *
 * What they say the kernel takes for the session's socket, for that is the one that is connected. There is no use in IP_RECVERR on
 * it: for a socket of L2TP's nothing was put in the error queue from Linux 5.0 to 6.9 (__udp4_lib_err: "not for tunnels"). But the
 * path MTU of the socket follows in any Linux, and IP_MTU tells it; it forgets after ten minutes, as all of its kind. Since 6.10 the
 * socket wakes us for it as well.
 */
import { readFileSync } from 'node:fs';
import type { DataPathRequest } from '../../ports/data-path.ts';
import { PLAIN_FRAMING, PROTOCOL, writeFrame } from '../../wire/ppp-frame.ts';
import type { Native } from '../native/koffi.ts';
import { IP_MTU, IPV6_MTU, SOL_IP, SOL_IPV6 } from '../native/socket-table.ts';
import type { NativeSocket } from '../native/udp.ts';
import { discardRequest } from './frames.ts';

/** How often a path is felt for, ms: as often as the kernel forgets what it has learnt (net.ipv4.route.mtu_expires). */
const AGAIN_MS = 600_000;
/** When the answer should be there, ms; if not, it is seen with the next look. */
const ANSWER_MS = 1000;

export interface FeelerParts {
  readonly native: Native;
  readonly request: Pick<DataPathRequest, 'device' | 'lane' | 'peer'>;
  /** The engine's: it sets DF. */
  readonly socket: NativeSocket;
  /** The session's, connected to the peer. */
  readonly udp: number;
  /** MTU of a device, octets; undefined: there is no such device. */
  readonly mtuOf?: (device: string) => number | undefined;
}

export class PathFeeler {
  readonly #parts: FeelerParts;
  readonly #isIpv6: boolean;
  readonly #feeling: NodeJS.Timeout;
  #looking: NodeJS.Timeout | undefined;

  /** @param mtu of the device as it is about to be */
  constructor(parts: FeelerParts, mtu: number) {
    this.#parts = parts;
    this.#isIpv6 = parts.request.peer.address.includes(':');
    this.#feel(mtu);
    this.#feeling = setInterval(() => this.#feel(this.#mtu), AGAIN_MS).unref();
  }

  /** Tells the engine what the kernel has learnt, if it is less than the tunnel needs. */
  look(): void {
    const { native, request, socket, udp } = this.#parts;
    const value = Int32Array.of(0);
    const [level, name] = this.#isIpv6 ? [SOL_IPV6, IPV6_MTU] : [SOL_IP, IP_MTU];
    if (native.libc.getsockopt(udp, level, name, value, Uint32Array.of(4)) < 0) return; // its route is just being looked for
    const [octets = 0] = value;
    const full = (this.#mtu ?? 0) + request.lane.overhead(this.#isIpv6);
    if (octets > 0 && octets < full) socket.hearPathMtu(request.peer.address, octets);
  }

  /** Safe to call twice. */
  close(): void {
    clearInterval(this.#feeling);
    clearTimeout(this.#looking);
  }

  get #mtu(): number | undefined {
    const { mtuOf = deviceMtu, request } = this.#parts;
    return mtuOf(request.device);
  }

  #feel(mtu: number | undefined): void {
    const { request, socket } = this.#parts;
    const { lane, peer } = request;
    // The numbers are the kernel's, and what it numbers it sends as it likes: then there is no way.
    if (mtu === undefined || lane.sequencing) return;
    socket.send(lane.wrap(writeFrame(PROTOCOL.lcp, discardRequest(mtu), PLAIN_FRAMING)), peer, true);
    clearTimeout(this.#looking);
    this.#looking = setTimeout(() => this.look(), ANSWER_MS).unref();
  }
}

function deviceMtu(device: string): number | undefined {
  try {
    return Number(readFileSync(`/sys/class/net/${device}/mtu`, 'latin1'));
  } catch {
    return undefined;
  }
}
