/** The headers of a packet's segments, as {@link Quick.segmentHeaders} has them, in WebAssembly. */
import type { SegmentHeaders } from '../../offload/arena.ts';
import {
  IPV4_CHECKSUM,
  IPV4_IDENTIFICATION,
  IPV4_TOTAL_LENGTH,
  IPV6_OCTETS,
  IPV6_PAYLOAD_LENGTH,
  TCP_CHECKSUM,
  TCP_CWR,
  TCP_FIN,
  TCP_FLAGS,
  TCP_PSH,
  TCP_SEQUENCE,
  UDP_CHECKSUM,
  UDP_LENGTH,
} from '../../offload/header-table.ts';
import {
  ADD,
  AND,
  BLOCK,
  type Code,
  call,
  ELSE,
  END,
  EXCLUSIVE_OR,
  GREATER,
  get,
  IF,
  IS_ZERO,
  increase,
  LESS,
  LOOP,
  leave,
  leaveIf,
  loadVector,
  number,
  OR,
  ROTATE_LEFT,
  SELECT,
  SHIFT_LEFT,
  SHIFT_RIGHT,
  STORE_HALF,
  STORE_OCTET,
  STORE_VECTOR,
  STORE_WORD,
  SUBTRACT,
  set,
  sumOf,
} from './wasm-code.ts';

/** Its arguments, in their order. */
export const HEADERS_PARAMETERS = [
  ...['at', 'step', 'lead', 'payloadAt', 'payloadOctets', 'lastOctets', 'count', 'headerOctets', 'transport'],
  ...['isTcp', 'isIpv4', 'transportSum', 'ipv4Sum', 'identification', 'sequence', 'flags'],
] as const satisfies readonly (keyof SegmentHeaders)[];
const LOCALS = 7;

