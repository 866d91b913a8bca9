/**
 * Every configuration option we negotiate, one entry for its whole life: code and shape on the wire, what we ask for, what becomes
 * of our wish when the peer says Nak, how we judge the peer's own wish, and what to call it.
 *
 * Both ends of a link are made of these entries: the context says which end we are. What has no entry here is unknown, and
 * therefore rejected: Quality-Protocol, Callback, the Multilink options (RFC 1990), Van Jacobson compression (RFC 1332 §3.2),
 * the deprecated IP-Addresses (RFC 1332 §3.1), NBNS addresses (RFC 1877).
 */
import { hex, sameOctets } from '../../wire/bytes.ts';
import { type Codec, flag, ipv4, octets, u16, u32 } from '../../wire/codec.ts';
import type { AuthMethod } from '../settings.ts';
import { authOption, authWords, methodOf } from './auth-option.ts';

/** What we answer when the peer asks for a value (RFC 1661 §5.2 to §5.4). */
export type Verdict<T> = 'ack' | 'reject' | { readonly nak: T };

/** What a judge may have to know about the negotiation so far. */
export interface SoFar<T> {
  /** The value of the same option in our own last request; undefined when it was not in it. */
  readonly asked: T | undefined;
  /** Configure-Naks sent since our last Configure-Ack. */
  readonly naksSent: number;
}

export interface OptionSpec<T, Context> {
  readonly code: number;
  readonly ref: string;
  readonly codec: Codec<T>;
  /** What we ask for at first; undefined: the option is not in our request. */
  ask(context: Context): T | undefined;
  /** What we ask for after the peer suggested `offer` instead of `asked`; undefined: no longer anything. */
  takeNak(offer: T, asked: T, context: Context): T | undefined;
  judge(value: T, context: Context, soFar: SoFar<T>): Verdict<T>;
  /** What is suggested when the option came with an impossible length (RFC 1661 §6); without it such an option is rejected. */
  repair?(context: Context): T | undefined;
  words(value: T): string;
}

/** Methods, not properties: that is what lets entries of different value types share one table. */
export type OptionTable<Context> = Readonly<Record<string, OptionSpec<unknown, Context>>>;
/** The values that the options of a table can have. */
export type ValuesOf<Table> = { -readonly [N in keyof Table]?: Table[N] extends { codec: Codec<infer T> } ? T : never };

const option = <T, Context>(spec: OptionSpec<T, Context>): OptionSpec<T, Context> => spec;

/** RFC 1661 §6.1; asking for the default says nothing. */
export const DEFAULT_MRU = 1500;
/** Ours: less is useless, and every control packet we send fits into it. */
export const LEAST_MRU = 128;
/** "If all four octets are set to zero, it indicates a request" (RFC 1332 §3.3, RFC 1877). */
const ANYWHERE = '0.0.0.0';

export interface LcpContext {
  /** MRU we ask for, octets. */
  readonly mru: number;
  /** A number unlikely to be anybody else's (RFC 1661 §6.4), never 0. */
  freshMagic(): number;
  /** Methods with which we let ourselves be authenticated, most wanted first. */
  readonly accepts: readonly AuthMethod[];
  /** Methods we want the peer to prove itself with, most wanted first; empty: we do not ask for it. */
  readonly demands: readonly AuthMethod[];
}

/** What a colliding Magic-Number is told to be instead: so far away that both ends cannot meet again. */
const otherMagic = (magic: number): number => (magic ^ 0xffff_ffff) >>> 0;
const asHex = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;

