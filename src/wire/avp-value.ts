/** How the AVP values look that are made of several fields (RFC 2661 §4.4): one codec for each. */
import { concat, Reader, uint } from './bytes.ts';
import type { Codec } from './codec.ts';
import { LONGEST_VALUE } from './codec.ts';
import { textOf, utf8Of } from './text.ts';

/** Why a tunnel or a call ends (§4.4.2). Codes as on the wire, 0-65535; `result-table.ts` has their names. */
export interface ResultCode {
  readonly result: number;
  readonly error?: number;
  /** As the peer sent it, control characters and all: clean it before it is shown. Cut to 1013 octets when written. */
  readonly text?: string;
}

/** INTEROP: every length is read. MikroTik and Android leave the error code out (AVP Length 8); SoftEther's codes are off by one octet. */
export const resultCode: Codec<ResultCode> = {
  octets: [0, LONGEST_VALUE],
  read: (bytes) => {
    const reader = new Reader(bytes, 'RFC 2661 §4.4.2');
    // Less than a result: that we are hung up on stands, why remains unknown (0 is reserved).
    if (reader.left < 2) return { result: 0 };
    const result = reader.u16();
    if (reader.left < 2) return { result };
    const error = reader.u16();
    return reader.left === 0 ? { result, error } : { result, error, text: textOf(reader.rest()) };
  },
  write: ({ result, error, text }) => {
    if (error === undefined && text === undefined) return uint(2, result);
    return concat(uint(2, result), uint(2, error ?? 0), utf8Within(text ?? '', LONGEST_VALUE - 4));
  },
};

/** Cause of a disconnected call in its native ITU encoding (§4.4.4): cause 0-65535, message 0-255, and an ASCII text. */
export interface Q931Cause {
  readonly cause: number;
  readonly message: number;
  readonly advisory?: string;
}

export const q931Cause: Codec<Q931Cause> = {
  octets: [3, LONGEST_VALUE],
  read: (bytes) => {
    const reader = new Reader(bytes, 'RFC 2661 §4.4.4');
    const [cause, message] = [reader.u16(), reader.u8()];
    return reader.left === 0 ? { cause, message } : { cause, message, advisory: textOf(reader.rest()) };
  },
  write: ({ cause, message, advisory }) =>
    concat(uint(2, cause), uint(1, message), utf8Within(advisory ?? '', LONGEST_VALUE - 3)),
};

/** Counted since the call was established, each below 2^32 (§4.4.6). */
export interface CallErrors {
  readonly crcErrors: number;
  readonly framingErrors: number;
  readonly hardwareOverruns: number;
  readonly bufferOverruns: number;
  readonly timeOutErrors: number;
  readonly alignmentErrors: number;
}

export const callErrors: Codec<CallErrors> = {
  octets: [26, 26],
  read: (bytes) => {
    const reader = new Reader(bytes, 'RFC 2661 §4.4.6');
    reader.u16(); // reserved
    return {
      crcErrors: reader.u32(),
      framingErrors: reader.u32(),
      hardwareOverruns: reader.u32(),
      bufferOverruns: reader.u32(),
      timeOutErrors: reader.u32(),
      alignmentErrors: reader.u32(),
    };
  },
  write: (errors) =>
    concat(
      uint(2, 0),
      uint(4, errors.crcErrors),
      uint(4, errors.framingErrors),
      uint(4, errors.hardwareOverruns),
      uint(4, errors.bufferOverruns),
      uint(4, errors.timeOutErrors),
      uint(4, errors.alignmentErrors),
    ),
};

/** The async control character maps that the LNS agreed on with the PPP peer, 32 bits each (§4.4.6). */
export interface Accm {
  readonly send: number;
  readonly receive: number;
}

export const accm: Codec<Accm> = {
  octets: [10, 10],
  read: (bytes) => {
    const reader = new Reader(bytes, 'RFC 2661 §4.4.6');
    reader.u16(); // reserved
    return { send: reader.u32(), receive: reader.u32() };
  },
  write: ({ send, receive }) => concat(uint(2, 0), uint(4, send), uint(4, receive)),
};

/** UTF-8 of as many whole characters as fit into `most` octets: our words about a failure may quote the peer's at length. */
function utf8Within(text: string, most: number): Uint8Array {
  const bytes = utf8Of(text);
  if (bytes.length <= most) return bytes;
  let end = most;
  while (((bytes[end] as number) & 0xc0) === 0x80) end--;
  return bytes.slice(0, end);
}
