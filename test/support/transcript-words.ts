/** Datagrams as the words of a transcript, and back: `LCP Configure-Request id=1 mru=1460`, `SCCRP ns=0 nr=1 hostName=lns`. */
import { authOption, methodOf } from '../../src/protocol/ppp/auth-option.ts';
import { IPCP_OPTION, IPV6CP_OPTION, LCP_OPTION, type OptionTable } from '../../src/protocol/ppp/option-table.ts';
import type { AuthMethod } from '../../src/protocol/settings.ts';
import { AVP, type AvpName } from '../../src/wire/avp-table.ts';
import { concat, hex, Reader, uint } from '../../src/wire/bytes.ts';
import { readChap, writeChap } from '../../src/wire/chap-message.ts';
import type { Codec } from '../../src/wire/codec.ts';
import { readDatagram, writeControl } from '../../src/wire/l2tp-header.ts';
import { readMessage, writeMessage } from '../../src/wire/message.ts';
import { type ControlMessage, MESSAGE, type MessageKind } from '../../src/wire/message-table.ts';
import { readPap, writePap } from '../../src/wire/pap-message.ts';
import { LCP_CODE } from '../../src/wire/ppp-code-table.ts';
import { PROTOCOL, readFrame, writeFrame } from '../../src/wire/ppp-frame.ts';
import { readOptions, writeOptions } from '../../src/wire/ppp-option.ts';
import { readPacket, writePacket } from '../../src/wire/ppp-packet.ts';
import { textOf, utf8Of } from '../../src/wire/text.ts';

/** What was said: `head` names the message, `fields` its particulars as text. */
export interface Saying {
  readonly head: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Numbers of the tunnel that a saying is sent in. */
export interface Way {
  readonly tunnelId: number;
  readonly sessionId: number;
  readonly ns: number;
  readonly nr: number;
}

export const show = ({ head, fields }: Saying): string =>
  [head, ...Object.entries(fields).map(([name, value]) => `${name}=${/\s/.test(value) ? `"${value}"` : value}`)].join(
    ' ',
  );

/** Splits `head words key=value key="two words" flag` into a saying. */
export function parseSaying(line: string): Saying {
  const fields: Record<string, string> = {};
  const head: string[] = [];
  for (const [, name, quoted, bare, word] of line.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S+))|(\S+)/g)) {
    if (name !== undefined) fields[name] = quoted ?? bare ?? '';
    else if (word !== undefined && /^[a-z]/.test(word)) fields[word] = 'true';
    else if (word !== undefined) head.push(word);
  }
  return { head: head.join(' '), fields };
}

/** Whether everything that `wanted` names is so; what it does not name may be anything. */
export const says = (said: Saying, wanted: Saying): boolean =>
  said.head === wanted.head &&
  Object.entries(wanted.fields).every(([name, value]) =>
    value === '*' ? name in said.fields : said.fields[name] === value,
  );

// ---- octets to words

export function sayingOf(datagram: Uint8Array): Saying {
  const read = readDatagram(datagram);
  if (read.kind === 'data') {
    const { ns } = read.header;
    const { head, fields } = pppSaying(read.payload);
    return { head, fields: { ...fields, ...(ns !== undefined && { ns: String(ns) }) } };
  }
  const { tunnelId, sessionId, ns, nr } = read.header;
  const way = { ns: String(ns), nr: String(nr), tunnel: String(tunnelId), session: String(sessionId) };
  if (read.body.length === 0) return { head: 'ZLB', fields: way };
  const message = readMessage(read.body);
  if (message.kind !== 'message') return { head: `Message-${message.type}`, fields: way };
  const { kind, ...avps } = message.message;
  const fields = Object.entries(avps).flatMap(([name, value]) => flat(name, value));
  return { head: kind, fields: { ...way, ...Object.fromEntries(fields) } };
}

