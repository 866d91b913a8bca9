/** How knowledge of a shared secret is proved: the response of CHAP (RFC 1994 §4.1), which L2TP uses too (RFC 2661 §4.4.3). */
import { md5 } from '@noble/hashes/legacy.js';
import { concatBytes } from '@noble/hashes/utils.js';

/**
 * @param id one octet: the identifier of a CHAP packet, the Message Type of an SCCRP or SCCCN (0-255)
 * @returns 16 octets
 */
export const chapMd5Response = (id: number, secret: Uint8Array, challenge: Uint8Array): Uint8Array =>
  md5(concatBytes(Uint8Array.of(id), secret, challenge));
