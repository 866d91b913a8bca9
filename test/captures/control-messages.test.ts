// Every control message that real servers and clients exchanged: read, written back octet for octet, and read as tshark reads it.
import { describe, expect, it } from 'vitest';
import { avpOf, readAvps, writeAvps } from '../../src/wire/avp.ts';
import { AVP, avpNameOf } from '../../src/wire/avp-table.ts';
import { hex } from '../../src/wire/bytes.ts';
import { readDatagram, writeControl } from '../../src/wire/l2tp-header.ts';
import { readMessage, writeMessage } from '../../src/wire/message.ts';
import { type ControlMessage, MESSAGE } from '../../src/wire/message-table.ts';
import { octets } from '../codec-vectors.ts';
import { captureNames, l2tpOf } from './pcap.ts';
import { avpFrom, type Fields, TSHARK, untilNul } from './tshark.ts';

interface Captured {
  readonly where: string;
  readonly datagram: Uint8Array;
  readonly body: Uint8Array;
}

const controlOf = (capture: string): Captured[] =>
  l2tpOf(capture).flatMap(({ frame, payload }) => {
    const datagram = readDatagram(payload);
    return datagram.kind === 'control'
      ? [{ where: `${capture} frame ${frame}`, datagram: payload, body: datagram.body }]
      : [];
  });

const messageIn = (body: Uint8Array, where: string): ControlMessage => {
  const result = readMessage(body);
  if (result.kind !== 'message') throw new Error(`${where}: unknown message ${result.type}`);
  expect(result.ignored, where).toEqual([]);
  return result.message;
};

/** The body made anew from the decoded values, in the order they have; only the M bits are the sender's. */
function rebuilt(message: ControlMessage, body: Uint8Array): Uint8Array {
  const bits = new Map(readAvps(body).map((avp) => [avp.type, avp.mandatory]));
  const { kind, ...values } = message;
  const avps = [
    avpOf('messageType', MESSAGE[kind].type),
    ...Object.entries(values).map(([name, value]) => avpOf(name as keyof typeof AVP, value)),
  ];
  return writeAvps(avps.map((avp) => ({ ...avp, mandatory: bits.get(avp.type) ?? avp.mandatory })));
}

describe('control messages of the captures', () => {
  const captures = captureNames();

  // tshark -Y 'l2tp.type == 1', without the ICMP errors that quote one
  it('are 633 in fifty captures', () => {
    expect(captures).toHaveLength(50);
    expect(captures.flatMap(controlOf)).toHaveLength(633);
  });

  it.each(captures)('%s is written back as it was read', (capture) => {
    const all = controlOf(capture);
    expect(all.length).toBeGreaterThan(1);
    for (const { where, datagram, body } of all) {
      const read = readDatagram(datagram);
      if (read.kind !== 'control') throw new Error(where);
      expect(hex(writeControl(read.header, read.body)), where).toBe(hex(datagram));
      expect(hex(writeAvps(readAvps(body))), where).toBe(hex(body));
      if (body.length > 0) expect(hex(rebuilt(messageIn(body, where), body)), where).toBe(hex(body));
    }
  });

  it('are written by us as they were by others, but for the M bits of SoftEther', () => {
    const bodies = captures.flatMap(controlOf).filter(({ body }) => body.length > 0);
    const different = bodies.flatMap(({ where, body }) => {
      const message = messageIn(body, where);
      const mine = readAvps(writeMessage(message));
      const wrong = readAvps(body).filter(
        (avp, i) => hex(writeAvps([avp])) !== hex(writeAvps([mine[i] as typeof avp])),
      );
      return wrong.length === 0 ? [] : [`${where.split('-')[0]} ${message.kind} ${wrong.map(({ type }) => type)}`];
    });
    expect(bodies.length).toBeGreaterThan(300);
    // INTEROP: SoftEther clears the M bit of Framing and Bearer Capabilities and Receive Window Size (RFC 2661 §4.4.3: 1).
    expect(new Set(different)).toEqual(new Set(['softether SCCRP 3,4,10']));
  });
});

describe('control messages as tshark reads them', () => {
  it.each(TSHARK.captured.map((row) => [`${row.capture} frame ${row.frame}`, row] as const))('%s', (_, row) => {
    const datagram = readDatagram(l2tpOf(row.capture).find(({ frame }) => frame === row.frame)?.payload ?? octets(''));
    if (datagram.kind !== 'control') throw new Error('no control message');
    const { tunnelId, sessionId, ns, nr } = row;
    expect(datagram.header).toEqual({ tunnelId, sessionId, ns, nr });
    expectSame(datagram.body, row.avps);
  });

  it.each(TSHARK.made.map((row) => [row.kind, row] as const))('%s with all it may carry', (kind, row) => {
    const datagram = readDatagram(octets(row.datagram));
    if (datagram.kind !== 'control') throw new Error('no control message');
    expect(datagram.header).toEqual({ tunnelId: 1, sessionId: 2, ns: 3, nr: 4 });
    const message = expectSame(datagram.body, row.avps);
    expect(message.kind).toBe(kind);
    expect(hex(writeControl(datagram.header, writeMessage(message)))).toBe(row.datagram);
  });

  it('has every kind of message and every AVP of RFC 2661 among them', () => {
    expect(TSHARK.made.map(({ kind }) => kind).sort()).toEqual(Object.keys(MESSAGE).sort());
    const types = [...TSHARK.made, ...TSHARK.captured].flatMap(({ avps }) =>
      avps.map((fields) => Number(fields.get('type'))),
    );
    expect([...new Set(types)].map(avpNameOf).sort()).toEqual(Object.keys(AVP).sort());
  });
});

function expectSame(body: Uint8Array, avps: readonly Fields[]): ControlMessage {
  const [first, ...rest] = avps;
  const message = messageIn(body, '');
  const { kind, ...values } = message;
  expect(MESSAGE[kind].type).toBe(Number(first?.get('message_type')));
  if ('resultCode' in values && values.resultCode.text !== undefined)
    values.resultCode = { ...values.resultCode, text: untilNul(values.resultCode.text) };
  expect(Object.entries(values)).toEqual(rest.map(avpFrom));
  const bits = readAvps(body).map(({ mandatory, hidden, vendor, value }) => [
    mandatory,
    hidden,
    vendor,
    value.length + 6,
  ]);
  const flag = (field: string | undefined) => field === '1';
  expect(bits).toEqual(
    avps.map((avp) => [
      flag(avp.get('mandatory')),
      flag(avp.get('hidden')),
      Number(avp.get('vendor_id')),
      Number(avp.get('length')),
    ]),
  );
  return message;
}
