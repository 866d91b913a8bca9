/** Whether what a server asks for over CCP or ECP is encryption: compression alone is never worth hanging up for. */
import { Malformed } from '../../wire/malformed.ts';
import { LCP_CODE } from '../../wire/ppp-code-table.ts';
import { PROTOCOL } from '../../wire/ppp-frame.ts';
import { type PppOption, readOptions } from '../../wire/ppp-option.ts';
import { readPacket } from '../../wire/ppp-packet.ts';

/** @param bytes what a frame of `protocol` carried */
export function asksForEncryption(protocol: number, bytes: Uint8Array): boolean {
  try {
    const { code, data } = readPacket(bytes);
    if (code !== LCP_CODE.configureRequest) return false;
    return protocol === PROTOCOL.ecp || (protocol === PROTOCOL.ccp && readOptions(data).some(isMppe));
  } catch (error) {
    if (error instanceof Malformed) return false;
    throw error;
  }
}

/** Without a key length it is MPPC, Microsoft's compression. */
const isMppe = ({ code, data }: PppOption): boolean =>
  code === MPPE && data.length === 4 && ((data[3] as number) & KEY_LENGTHS) !== 0;

const MPPE = 18; // RFC 3078 §2
const KEY_LENGTHS = 0xe0; // M, S, L: 56, 128 and 40 bits