const flat = (name: string, value: unknown): [string, string][] =>
  value instanceof Uint8Array
    ? [[name, hex(value)]]
    : typeof value === 'object' && value !== null
      ? Object.entries(value).map(([part, each]) => [part, String(each)])
      : [[name, String(value)]];

function pppSaying(frame: Uint8Array): Saying {
  const { protocol, payload } = readFrame(frame);
  const name = protocolName(protocol);
  if (protocol === PROTOCOL.pap) {
    const message = readPap(payload);
    const fields =
      message.kind === 'authenticate-request'
        ? { name: textOf(message.peerId), password: textOf(message.password) }
        : { message: textOf(message.message) };
    return { head: `PAP ${title(message.kind)}`, fields: { id: String(message.id), ...fields } };
  }
  if (protocol === PROTOCOL.chap) {
    const message = readChap(payload);
    const fields =
      'value' in message
        ? { value: hex(message.value), name: textOf(message.name) }
        : { message: textOf(message.message) };
    return { head: `CHAP ${title(message.kind)}`, fields: { id: String(message.id), ...fields } };
  }
  const table = OPTION_TABLES[name];
  if (protocol !== PROTOCOL.lcp && table === undefined) return { head: name, fields: { octets: hex(payload) } };
  const { code, id, data } = readPacket(payload);
  const word = codeWords[code] ?? `code-${code}`;
  return { head: `${name} ${word}`, fields: { id: String(id), ...bodyFields(code, data, table ?? {}) } };
}

function bodyFields(code: number, data: Uint8Array, table: OptionTable<never>): Record<string, string> {
  switch (code) {
    case LCP_CODE.configureRequest:
    case LCP_CODE.configureAck:
    case LCP_CODE.configureNak:
    case LCP_CODE.configureReject:
      return Object.fromEntries(
        readOptions(data).map(({ code: option, data: value }) => optionField(option, value, table)),
      );
    case LCP_CODE.terminateRequest:
    case LCP_CODE.terminateAck:
      return data.length === 0 ? {} : { text: textOf(data) };
    case LCP_CODE.protocolReject:
      return { protocol: protocolName(new Reader(data, '').u16()) };
    case LCP_CODE.codeReject:
      return { code: String(data[0]) };
    default:
      return data.length >= 4
        ? {
            magic: hex(data.subarray(0, 4)),
            ...(data.length > 4 && { data: hex(data.subarray(4)), size: `${4 + data.length}` }),
          }
        : {};
  }
}

function optionField(code: number, value: Uint8Array, table: OptionTable<never>): [string, string] {
  const found = Object.entries(table).find(([, spec]) => spec.code === code);
  if (found === undefined) return [`option.${code}`, value.length === 0 ? 'true' : hex(value)];
  const [name, spec] = found;
  if (name === 'authProtocol') return [name, methodOf(value) ?? hex(value)];
  const read = spec.codec.read(value);
  return [name, read instanceof Uint8Array ? hex(read) : String(read)];
}

// ---- words to octets

/** Values a server sends in every such message, so that transcripts need to name them only where they matter. */
const USUAL: Partial<Record<MessageKind, Record<string, string>>> = {
  SCCRP: { protocolVersion: '256', framingCapabilities: '3', hostName: 'lns' },
  SCCRQ: { protocolVersion: '256', framingCapabilities: '3', hostName: 'lns' },
  CDN: { assignedSessionId: '0' },
  StopCCN: { assignedTunnelId: '0' },
};

/** @throws Error a name that no table knows */
export function datagramOf(saying: Saying, way: Way): Uint8Array {
  const number = (name: string, usual: number) =>
    saying.fields[name] === undefined ? usual : Number(saying.fields[name]);
  const header = {
    tunnelId: number('tunnel', way.tunnelId),
    sessionId: number('session', way.sessionId),
    ns: number('ns', way.ns),
    nr: number('nr', way.nr),
  };
  if (saying.head === 'ZLB') return writeControl(header, new Uint8Array());
  if (saying.head === 'OCTETS') return octetsOf(saying.fields.hex ?? '');
  if (saying.head.startsWith('Message-'))
    return writeControl(header, rawMessage(Number(saying.head.slice(8)), saying.fields.mandatory === 'true'));
  if (saying.head in MESSAGE) return writeControl(header, controlBody(saying.head as MessageKind, saying.fields));
  return dataMessage(saying, header);
}

