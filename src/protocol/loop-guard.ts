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
   * @param bytes where the packet lies, from octet `from` up to `to`: IPv4 or IPv6, with its header whole
   * @returns whether it is a UDP datagram to the server's address and port, or a piece of one: a later fragment has no UDP
   *   header, its address alone must do
   */
  isLoop(bytes: Uint8Array, from = 0, to = bytes.length): boolean {
    const isIpv4 = (bytes[from] as number) >> 4 === 4;
    const at = from + (isIpv4 ? IPV4_DESTINATION_AT : IPV6_DESTINATION_AT);
    if (this.#address.length !== (isIpv4 ? 4 : 16)) return false;
    for (let i = 0; i < this.#address.length; i++) if (bytes[at + i] !== this.#address[i]) return false;
    return isIpv4 ? this.#isToPortIpv4(bytes, from, to) : this.#isToPortIpv6(bytes, from, to);
  }

  #isToPortIpv4(bytes: Uint8Array, from: number, to: number): boolean {
    if (bytes[from + 9] !== UDP) return false;
    if ((u16(bytes, from + 6, to) & 0x1fff) !== 0) return true;
    return u16(bytes, from + ((bytes[from] as number) & 0x0f) * 4 + 2, to) === this.#port;
  }

  /** Tunnel datagrams have no extension headers but that of a fragment. */
  #isToPortIpv6(bytes: Uint8Array, from: number, to: number): boolean {
    const next = from + IPV6_HEADER_OCTETS;
    if (bytes[from + 6] === UDP) return u16(bytes, next + 2, to) === this.#port;
    if (bytes[from + 6] !== IPV6_FRAGMENT || next >= to || bytes[next] !== UDP) return false;
    if ((u16(bytes, next + 2, to) & 0xfff8) !== 0) return true;
    return u16(bytes, next + IPV6_FRAGMENT_OCTETS + 2, to) === this.#port;
  }
}

/** 0 where it is not within the packet, which ends in front of `to`. */
const u16 = (bytes: Uint8Array, at: number, to: number): number =>
  at + 2 > to ? 0 : ((bytes[at] as number) << 8) | (bytes[at + 1] as number);

const IPV4_DESTINATION_AT = 16; // RFC 791 §3.1
const IPV6_DESTINATION_AT = 24; // RFC 8200 §3
const IPV6_HEADER_OCTETS = 40;
const IPV6_FRAGMENT_OCTETS = 8; // RFC 8200 §4.5
const UDP = 17;
const IPV6_FRAGMENT = 44;
