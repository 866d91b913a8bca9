/** Whether an IP packet goes to the server's end of the tunnel it is about to enter: such a packet would go round for ever. */
import { addressOctets } from '../wire/ip-address.ts';
import type { Endpoint } from './machine.ts';

export class LoopGuard {
  readonly #address: Uint8Array;
  readonly #port: number;

  constructor(server: Endpoint) {
    this.#address = addressOctets(server.address) ?? new Uint8Array();
    this.#port = server.port;
  }

  /**
   * @param packet an IPv4 or IPv6 packet with its header whole
   * @returns whether it is a UDP datagram to the server's address and port, or a piece of one: a later fragment has no UDP
   *   header, its address alone must do
   */
  isLoop(packet: Uint8Array): boolean {
    const isIpv4 = (packet[0] as number) >> 4 === 4;
    const at = isIpv4 ? IPV4_DESTINATION_AT : IPV6_DESTINATION_AT;
    if (this.#address.length !== (isIpv4 ? 4 : 16)) return false;
    for (let i = 0; i < this.#address.length; i++) if (packet[at + i] !== this.#address[i]) return false;
    return isIpv4 ? this.#isToPortIpv4(packet) : this.#isToPortIpv6(packet);
  }

  #isToPortIpv4(packet: Uint8Array): boolean {
    if (packet[9] !== UDP) return false;
    if ((u16(packet, 6) & 0x1fff) !== 0) return true;
    return u16(packet, ((packet[0] as number) & 0x0f) * 4 + 2) === this.#port;
  }

  /** Tunnel datagrams have no extension headers but that of a fragment. */
  #isToPortIpv6(packet: Uint8Array): boolean {
    if (packet[6] === UDP) return u16(packet, IPV6_HEADER_OCTETS + 2) === this.#port;
    if (packet[6] !== IPV6_FRAGMENT || packet[IPV6_HEADER_OCTETS] !== UDP) return false;
    if ((u16(packet, IPV6_HEADER_OCTETS + 2) & 0xfff8) !== 0) return true;
    return u16(packet, IPV6_HEADER_OCTETS + IPV6_FRAGMENT_OCTETS + 2) === this.#port;
  }
}

/** Zeros behind the end. */
const u16 = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

const IPV4_DESTINATION_AT = 16; // RFC 791 §3.1
const IPV6_DESTINATION_AT = 24; // RFC 8200 §3
const IPV6_HEADER_OCTETS = 40;
const IPV6_FRAGMENT_OCTETS = 8; // RFC 8200 §4.5
const UDP = 17;
const IPV6_FRAGMENT = 44;
