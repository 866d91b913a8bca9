/** Every AVP of RFC 2661 §4.4: its number, its M and H bits, and the shape of its value. */
import { accm, callErrors, q931Cause, resultCode } from './avp-value.ts';
import { type Codec, flag, octets, text, u16, u32, type ValueOf } from './codec.ts';

interface AvpSpec {
  /** Attribute Type, under Vendor ID 0. */
  readonly type: number;
  /** The M bit as we send it; a peer's is taken as it comes. */
  readonly m: 0 | 1;
  /** Whether the value may be hidden (§4.3). */
  readonly h: 0 | 'any';
  readonly codec: Codec<unknown>;
  readonly ref: string;
}

export const AVP = {
  //                           type      M     H         value                  RFC 2661
  messageType:               { type:  0, m: 1, h: 0,     codec: u16,            ref: '§4.4.1' },
  randomVector:              { type: 36, m: 1, h: 0,     codec: octets(),       ref: '§4.4.1' },

  resultCode:                { type:  1, m: 1, h: 0,     codec: resultCode,     ref: '§4.4.2' },

  protocolVersion:           { type:  2, m: 1, h: 0,     codec: u16,            ref: '§4.4.3' },
  framingCapabilities:       { type:  3, m: 1, h: 'any', codec: u32,            ref: '§4.4.3' },
  bearerCapabilities:        { type:  4, m: 1, h: 'any', codec: u32,            ref: '§4.4.3' },
  tieBreaker:                { type:  5, m: 0, h: 0,     codec: octets(8, 8),   ref: '§4.4.3' },
  firmwareRevision:          { type:  6, m: 0, h: 'any', codec: u16,            ref: '§4.4.3' },
  hostName:                  { type:  7, m: 1, h: 0,     codec: text,           ref: '§4.4.3' },
  vendorName:                { type:  8, m: 0, h: 'any', codec: text,           ref: '§4.4.3' },
  assignedTunnelId:          { type:  9, m: 1, h: 'any', codec: u16,            ref: '§4.4.3' },
  receiveWindowSize:         { type: 10, m: 1, h: 0,     codec: u16,            ref: '§4.4.3' },
  challenge:                 { type: 11, m: 1, h: 'any', codec: octets(1),      ref: '§4.4.3' },
  challengeResponse:         { type: 13, m: 1, h: 'any', codec: octets(16, 16), ref: '§4.4.3' },

  q931CauseCode:             { type: 12, m: 1, h: 0,     codec: q931Cause,      ref: '§4.4.4' },
  assignedSessionId:         { type: 14, m: 1, h: 'any', codec: u16,            ref: '§4.4.4' },
  callSerialNumber:          { type: 15, m: 1, h: 'any', codec: u32,            ref: '§4.4.4' },
  minimumBps:                { type: 16, m: 1, h: 'any', codec: u32,            ref: '§4.4.4' },
  maximumBps:                { type: 17, m: 1, h: 'any', codec: u32,            ref: '§4.4.4' },
  bearerType:                { type: 18, m: 1, h: 'any', codec: u32,            ref: '§4.4.4' },
  framingType:               { type: 19, m: 1, h: 'any', codec: u32,            ref: '§4.4.4' },
  calledNumber:              { type: 21, m: 1, h: 'any', codec: text,           ref: '§4.4.4' },
  callingNumber:             { type: 22, m: 1, h: 'any', codec: text,           ref: '§4.4.4' },
  subAddress:                { type: 23, m: 1, h: 'any', codec: text,           ref: '§4.4.4' },
  txConnectSpeed:            { type: 24, m: 1, h: 'any', codec: u32,            ref: '§4.4.4' },
  rxConnectSpeed:            { type: 38, m: 0, h: 'any', codec: u32,            ref: '§4.4.4' },
  physicalChannelId:         { type: 25, m: 0, h: 'any', codec: u32,            ref: '§4.4.4' },
  privateGroupId:            { type: 37, m: 0, h: 'any', codec: octets(),       ref: '§4.4.4' },
  sequencingRequired:        { type: 39, m: 1, h: 0,     codec: flag,           ref: '§4.4.4' },

  initialReceivedLcpConfreq: { type: 26, m: 0, h: 'any', codec: octets(),       ref: '§4.4.5' },
  lastSentLcpConfreq:        { type: 27, m: 0, h: 'any', codec: octets(),       ref: '§4.4.5' },
  lastReceivedLcpConfreq:    { type: 28, m: 0, h: 'any', codec: octets(),       ref: '§4.4.5' },
  proxyAuthenType:           { type: 29, m: 0, h: 'any', codec: u16,            ref: '§4.4.5' },
  proxyAuthenName:           { type: 30, m: 0, h: 'any', codec: octets(),       ref: '§4.4.5' },
  proxyAuthenChallenge:      { type: 31, m: 0, h: 'any', codec: octets(1),      ref: '§4.4.5' },
  proxyAuthenId:             { type: 32, m: 0, h: 'any', codec: u16,            ref: '§4.4.5' },
  proxyAuthenResponse:       { type: 33, m: 0, h: 'any', codec: octets(),       ref: '§4.4.5' },

  callErrors:                { type: 34, m: 1, h: 'any', codec: callErrors,     ref: '§4.4.6' },
  accm:                      { type: 35, m: 1, h: 'any', codec: accm,           ref: '§4.4.6' },
} as const satisfies Record<string, AvpSpec>;

export type AvpName = keyof typeof AVP;
export type AvpValues = { [N in AvpName]: ValueOf<(typeof AVP)[N]['codec']> };

/** Name of an IETF attribute type; undefined when RFC 2661 has none of that number. */
export const avpNameOf = (type: number): AvpName | undefined => NAMES.get(type);

const NAMES: ReadonlyMap<number, AvpName> = new Map(
  (Object.keys(AVP) as AvpName[]).map((name) => [AVP[name].type, name]),
);
