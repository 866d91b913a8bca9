/** The four messages of the Challenge-Handshake Authentication Protocol (RFC 1994 §4), which MS-CHAP shares (RFC 2433, RFC 2759). */
import { concat, Reader, uint } from './bytes.ts';
import { CHAP_CODE } from './ppp-code-table.ts';
import { readPacket, writePacket } from './ppp-packet.ts';

export type ChapMessage =
  /** Value: 1 to 255 octets; name: who asks or answers, any number of octets. */
  | { kind: 'challenge' | 'response'; id: number; value: Uint8Array; name: Uint8Array }
  /** Message: words for a person; MS-CHAP hides fields in them, see `ms-chap-field.ts`. */
  | { kind: 'success' | 'failure'; id: number; message: Uint8Array };

/** @throws Malformed wrong lengths, or a code that RFC 1994 does not know (Change-Password of MS-CHAP among them) */
export function readChap(bytes: Uint8Array): ChapMessage {
  const { code, id, data } = readPacket(bytes);
  const reader = new Reader(data, 'RFC 1994 §4');
  switch (code) {
    case CHAP_CODE.challenge:
      return { kind: 'challenge', id, ...readValueAndName(reader) };
    case CHAP_CODE.response:
      return { kind: 'response', id, ...readValueAndName(reader) };
    case CHAP_CODE.success:
      return { kind: 'success', id, message: reader.rest() };
    case CHAP_CODE.failure:
      return { kind: 'failure', id, message: reader.rest() };
    default:
      throw reader.malformed(`CHAP has no code ${code}`);
  }
}

export const writeChap = (message: ChapMessage): Uint8Array =>
  writePacket({ code: CHAP_CODE[message.kind], id: message.id, data: dataOf(message) });

function dataOf(message: ChapMessage): Uint8Array {
  switch (message.kind) {
    case 'challenge':
    case 'response':
      return concat(uint(1, message.value.length), message.value, message.name);
    case 'success':
    case 'failure':
      return message.message;
  }
}

function readValueAndName(reader: Reader): { value: Uint8Array; name: Uint8Array } {
  const size = reader.u8();
  if (size === 0) throw reader.malformed('a value of no octets'); // "one or more octets", §4.1
  return { value: reader.octets(size), name: reader.rest() };
}
