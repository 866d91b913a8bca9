/** The three messages of the Password Authentication Protocol (RFC 1334 §2.2). */
import { concat, Reader, uint } from './bytes.ts';
import { PAP_CODE } from './ppp-code-table.ts';
import { type PppPacket, readPacket, writePacket } from './ppp-packet.ts';

export type PapMessage =
  /** Name and password in the clear, 0 to 255 octets each. */
  | { kind: 'authenticate-request'; id: number; peerId: Uint8Array; password: Uint8Array }
  /** Words for a person, 0 to 255 octets. */
  | { kind: 'authenticate-ack'; id: number; message: Uint8Array }
  | { kind: 'authenticate-nak'; id: number; message: Uint8Array };

/** The longest name, password or message: its length is one octet. */
export const LONGEST_PAP_FIELD = 255;

/** @throws Malformed wrong lengths, or a code that RFC 1334 does not know */
export function readPap(bytes: Uint8Array): PapMessage {
  const { code, id, data } = readPacket(bytes);
  const reader = new Reader(data, 'RFC 1334 §2.2');
  switch (code) {
    case PAP_CODE.authenticateRequest:
      return {
        kind: 'authenticate-request',
        id,
        peerId: reader.octets(reader.u8()),
        password: reader.octets(reader.u8()),
      };
    case PAP_CODE.authenticateAck:
      return { kind: 'authenticate-ack', id, message: readMessageField(reader) };
    case PAP_CODE.authenticateNak:
      return { kind: 'authenticate-nak', id, message: readMessageField(reader) };
    default:
      throw reader.malformed(`PAP has no code ${code}`);
  }
}

export const writePap = (message: PapMessage): Uint8Array => writePacket(packetOf(message));

function packetOf(message: PapMessage): PppPacket {
  const { id } = message;
  switch (message.kind) {
    case 'authenticate-request':
      return { code: PAP_CODE.authenticateRequest, id, data: concat(field(message.peerId), field(message.password)) };
    case 'authenticate-ack':
      return { code: PAP_CODE.authenticateAck, id, data: field(message.message) };
    case 'authenticate-nak':
      return { code: PAP_CODE.authenticateNak, id, data: field(message.message) };
  }
}

/**
 * INTEROP: SoftEther sends Authenticate-Ack without Msg-Length. The message is only ever shown, so its absence, or a
 * Msg-Length that promises more than there is, costs nothing but the words.
 */
function readMessageField(reader: Reader): Uint8Array {
  if (reader.left === 0) return reader.rest();
  const length = reader.u8();
  return reader.octets(Math.min(length, reader.left));
}

const field = (octets: Uint8Array): Uint8Array => concat(uint(1, octets.length), octets);
