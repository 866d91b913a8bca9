/** LCP Echo-Requests of a chosen size, and which of them has come back: their Data may have any length (RFC 1661 §5.8). */
import { concat, uint } from '../../wire/bytes.ts';
import { LCP_CODE } from '../../wire/ppp-code-table.ts';
import { PACKET_HEADER, type PppPacket, writePacket } from '../../wire/ppp-packet.ts';

const MAGIC_OCTETS = 4;

/** What an Echo-Reply proves of one of these. */
export interface SizedAnswer {
  /** What the asker gave with it. */
  readonly mark: number;
  /** Whether everything that was sent came back. */
  readonly isWhole: boolean;
}

export class SizedEchoes {
  /** By identifier, of which there are 256; a late answer is an answer. */
  readonly #sent = new Map<number, { readonly mark: number; readonly padding: Uint8Array }>();

  /**
   * @param octets of the whole LCP packet, at least 8
   * @param mark comes back with the answer
   */
  request(id: number, magic: number, octets: number, mark: number): Uint8Array {
    // No two of them alike, so that an answer belongs to one.
    const padding = Uint8Array.from({ length: octets - PACKET_HEADER - MAGIC_OCTETS }, (_, at) => id + at);
    this.#sent.set(id, { mark, padding });
    return writePacket({ code: LCP_CODE.echoRequest, id, data: concat(uint(MAGIC_OCTETS, magic), padding) });
  }

  /** The identifier is used for something else now. */
  forget(id: number): void {
    this.#sent.delete(id);
  }

  /**
   * What an Echo-Reply says; undefined: it answers none of these.
   * INTEROP: the magic number may be the server's, ours or none, and more octets may follow (accel-ppp).
   */
  answer({ id, data }: PppPacket): SizedAnswer | undefined {
    const sent = this.#sent.get(id);
    if (sent === undefined) return undefined;
    this.#sent.delete(id);
    const { mark, padding } = sent;
    return { mark, isWhole: padding.every((octet, at) => data[MAGIC_OCTETS + at] === octet) };
  }
}
