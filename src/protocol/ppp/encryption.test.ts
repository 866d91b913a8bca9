import { describe, expect, it } from 'vitest';
import { octets } from '../../../test/codec-vectors.ts';
import { PROTOCOL } from '../../wire/ppp-frame.ts';
import { asksForEncryption } from './encryption.ts';

// biome-ignore format: a table
const ASKED: readonly [what: string, protocol: number, packet: string, isEncryption: boolean][] = [
  ['MPPE of 40 and 128 bits (pppd)',          PROTOCOL.ccp, '0101000a 120601000060',                   true],
  ['MPPE or compression (Windows)',           PROTOCOL.ccp, '0101000a 1206010000e1',                   true],
  ['MPPE behind Deflate',                     PROTOCOL.ccp, '0101000e 1a047800 120601000040',          true],
  ['MPPC, which is compression',              PROTOCOL.ccp, '0101000a 120600000001',                   false],
  ['Deflate and BSD (pppd)',                  PROTOCOL.ccp, '0101000f 1a047800 18047800 15032f',       false],
  ['nothing in particular',                   PROTOCOL.ccp, '01010004',                                false],
  ['MPPE, but by Configure-Reject',           PROTOCOL.ccp, '0401000a 120601000060',                   false],
  ['an option that is cut',                   PROTOCOL.ccp, '01010008 12060100',                       false],
  ['a packet that is cut',                    PROTOCOL.ccp, '0101',                                    false],
  ['anything by ECP',                         PROTOCOL.ecp, '01010004',                                true],
];

describe('a request for', () => {
  it.each(ASKED)('%s', (_, protocol, packet, isEncryption) => {
    expect(asksForEncryption(protocol, octets(packet))).toBe(isEncryption);
  });
});
