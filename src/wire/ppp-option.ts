/** The configuration options inside a Configure packet of LCP and the NCPs: type, length, data (RFC 1661 §6). */
import { concat, Reader, uint } from './bytes.ts';

export interface PppOption {
  /** The Type field, 0-255. */
  readonly code: number;
  /** 0 to 253 octets. From {@link readOptions} a view into the packet: copy it to keep it. */
  readonly data: Uint8Array;
}

/** Octets of type and length together. */
const OPTION_HEADER = 2;

/**
 * Every option in the order it stands, repeated ones too.
 * @throws Malformed a Length below 2, or one beyond the end: then the whole packet is discarded (RFC 1661 §6)
 */
export function readOptions(data: Uint8Array): PppOption[] {
  const reader = new Reader(data, 'RFC 1661 §6');
  const options: PppOption[] = [];
  while (reader.left > 0) {
    const code = reader.u8();
    const length = reader.u8();
    if (length < OPTION_HEADER) throw reader.malformed(`an option of ${length} octets cannot hold its own header`);
    options.push({ code, data: reader.octets(length - OPTION_HEADER) });
  }
  return options;
}

export function writeOptions(options: readonly PppOption[]): Uint8Array {
  return concat(...options.flatMap(({ code, data }) => [uint(1, code), uint(1, OPTION_HEADER + data.length), data]));
}
