/** IPV6CP: how the two ends choose interface identifiers that differ (RFC 5072). */
import type { Entropy } from '../machine.ts';
import { ControlProtocol } from './control-protocol.ts';
import { IPV6CP_OPTION, type Ipv6cpContext } from './option-table.ts';

export type Ipv6cp = ControlProtocol<Ipv6cpContext, typeof IPV6CP_OPTION>;

export function ipv6cp(entropy: Entropy): Ipv6cp {
  const freshIdentifier = () => local(entropy(8));
  return new ControlProtocol('IPV6CP', IPV6CP_OPTION, { freshIdentifier });
}

/**
 * Our interface identifier, 8 octets. A peer that rejects the option leaves it to us (RFC 5072 §4.1: recovery is "unspecified"):
 * then it is a random one.
 */
export const identifierOf = ({ negotiation }: Ipv6cp, entropy: Entropy): Uint8Array =>
  negotiation.ours.interfaceIdentifier ?? local(entropy(8));

/** "In this case, the u bit of the interface identifier MUST be set to zero"; nor may all the others be. */
const local = (octets: Uint8Array): Uint8Array =>
  octets.map((octet, i) => (i === 0 ? octet & ~0x02 : i === 7 ? octet | 0x01 : octet));