const octetsOf = (digits: string): Uint8Array =>
  Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

const rawMessage = (type: number, mandatory: boolean): Uint8Array =>
  concat(uint(2, (mandatory ? 0x8000 : 0) | 8), uint(2, 0), uint(2, 0), uint(2, type));

/** `avp.VENDOR.TYPE=hex` appends a raw AVP, `avp.VENDOR.TYPE.m=hex` one with the M bit. */
function controlBody(kind: MessageKind, fields: Readonly<Record<string, string>>): Uint8Array {
  const message: Record<string, unknown> = { kind };
  const raw: Uint8Array[] = [];
  for (const [name, value] of Object.entries({ ...USUAL[kind], ...fields })) {
    if (name in AVP) message[name] = parseValue(AVP[name as AvpName].codec, value);
    const [, vendor, type, mandatory] = /^avp\.(\d+)\.(\d+)(\.m)?$/.exec(name) ?? [];
    if (vendor !== undefined) {
      const octets = octetsOf(value === 'true' ? '' : value);
      raw.push(
        concat(
          uint(2, (mandatory ? 0x8000 : 0) | (6 + octets.length)),
          uint(2, Number(vendor)),
          uint(2, Number(type)),
          octets,
        ),
      );
    }
  }
  if (kind === 'SLI') message.accm = { send: Number(fields.send ?? 0), receive: Number(fields.receive ?? 0) };
  if (kind === 'WEN')
    message.callErrors = Object.fromEntries(ERROR_COUNTS.map((name) => [name, Number(fields[name] ?? 0)]));
  const { result, error, text } = fields;
  if (result !== undefined)
    message.resultCode = {
      result: Number(result),
      ...(error !== undefined && { error: Number(error) }),
      ...(text !== undefined && { text }),
    };
  return concat(writeMessage(message as ControlMessage), ...raw);
}

const ERROR_COUNTS = [
  'crcErrors',
  'framingErrors',
  'hardwareOverruns',
  'bufferOverruns',
  'timeOutErrors',
  'alignmentErrors',
];

function parseValue(codec: Codec<unknown>, value: string): unknown {
  const sample = codec.octets[0] === 0 && codec.octets[1] === 0 ? true : undefined;
  if (sample !== undefined) return sample;
  if (codec.octets[0] === codec.octets[1] && codec.octets[1] <= 4) {
    if (value.includes('.')) return value;
    return Number(value);
  }
  const probe = codec.read(new Uint8Array(codec.octets[0]));
  return typeof probe === 'string' ? value : octetsOf(value);
}

/** `length` sets the L bit, `ns=…` numbers the message, `offset=N` pads in front, `compressed` leaves out address and control. */
function dataMessage(saying: Saying, header: Way): Uint8Array {
  const { fields } = saying;
  const framing = { addressControl: fields.compressed === undefined, shortProtocol: false };
  const [name = '', ...words] = saying.head.split(' ');
  const protocol = protocolNumber(name);
  const frame = writeFrame(protocol, pppPayload(protocol, words.join(' '), fields), framing);
  const numbered = fields.ns === undefined ? new Uint8Array() : concat(uint(2, header.ns), uint(2, 0));
  const offset =
    fields.offset === undefined
      ? new Uint8Array()
      : concat(uint(2, Number(fields.offset)), new Uint8Array(Number(fields.offset)));
  const flags =
    (fields.length ? 0x4000 : 0) |
    (fields.ns === undefined ? 0 : 0x0800) |
    (fields.offset === undefined ? 0 : 0x0200) |
    2;
  const ids = concat(uint(2, header.tunnelId), uint(2, header.sessionId), numbered, offset, frame);
  return concat(uint(2, flags), fields.length ? uint(2, ids.length + 4) : new Uint8Array(), ids);
}