/** @param sumFunction index of the function that adds up octets `from` up to `to` */
export function headersBody(sumFunction: number): Code {
  const parameter = (name: keyof SegmentHeaders) => HEADERS_PARAMETERS.indexOf(name);
  const [AT, STEP, FROM, SIZE] = (['at', 'step', 'payloadAt', 'payloadOctets'] as const).map(parameter) as Four;
  const [COUNT, HEADER, TRANSPORT, FLAGS] = (['count', 'headerOctets', 'transport', 'flags'] as const).map(
    parameter,
  ) as Four;
  const first = HEADERS_PARAMETERS.length;
  const [K, OCTETS, LENGTH, SUM, SCRATCH, PATTERN, COPIED] = Array.from(
    { length: LOCALS },
    (_, k) => first + k,
  ) as Seven;
  const given = (name: keyof SegmentHeaders) => get(parameter(name));

  const FOLD_SCRATCH = [
    ...[...get(SCRATCH), ...number(0xffff), ...AND, ...get(SCRATCH), ...number(16), ...SHIFT_RIGHT, ...ADD],
  ];
  /** Carries go round, twice, as {@link fold} does it. */
  const folded = (sums: Code): Code => [...sums, ...set(SCRATCH), ...FOLD_SCRATCH, ...set(SCRATCH), ...FOLD_SCRATCH];
  const complemented = (sums: Code): Code => [...folded(sums), ...number(0xffff), ...EXCLUSIVE_OR];
  /** The two octets of a number of 16 bits the other way round; what is above them is not to be looked at. */
  const exchanged = (value: Code): Code => [
    ...[...value, ...set(SCRATCH), ...get(SCRATCH), ...number(8), ...SHIFT_LEFT],
    ...[...get(SCRATCH), ...number(8), ...SHIFT_RIGHT, ...number(0xff), ...AND, ...OR],
  ];
  const put16 = (place: Code, value: Code): Code => [...place, ...exchanged(value), ...STORE_HALF];
  const put32 = (place: Code, local: number): Code => [
    ...place,
    ...[...get(local), ...number(8), ...ROTATE_LEFT, ...number(0x00ff_00ff), ...AND],
    ...[...get(local), ...number(24), ...ROTATE_LEFT, ...number(0xff00_ff00 | 0), ...AND, ...OR],
    ...STORE_WORD,
  ];
  const inIp = (offset: number): Code => sumOf(get(AT), number(offset));
  const inTransport = (offset: number): Code => sumOf(get(AT), get(TRANSPORT), number(offset));
  const isFirst = [...get(K), ...IS_ZERO];
  const isLast = [...get(K), ...number(1), ...ADD, ...get(COUNT), ...LESS, ...IS_ZERO];

  /** Sixteen octets from the pattern, so many octets into it. */
  const copy16 = (offset: Code): Code => [
    ...[...sumOf(get(AT), offset), ...given('lead'), ...SUBTRACT],
    ...[...sumOf(get(PATTERN), offset), ...loadVector(0), ...STORE_VECTOR],
  ];
  const all = sumOf(given('lead'), get(HEADER));
  // The last sixteen once more, so that nothing behind the header is written to.
  const copyPattern = [
    ...[...number(0), ...set(COPIED), ...LOOP, ...copy16(get(COPIED)), ...increase(COPIED, number(16))],
    ...[...get(COPIED), ...number(16), ...ADD, ...all, ...GREATER, ...IS_ZERO, ...leaveIf(0), ...END],
    ...copy16([...all, ...number(16), ...SUBTRACT]),
  ];
  const identification = [...sumOf(given('identification'), get(K)), ...number(0xffff), ...AND];
  const totalLength = sumOf(get(TRANSPORT), get(LENGTH));
  const ipv4 = [
    ...put16(inIp(IPV4_TOTAL_LENGTH), totalLength),
    ...put16(inIp(IPV4_IDENTIFICATION), identification),
    ...put16(inIp(IPV4_CHECKSUM), complemented(sumOf(given('ipv4Sum'), totalLength, identification))),
  ];
  const ipv6 = put16(inIp(IPV6_PAYLOAD_LENGTH), [...totalLength, ...number(IPV6_OCTETS), ...SUBTRACT]);
  const SEQUENCE = parameter('sequence');
  const notHere = [
    ...[...number(0), ...number(TCP_FIN | TCP_PSH), ...isLast, ...SELECT],
    ...[...number(0), ...number(TCP_CWR), ...isFirst, ...SELECT, ...OR],
  ];
  const tcp = [
    ...[...get(FLAGS), ...notHere, ...number(0xff), ...EXCLUSIVE_OR, ...AND, ...set(SCRATCH)],
    ...[...inTransport(TCP_FLAGS), ...get(SCRATCH), ...STORE_OCTET, ...increase(SUM, get(SCRATCH))],
    ...put32(inTransport(TCP_SEQUENCE), SEQUENCE),
    ...increase(SUM, [...get(SEQUENCE), ...number(16), ...SHIFT_RIGHT]),
    ...increase(SUM, [...get(SEQUENCE), ...number(0xffff), ...AND]),
    ...put16(inTransport(TCP_CHECKSUM), complemented(get(SUM))),
    ...increase(SEQUENCE, get(SIZE)),
  ];
  const udp = [
    ...put16(inTransport(UDP_LENGTH), get(LENGTH)),
    ...[...complemented(sumOf(get(SUM), get(LENGTH))), ...set(SUM)],
    ...put16(inTransport(UDP_CHECKSUM), [...number(0xffff), ...get(SUM), ...get(SUM), ...IS_ZERO, ...SELECT]),
  ];
  return [
    ...[1, LOCALS, 0x7f],
    ...[...get(AT), ...given('lead'), ...SUBTRACT, ...set(PATTERN)],
    ...[...BLOCK, ...LOOP, ...get(K), ...get(COUNT), ...LESS, ...IS_ZERO, ...leaveIf(1)],
    ...[...given('lastOctets'), ...get(SIZE), ...isLast, ...SELECT, ...set(OCTETS)],
    ...[...get(K), ...IF, ...copyPattern, ...END],
    ...[...get(HEADER), ...get(TRANSPORT), ...SUBTRACT, ...get(OCTETS), ...ADD, ...set(LENGTH)],
    ...[...given('isIpv4'), ...IF, ...ipv4, ...ELSE, ...ipv6, ...END],
    ...exchanged(folded([...get(FROM), ...sumOf(get(FROM), get(OCTETS)), ...call(sumFunction)])),
    ...[...number(0xffff), ...AND, ...get(LENGTH), ...ADD, ...given('transportSum'), ...ADD, ...set(SUM)],
    ...[...given('isTcp'), ...IF, ...tcp, ...ELSE, ...udp, ...END],
    ...[...increase(AT, get(STEP)), ...increase(FROM, get(SIZE)), ...increase(K, number(1))],
    ...[...leave(0), ...END, ...END, ...get(COUNT), ...END],
  ];
}

type Four = [number, number, number, number];
type Seven = [number, number, number, number, number, number, number];
