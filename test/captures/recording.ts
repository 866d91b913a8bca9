/** A dial as it was captured: who said what, in order, and the random values that the recorded client had chosen. */
import type { Endpoint } from '../../src/protocol/machine.ts';
import { uint } from '../../src/wire/bytes.ts';
import { readDatagram } from '../../src/wire/l2tp-header.ts';
import { readMessage } from '../../src/wire/message.ts';
import type { ControlMessage, MessageKind, MessageOf } from '../../src/wire/message-table.ts';
import { CHAP_CODE, LCP_CODE, PAP_CODE } from '../../src/wire/ppp-code-table.ts';
import { PROTOCOL, readFrame } from '../../src/wire/ppp-frame.ts';
import { readOptions } from '../../src/wire/ppp-option.ts';
import { type PppPacket, readPacket } from '../../src/wire/ppp-packet.ts';
import { l2tpOf } from './pcap.ts';

/** What a datagram says, as far as the other end may wait for it. */
export type Said =
  | { readonly type: 'control'; readonly kind: MessageKind | 'ZLB'; readonly ns: number }
  | { readonly type: 'packet'; readonly protocol: number; readonly packet: PppPacket }
  /** Not a packet of a control protocol: IP, or what a compression made of it. */
  | { readonly type: 'data' };

export interface Turn {
  /** Number in the capture, as tshark counts. */
  readonly frame: number;
  readonly byServer: boolean;
  readonly from: Endpoint;
  /** Milliseconds since the turn before it, of whichever end. */
  readonly pauseMs: number;
  readonly bytes: Uint8Array;
  readonly said: Said;
}

export interface Recording {
  readonly client: Endpoint;
  /** Whom the client called; not always who answered. */
  readonly server: Endpoint;
  readonly turns: readonly Turn[];
}

export function recordingOf(name: string): Recording {
  const datagrams = l2tpOf(name);
  const [first] = datagrams;
  if (first === undefined) throw new Error(`${name} is empty`);
  const turns = datagrams.map(({ frame, at, from, payload }, index): Turn => {
    const pauseMs = (at - (datagrams[index - 1]?.at ?? at)) * 1000;
    return {
      frame,
      byServer: from.address !== first.from.address,
      from,
      pauseMs,
      bytes: payload,
      said: saidIn(payload),
    };
  });
  return { client: first.from, server: first.to, turns };
}

export function saidIn(bytes: Uint8Array): Said {
  const datagram = readDatagram(bytes);
  if (datagram.kind === 'control') {
    const { ns } = datagram.header;
    return { type: 'control', kind: datagram.body.length === 0 ? 'ZLB' : messageIn(datagram.body).kind, ns };
  }
  const { protocol, payload } = readFrame(datagram.payload);
  // The numbers of control protocols begin with 8 to f (RFC 1661 §2).
  return protocol < 0x8000 ? { type: 'data' } : { type: 'packet', protocol, packet: readPacket(payload) };
}

/**
 * What somebody who waits for it would call it; undefined for what nobody waits for: acknowledgements, echoes, which every client
 * sends at times of its own, and data. Identifiers are part of the name where the server has chosen them.
 */
export function nameOf(said: Said): string | undefined {
  if (said.type === 'data') return undefined;
  if (said.type === 'control') return said.kind === 'ZLB' ? undefined : said.kind;
  const { protocol, packet } = said;
  if (isPacket(said, PROTOCOL.lcp, LCP_CODE.echoRequest)) return undefined;
  const name = `${protocol.toString(16)} code ${packet.code}`;
  return isAnswer(protocol, packet) ? `${name} to ${packet.id}` : name;
}

function isAnswer(protocol: number, { code }: PppPacket): boolean {
  if (protocol === PROTOCOL.pap) return code !== PAP_CODE.authenticateRequest;
  if (protocol === PROTOCOL.chap) return code !== CHAP_CODE.challenge;
  return ANSWERS.includes(code);
}
const ANSWERS: readonly number[] = [
  LCP_CODE.configureAck,
  LCP_CODE.configureNak,
  LCP_CODE.configureReject,
  LCP_CODE.terminateAck,
  LCP_CODE.echoReply,
];

export const isPacket = (said: Said, protocol: number, code: number): boolean =>
  said.type === 'packet' && said.protocol === protocol && said.packet.code === code;

/** Whether it ends the link, the call or the tunnel. */
export const isHangUp = (said: Said): boolean =>
  isPacket(said, PROTOCOL.lcp, LCP_CODE.terminateRequest) ||
  (said.type === 'control' && (said.kind === 'CDN' || said.kind === 'StopCCN'));

/**
 * What the recorded client had drawn by lot, by number of octets, in the order in which ours draws: so that ours draws the same,
 * and what the server made of it, digests above all, fits ours too.
 */
export function lotsOf({ turns }: Recording): Map<number, Uint8Array[]> {
  const said = turns.filter(({ byServer }) => !byServer);
  const message = <K extends MessageKind>(kind: K) =>
    said.flatMap((turn) => {
      const body = turn.said.type === 'control' && turn.said.kind === kind ? readDatagram(turn.bytes) : undefined;
      return body?.kind === 'control' ? [messageIn(body.body) as MessageOf<K>] : [];
    })[0];
  const packet = (protocol: number, code: number) =>
    said.flatMap((turn) =>
      isPacket(turn.said, protocol, code) && turn.said.type === 'packet' ? [turn.said.packet] : [],
    )[0];
  const option = (protocol: number, code: number) =>
    readOptions(packet(protocol, LCP_CODE.configureRequest)?.data ?? NOTHING).find((each) => each.code === code)?.data;

  const [request, call] = [message('SCCRQ'), message('ICRQ')];
  const papRequest = packet(PROTOCOL.pap, PAP_CODE.authenticateRequest);
  const response = packet(PROTOCOL.chap, CHAP_CODE.response)?.data;
  const lots = [
    request && uint(2, request.assignedTunnelId - 1), // ids are drawn from 0 and count from 1
    call && uint(2, call.assignedSessionId - 1),
    request?.challenge,
    option(PROTOCOL.lcp, MAGIC_NUMBER),
    papRequest && uint(1, papRequest.id),
    response?.[0] === MS_CHAP_VALUE ? response.slice(1, 1 + PEER_CHALLENGE) : undefined,
    option(PROTOCOL.ipv6cp, INTERFACE_IDENTIFIER),
  ].filter((lot) => lot !== undefined);
  return new Map(
    [...new Set(lots.map(({ length }) => length))].map((size) => [size, lots.filter(({ length }) => length === size)]),
  );
}

function messageIn(body: Uint8Array): ControlMessage {
  const read = readMessage(body);
  if (read.kind !== 'message') throw new Error(`control message of type ${read.type}`);
  return read.message;
}

const NOTHING = new Uint8Array();
const MAGIC_NUMBER = 5; // RFC 1661 §6.4
const INTERFACE_IDENTIFIER = 1; // RFC 5072 §4.1
const MS_CHAP_VALUE = 49; // RFC 2759 §4: the size in octets, and of what it begins with
const PEER_CHALLENGE = 16;