function pppPayload(protocol: number, word: string, fields: Readonly<Record<string, string>>): Uint8Array {
  const id = Number(fields.id ?? 0);
  if (fields.octets !== undefined) return octetsOf(fields.octets);
  if (protocol === PROTOCOL.pap) {
    const kind = word === 'Authenticate-Ack' ? 'authenticate-ack' : 'authenticate-nak';
    return writePap({ kind, id, message: utf8Of(fields.message ?? '') });
  }
  if (protocol === PROTOCOL.chap) {
    if (word === 'Challenge')
      return writeChap({
        kind: 'challenge',
        id,
        value: octetsOf(fields.value ?? ''),
        name: utf8Of(fields.name ?? 'lns'),
      });
    return writeChap({ kind: word === 'Success' ? 'success' : 'failure', id, message: utf8Of(fields.message ?? '') });
  }
  const code = Number(Object.entries(codeWords).find(([, words]) => words === word)?.[0] ?? word.replace('code-', ''));
  return writePacket({ code, id, data: body(code, fields, OPTION_TABLES[protocolName(protocol)] ?? {}) });
}

function body(code: number, fields: Readonly<Record<string, string>>, table: OptionTable<never>): Uint8Array {
  if (code <= LCP_CODE.configureReject)
    return writeOptions(Object.entries(fields).flatMap(([name, value]) => optionOf(name, value, table)));
  if (code === LCP_CODE.terminateRequest || code === LCP_CODE.terminateAck) return utf8Of(fields.text ?? '');
  if (code === LCP_CODE.protocolReject)
    return concat(uint(2, protocolNumber(fields.protocol ?? '')), octetsOf(fields.rejected ?? ''));
  if (code === LCP_CODE.codeReject) return octetsOf(fields.rejected ?? '');
  return concat(octetsOf(fields.magic ?? '00000000'), octetsOf(fields.data ?? ''), utf8Of(fields.text ?? ''));
}

function optionOf(name: string, value: string, table: OptionTable<never>): { code: number; data: Uint8Array }[] {
  const [, number] = /^option\.(\d+)$/.exec(name) ?? [];
  if (number !== undefined) return [{ code: Number(number), data: octetsOf(value === 'true' ? '' : value) }];
  const spec = table[name];
  if (spec === undefined) return [];
  if (name === 'authProtocol')
    return [
      { code: spec.code, data: /^[0-9a-f]{4,}$/.test(value) ? octetsOf(value) : authOption(value as AuthMethod) },
    ];
  return [{ code: spec.code, data: spec.codec.write(parseValue(spec.codec, value)) }];
}

// ---- names

const OPTION_TABLES: Readonly<Record<string, OptionTable<never>>> = {
  LCP: LCP_OPTION,
  IPCP: IPCP_OPTION,
  IPV6CP: IPV6CP_OPTION,
  CCP: {},
};

const title = (kebab: string): string =>
  kebab.replace(/(^|-)([a-z])/g, (_, dash, letter) => dash + letter.toUpperCase());
const words = (camel: string): string => title(camel.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));
const codeWords: Readonly<Record<number, string>> = Object.fromEntries(
  Object.entries(LCP_CODE).map(([name, code]) => [code, words(name)]),
);

const protocolName = (protocol: number): string =>
  Object.entries(PROTOCOL)
    .find(([, number]) => number === protocol)?.[0]
    .toUpperCase() ?? protocol.toString(16).padStart(4, '0');
const protocolNumber = (name: string): number =>
  Object.entries(PROTOCOL).find(([each]) => each.toUpperCase() === name)?.[1] ?? Number.parseInt(name, 16);