export const LCP_OPTION = {
  mru: option<number, LcpContext>({
    code: 1, ref: 'RFC 1661 §6.1', codec: u16,
    ask: ({ mru }) => (mru === DEFAULT_MRU ? undefined : mru),
    takeNak: (offer) => (offer === DEFAULT_MRU || offer < LEAST_MRU ? undefined : offer),
    judge: (value) => (value < LEAST_MRU ? { nak: LEAST_MRU } : 'ack'),
    repair: () => DEFAULT_MRU,
    words: (value) => `MRU ${value}`,
  }),
  accm: option<number, LcpContext>({
    code: 2, ref: 'RFC 1662 §7.1', codec: u32,
    ask: () => undefined, // there are no characters to escape in a datagram, whatever the map says
    takeNak: () => undefined,
    judge: () => 'ack',
    repair: () => 0,
    words: (value) => `ACCM ${asHex(value)}`,
  }),
  authProtocol: option<Uint8Array, LcpContext>({
    code: 3, ref: 'RFC 1661 §6.2', codec: octets(2, 253),
    ask: ({ demands: [first] }) => first && authOption(first),
    takeNak: (offer, asked, { demands }) => {
      const offered = methodOf(offer);
      if (offered !== undefined && demands.includes(offered)) return offer;
      const next = demands[demands.findIndex((each) => sameOctets(authOption(each), asked)) + 1];
      return next && authOption(next); // "the next most desirable protocol"
    },
    judge: (value, { accepts }, { naksSent }) => {
      const method = methodOf(value);
      if (method !== undefined && accepts.includes(method)) return 'ack';
      // Down the list: a peer that ignores our first choice may know the second.
      const wanted = accepts[naksSent % accepts.length];
      return wanted === undefined ? 'reject' : { nak: authOption(wanted) };
    },
    repair: ({ accepts: [first] }) => first && authOption(first),
    words: (value) => `authentication ${authWords(value)}`,
  }),
  magicNumber: option<number, LcpContext>({
    code: 5, ref: 'RFC 1661 §6.4', codec: u32,
    ask: (context) => context.freshMagic(),
    // A suggestion equal to our own last one may be our own Nak come back: then only chance can tell the ends apart.
    takeNak: (offer, asked, context) => (offer === 0 || offer === otherMagic(asked) ? context.freshMagic() : offer),
    judge: (value, _context, { asked }) => (value === 0 || value === asked ? { nak: otherMagic(value) } : 'ack'),
    repair: (context) => context.freshMagic(),
    words: (value) => `magic number ${asHex(value)}`,
  }),
  protocolFieldCompression: option<true, LcpContext>({
    code: 7, ref: 'RFC 1661 §6.5', codec: flag,
    ask: () => undefined, // each option more is a Reject more from somebody, and that is a round trip for one octet
    takeNak: () => undefined,
    judge: () => 'ack',
    words: () => 'protocol field compression',
  }),
  addressAndControlFieldCompression: option<true, LcpContext>({
    code: 8, ref: 'RFC 1661 §6.6', codec: flag,
    ask: () => undefined,
    takeNak: () => undefined,
    judge: () => 'ack',
    words: () => 'address and control field compression',
  }),
} as const;

export interface IpcpContext {
  /** Our own address; 0.0.0.0 asks the peer for one; undefined: a server that has none. */
  readonly address: string | undefined;
  /** Whether to ask for name servers. */
  readonly wantsDns: boolean;
  /** What the peer gets from us, by Nak; no address: its wish for one is rejected. Undefined: it may call itself what it likes. */
  readonly assigns: { readonly address: string | undefined; readonly dns: readonly string[] } | undefined;
}

/** RFC 1877 §1.1, §1.3: alike but for their code and which of the servers they name. */
const dns = (code: number, ref: string, index: number, rank: string) =>
  option<string, IpcpContext>({
    code, ref, codec: ipv4,
    ask: ({ wantsDns }) => (wantsDns ? ANYWHERE : undefined),
    takeNak: (offer) => (offer === ANYWHERE ? undefined : offer),
    judge: (value, { assigns }) => {
      const given = assigns?.dns[index];
      return given === undefined ? 'reject' : value === given ? 'ack' : { nak: given };
    },
    words: (value) => `${rank} DNS ${value}`,
  });

export const IPCP_OPTION = {
  ipAddress: option<string, IpcpContext>({
    code: 3, ref: 'RFC 1332 §3.3', codec: ipv4,
    ask: ({ address }) => address,
    takeNak: (offer) => offer,
    // INTEROP: 0.0.0.0 asks us for an address, and a client has none to give. The peer's address is of no use to us, so it may
    // have its way: a Reject would cost a round trip.
    judge: (value, { assigns }) => {
      if (assigns === undefined || value === assigns.address) return 'ack';
      return assigns.address === undefined ? 'reject' : { nak: assigns.address };
    },
    repair: ({ assigns }) => assigns?.address,
    words: (value) => `address ${value}`,
  }),
  primaryDns: dns(129, 'RFC 1877 §1.1', 0, 'primary'),
  secondaryDns: dns(131, 'RFC 1877 §1.3', 1, 'secondary'),
} as const;

export interface Ipv6cpContext {
  /** An interface identifier unlikely to be anybody else's: 8 octets, not all zero, `u` bit 0 (RFC 5072 §4.1). */
  freshIdentifier(): Uint8Array;
}

/** What a missing or colliding identifier is told to be instead: different from both, local (`u` bit 0), the same every time. */
const otherIdentifier = (own: Uint8Array): Uint8Array => own.map((octet, i) => (i === 0 ? octet & ~0x02 : i === 7 ? octet ^ 0x01 : octet));
const isZero = (identifier: Uint8Array): boolean => identifier.every((octet) => octet === 0);

export const IPV6CP_OPTION = {
  interfaceIdentifier: option<Uint8Array, Ipv6cpContext>({
    code: 1, ref: 'RFC 5072 §4.1', codec: octets(8, 8),
    ask: (context) => context.freshIdentifier(),
    takeNak: (offer, asked, context) => (isZero(offer) || sameOctets(offer, otherIdentifier(asked)) ? context.freshIdentifier() : offer),
    judge: (value, context, { asked }) => {
      if (isZero(value) && asked === undefined) return 'reject';
      if (!isZero(value) && (asked === undefined || !sameOctets(value, asked))) return 'ack';
      return { nak: otherIdentifier(asked ?? context.freshIdentifier()) };
    },
    words: (value) => `interface identifier ${(hex(value).match(/.{4}/g) ?? []).join(':')}`,
  }),
} as const;
