/** Which layer of a link takes the frames of a PPP protocol; a protocol that is not listed is spoken by nobody here. */
import { PROTOCOL } from '../../wire/ppp-frame.ts';

export type Layer = 'lcp' | 'authentication' | 'network' | 'encryption';

// biome-ignore format: a table
export const LAYER: ReadonlyMap<number, Layer> = new Map([
  [PROTOCOL.lcp,    'lcp'],
  [PROTOCOL.pap,    'authentication'],
  [PROTOCOL.chap,   'authentication'],
  [PROTOCOL.ipcp,   'network'],
  [PROTOCOL.ipv6cp, 'network'],
  [PROTOCOL.ipv4,   'network'], // comes here only while IPCP is not open
  [PROTOCOL.ipv6,   'network'],
  [PROTOCOL.ccp,    'encryption'], // rejected like everything unknown, but a server may mind that more
  [PROTOCOL.ecp,    'encryption'],
]);
