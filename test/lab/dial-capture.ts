/** How a dial looks from the wire, whoever dialled. */
import { packets } from './tshark.ts';

export interface WireDial {
  /** From the first SCCRQ to the later one of both ends' first IPCP Configure-Acks, ms. */
  readonly wireMs: number;
  /**
   * The part of that in which nothing moved for {@link SILENCE_MS} or longer, the server's start of PPP apart: somebody waited
   * for a timer. ms
   */
  readonly silentMs: number;
  /** From the client's ICCN to the server's first LCP packet: how long the server takes to start its PPP. ms */
  readonly serverStartMs: number;
  /**
   * One each for tunnel and call, one for each different Configure-Request of the client, one for each Nak or Reject of the
   * client that makes the server ask anew, and those of the authentication (CHAP: wait for the challenge, wait for the
   * verdict). What is repeated after a timeout costs time, but is no round trip.
   */
  readonly roundTrips: number;
}

/** Longer than any program of the lab thinks on a busy machine, shorter than any timer of PPP or L2TP. */
const SILENCE_MS = 900;

/** @param pcap from before the dial @throws Error no dial succeeded in it */
export async function readDial(pcap: string, client: string): Promise<WireDial> {
  const rows = (await packets(pcap, FIELDS, 'l2tp')).map((row) => read(row, client));
  const begin = rows.findIndex(({ ours, message }) => ours && message === SCCRQ);
  const acks = [true, false].map((ours) => rows.findIndex((row) => row.ours === ours && is(row, IPCP, CONFIGURE_ACK)));
  const end = Math.max(...acks);
  if (begin < 0 || Math.min(...acks) < begin) throw new Error('no dial succeeded in the capture');
  const dial = rows.slice(begin, end + 1);
  const [iccn, lcp] = [
    dial.find(({ message }) => message === ICCN),
    dial.find((row) => !row.ours && row.protocol === LCP),
  ];
  const gaps = dial.slice(1).map((row, index) => (row === lcp ? 0 : row.ms - (dial[index]?.ms ?? row.ms)));
  return {
    wireMs: (dial.at(-1)?.ms ?? 0) - (dial[0]?.ms ?? 0),
    silentMs: gaps.filter((gap) => gap >= SILENCE_MS).reduce((sum, gap) => sum + gap, 0),
    serverStartMs: Math.max(0, (lcp?.ms ?? 0) - (iccn?.ms ?? 0)),
    roundTrips: new Set(dial.flatMap(stepOf)).size,
  };
}

/** What in a dial takes a round trip, named so that a repetition has the same name. */
function stepOf(row: Row): string[] {
  const { ours, message, protocol, id } = row;
  if (ours && (message === SCCRQ || message === ICRQ)) return [`message ${message}`];
  if (protocol === CHAP && !ours) return ['challenge'];
  if ((protocol === CHAP || protocol === PAP) && ours) return ['answer'];
  if (!ours || (protocol !== LCP && protocol !== IPCP)) return [];
  if (is(row, protocol, CONFIGURE_REQUEST)) return [`request ${protocol} ${id}`];
  if (is(row, protocol, CONFIGURE_NAK) || is(row, protocol, CONFIGURE_REJECT)) return [`refusal ${protocol} ${id}`];
  return [];
}

interface Row {
  readonly ms: number;
  readonly ours: boolean;
  /** L2TP message type; 0: none. */
  readonly message: number;
  /** PPP protocol; 0: none. */
  readonly protocol: number;
  readonly code: number;
  readonly id: string;
}

const FIELDS = [
  'frame.time_relative',
  'ip.src',
  'l2tp.avp.message_type',
  'ppp.protocol',
  'ppp.code',
  'ppp.identifier',
] as const;

function read([at, from, message, protocol, code, id]: readonly (readonly string[])[], client: string): Row {
  const number = (field: readonly string[] | undefined) => Number(field?.[0] ?? 0);
  return {
    ms: number(at) * 1000,
    ours: from?.[0] === client,
    message: number(message),
    protocol: number(protocol),
    code: number(code),
    id: id?.[0] ?? '',
  };
}

const is = (row: Row, protocol: number, code: number): boolean => row.protocol === protocol && row.code === code;

// RFC 2661 §3.2, RFC 1661 §5, and the protocol numbers of PPP.
const SCCRQ = 1;
const ICRQ = 10;
const ICCN = 12;
const CONFIGURE_REQUEST = 1;
const CONFIGURE_ACK = 2;
const CONFIGURE_NAK = 3;
const CONFIGURE_REJECT = 4;
const LCP = 0xc021;
const PAP = 0xc023;
const CHAP = 0xc223;
const IPCP = 0x8021;
