import { describe, expect, it } from 'vitest';
import { TSHARK } from '../../test/captures/tshark.ts';
import { octets } from '../../test/codec-vectors.ts';
import { type Avp, avpOf, readAvps, writeAvps } from './avp.ts';
import { concat, hex } from './bytes.ts';
import { readDatagram } from './l2tp-header.ts';
import { Malformed } from './malformed.ts';
import { readMessage, writeMessage } from './message.ts';
import { type ControlMessage, MESSAGE, type MessageKind } from './message-table.ts';

// Octets of all kinds are read and written in test/captures/control-messages.test.ts, beside what tshark makes of them.
const made = TSHARK.made.map(({ kind, datagram }) => [kind as MessageKind, bodyOf(datagram)] as const);

function bodyOf(datagram: string): Uint8Array {
  const read = readDatagram(octets(datagram));
  if (read.kind !== 'control') throw new Error('no control message');
  return read.body;
}

/** A body from AVPs in hexadecimal, or as values. */
const body = (...avps: readonly (string | Avp)[]): Uint8Array =>
  concat(...avps.map((avp) => (typeof avp === 'string' ? octets(avp) : writeAvps([avp]))));
const accepted = (bytes: Uint8Array, secret?: Uint8Array) => {
  const result = readMessage(bytes, secret && { secret });
  if (result.kind !== 'message') throw new Error(`unknown message ${result.type}`);
  return result;
};

const ICRP = '8008 0000 0000 000b';
const SESSION = '8008 0000 000e 1234';
const icrp: ControlMessage = { kind: 'ICRP', assignedSessionId: 0x1234 };

describe('control messages', () => {
  it.each(made)('%s cut anywhere is malformed, or a shorter message that is legal', (kind, bytes) => {
    const avps = readAvps(bytes);
    const { must }: { must: readonly string[] } = MESSAGE[kind];
    const needed = writeAvps(avps.slice(0, 1 + must.length)).length; // those that must be there stand in front here
    const whole = accepted(bytes).message;
    for (let length = 0; length < bytes.length; length++) {
      const read = () => accepted(bytes.slice(0, length));
      const ends = avps.map((_, i) => writeAvps(avps.slice(0, i)).length);
      if (length < needed || !ends.includes(length)) expect(read, `${length} octets`).toThrow(Malformed);
      else expect(whole).toMatchObject(read().message);
    }
  });

  it.each(made)('%s lacks nothing that it must have', (kind, bytes) => {
    const { must }: { must: readonly string[] } = MESSAGE[kind];
    const [first, ...rest] = readAvps(bytes);
    for (const [i, name] of must.entries())
      expect(() => readMessage(writeAvps([first as Avp, ...rest.filter((_, at) => at !== i)]))).toThrow(
        new Malformed(
          `${kind} without ${name}`,
          bytes.length - 6 - (rest[i]?.value.length ?? 0),
          `RFC 2661 ${MESSAGE[kind].ref}`,
        ),
      );
  });

  it('keep the order of their AVPs, and are written in the order of their keys', () => {
    const [one, other] = ['800a 0000 000f 00000001', SESSION];
    expect(hex(writeMessage(accepted(body('8008 0000 0000 000a', one, other)).message))).toBe(
      hex(body('8008 0000 0000 000a', one, other)),
    );
    expect(hex(writeMessage({ kind: 'ICRQ', assignedSessionId: 0x1234, callSerialNumber: 1 }))).toBe(
      hex(body('8008 0000 0000 000a', other, one)),
    );
  });

  it('do not need the M bit of Message Type', () =>
    expect(accepted(body('0008 0000 0000 000b', SESSION)).message).toEqual(icrp));

  it.each([
    ['nothing is there', body()],
    ['Message Type is not first', body(SESSION, ICRP)],
    ['Message Type is hidden', body('c008 0000 0000 000b', SESSION)],
    ["Message Type is a vendor's", body('8008 0009 0000 000b', SESSION)],
    ['Message Type has reserved bits', body('8408 0000 0000 000b', SESSION)],
    ['Message Type is short', body('8007 0000 0000 0b', SESSION)],
    ['Message Type is long', body('800a 0000 0000 0000000b', SESSION)],
    ['an AVP runs over the end', body(ICRP, SESSION, '8009 0000 002e 1234')],
    ['a mandatory value is too short', body(ICRP, '8007 0000 000e 12')],
    ['a mandatory value is too long', body(ICRP, '8009 0000 000e 123456')],
  ])('are malformed when %s', (_, bytes) => expect(() => readMessage(bytes)).toThrow(Malformed));

  it('say what was wrong, and where', () => {
    expect(() => readMessage(body(ICRP, '8008 0000 002e 0000', '8007 0000 000e 12'))).toThrow(
      new Malformed('assignedSessionId of 1 octets in ICRP', 16, 'RFC 2661 §4.4.4'),
    );
  });
});

describe('what is not understood', () => {
  it.each([
    ['mandatory', '8008 0000 0000 0011', true],
    ['not mandatory', '0008 0000 0000 0011', false],
  ])('an unknown message that is %s', (_, first, mandatory) =>
    expect(readMessage(body(first, SESSION))).toEqual({ kind: 'unknown-message', type: 17, mandatory }),
  );

  it.each([
    // INTEROP: real servers send it (Disconnect Cause, RFC 3145).
    ['AVP 46, unknown', '0008 0000 002e 0001', { vendor: 0, type: 46, mandatory: false, why: 'unknown' }],
    ['AVP 46, unknown and mandatory', '8008 0000 002e 0001', { vendor: 0, type: 46, mandatory: true, why: 'unknown' }],
    ['AVP 20, which was never given out', '0006 0000 0014', { vendor: 0, type: 20, mandatory: false, why: 'unknown' }],
    // "An AVP received with a reserved bit set to 1 MUST be treated as an unrecognized AVP" (§4.1).
    ['reserved bits', '9008 0000 000e 4321', { vendor: 0, type: 14, mandatory: true, why: 'unknown' }],
    // INTEROP: Broadband Forum attributes; 14 would be Assigned Session ID if the vendor were not looked at.
    ["a vendor's", '0008 0de9 000e 4321', { vendor: 3561, type: 14, mandatory: false, why: 'vendor' }],
    ["a vendor's, mandatory", '8008 0de9 000e 4321', { vendor: 3561, type: 14, mandatory: true, why: 'vendor' }],
    ['an AVP of another message', '8008 0000 000a 0004', { vendor: 0, type: 10, mandatory: true, why: 'not-allowed' }],
    ['the same, and malformed', '8007 0000 000a 04', { vendor: 0, type: 10, mandatory: true, why: 'not-allowed' }],
    ['a second Message Type', '8008 0000 0000 000e', { vendor: 0, type: 0, mandatory: true, why: 'not-allowed' }],
    ['a hidden Random Vector', 'c008 0000 0024 0001', { vendor: 0, type: 36, mandatory: true, why: 'not-allowed' }],
  ])('%s, is passed over and reported', (_, avp, ignored) => {
    expect(accepted(body(ICRP, avp, SESSION))).toEqual({ kind: 'message', message: icrp, ignored: [ignored] });
    expect(accepted(body(ICRP, SESSION, avp))).toEqual({ kind: 'message', message: icrp, ignored: [ignored] });
  });

  it('the second of two', () =>
    expect(accepted(body(ICRP, SESSION, '8008 0000 000e 4321'))).toEqual({
      kind: 'message',
      message: icrp,
      ignored: [{ vendor: 0, type: 14, mandatory: true, why: 'repeated' }],
    }));

  // The example of §7.1: "the Rx Connect Speed AVP, attribute 38, is received with a length of 8 rather than 10".
  it('a value of an impossible length, if it is not mandatory', () => {
    const [speed, framing] = ['800a 0000 0018 05f5e100', '800a 0000 0013 00000001'];
    expect(accepted(body('8008 0000 0000 000c', speed, framing, '0008 0000 0026 0100'))).toEqual({
      kind: 'message',
      message: { kind: 'ICCN', txConnectSpeed: 100_000_000, framingType: 1 },
      ignored: [{ vendor: 0, type: 38, mandatory: false, why: 'unreadable' }],
    });
  });

  it("a vendor's AVP is not blamed for one of ours that is missing", () =>
    expect(() => readMessage(body(ICRP, '8008 0de9 000e 4321'))).toThrow(
      /^ICRP without assignedSessionId at octet 16/,
    ));

  it('an AVP that must be there, but cannot be read', () =>
    expect(() => readMessage(body(ICRP, '0007 0000 000e 12'))).toThrow('ICRP without assignedSessionId (unreadable)'));
});

describe('messages of real servers', () => {
  // softether-asym frame 71: eight octets of Result Code, shifted by one.
  it("SoftEther's StopCCN", () =>
    expect(accepted(body('8008 0000 0000 0004', '8008 0000 0009 1aa7', '800e 0000 0001 0000 0600 0000 0000'))).toEqual({
      kind: 'message',
      message: { kind: 'StopCCN', assignedTunnelId: 0x1aa7, resultCode: { result: 0, error: 0x600, text: '\0\0\0\0' } },
      ignored: [],
    }));

  // INTEROP: MikroTik and Android leave the error code out: a Result Code AVP of 8 octets.
  it.each([
    [
      'StopCCN',
      body('8008 0000 0000 0004', '8008 0000 0009 0007', '8008 0000 0001 0006'),
      { assignedTunnelId: 7, resultCode: { result: 6 } },
    ],
    [
      'CDN',
      body('8008 0000 0000 000e', '8008 0000 0001 0003', '8008 0000 000e 0007'),
      { resultCode: { result: 3 }, assignedSessionId: 7 },
    ],
  ])('%s of MikroTik', (kind, bytes, values) => {
    expect(accepted(bytes).message).toEqual({ kind, ...values });
    expect(hex(writeMessage(accepted(bytes).message))).toBe(hex(bytes));
  });

  // INTEROP: Cisco Meraki sends SLI and WEN.
  it.each([
    [
      'SLI',
      '8008 0000 0000 0010',
      '8010 0000 0023 0000 ffffffff 000a0000',
      { accm: { send: 0xffffffff, receive: 0xa0000 } },
    ],
    [
      'WEN',
      '8008 0000 0000 000f',
      `8020 0000 0022 0000 ${'00000000'.repeat(6)}`,
      {
        callErrors: {
          crcErrors: 0,
          framingErrors: 0,
          hardwareOverruns: 0,
          bufferOverruns: 0,
          timeOutErrors: 0,
          alignmentErrors: 0,
        },
      },
    ],
  ])('%s of Meraki', (kind, first, avp, values) =>
    expect(accepted(body(first, avp)).message).toEqual({ kind, ...values }),
  );

  it('an empty Host Name, which RFC 2661 forbids and nobody needs', () =>
    expect(
      accepted(
        body(
          '8008 0000 0000 0002',
          '8008 0000 0002 0100',
          '8006 0000 0007',
          '800a 0000 0003 00000003',
          '8008 0000 0009 0001',
        ),
      ).message,
    ).toMatchObject({ hostName: '' }));
});

describe('hidden AVPs', () => {
  const secret = Buffer.from('s3cr3t');

  // Made by accel-ppp's encoder: an ICRQ, secret "s3cr3t"; its parser, in turn, read what writeMessage made.
  const ACCEL =
    'c80202060000000000000000800800000000000a8070000000245a61686f767d848b9299a0a7aeb5bcc3cad1d8dfe6edf4fb020910171e25' +
    '2c333a41484f565d646b727980878e959ca3aab1b8bfc6cdd4dbe2e9f0f7fe050c131a21282f363d444b525960676e757c838a91989fa6ad' +
    'b4bbc2c9d0d7dee5ecf3fa01080f161d242b3239c0740000000e2614bd9f79f0297b38e9f98121c99aad7e5e81aa070083778936b808e5ee' +
    'ee818c0816a33755ba08fd12e9aff3288cd032ead975f9b7504dfb31f70b06704d9472a759cb65804fadbe546c3cd964424578c3689dc574' +
    '492bf77b65f6c12923a41305e2fb90b418695467c283421ec0760000000f01cddaa28fffdb002b12380f1536aed1bcdea5d155f62d9725d7' +
    'cda0a87e57b3229ee5ed3f243322aeab8902cc4e112e8343c8026c57190c506cdd2e8d2d8409393dad877105a8e4225caa87dcab8bd3c442' +
    '94b48dace28b36f70714a83a7aa3fd743fd69462e813f9734800f16038b3c0980000001643d09e4f1a62150a4407afeb7d4ae5b7e1585dd4' +
    '453cfe1e8692d574c3599e5ece0c4a81e2fd934e7fc0536cf2a467b939bfc81b043c79a624d9d9c1ad9b07c0ad59b4114346830a2eca9480' +
    'e96b1232cbd18fd55ee1887cd0d9409f4808694d423403b514fb6b1efbb9088db4decc577c45ddd5d2b19710c6a29503e19bd5d2bda9288a' +
    '2c683c6f6e6ec225b891fa49ef85';

  it('are opened as accel-ppp hides them', () => {
    const { message, ignored } = accepted(bodyOf(ACCEL), secret);
    expect(message).toMatchObject({
      kind: 'ICRQ',
      assignedSessionId: 0x1234,
      callSerialNumber: 0x89abcdef,
      callingNumber: 'a calling number longer than one block',
    });
    expect(ignored).toEqual([]);
  });

  it.each([
    ['no secret', undefined],
    ['another secret', Buffer.from('S3cr3t')],
  ])('cannot be opened with %s, and the message lacks them', (_, other) =>
    expect(() => accepted(bodyOf(ACCEL), other)).toThrow(
      'ICRQ without assignedSessionId (hidden), callSerialNumber (hidden)',
    ),
  );

  const hide = { secret, randomVector: octets('000102030405060708090a0b0c0d0e0f'), padding: octets('aabbcc') };

  it.each(made)('%s is written with all hidden that may be, and read again', (_, bytes) => {
    const { message } = accepted(bytes);
    const hidden = writeMessage(message, hide);
    const { kind, ...values } = message;
    expect(accepted(hidden, secret)).toEqual({
      kind: 'message',
      message: { kind, randomVector: hide.randomVector, ...values },
      ignored: [],
    });
    const open = readAvps(hidden)
      .filter((avp) => !avp.hidden)
      .map(({ type }) => type);
    expect([0, 1, 2, 5, 7, 10, 12, 36, 39]).toEqual(expect.arrayContaining(open)); // those that MUST NOT be (§4.4)
  });

  it.each(made)('%s with hidden AVPs, cut anywhere, is malformed or legal', (_, bytes) => {
    const hidden = writeMessage(accepted(bytes).message, hide);
    for (let length = 0; length < hidden.length; length++) {
      try {
        readMessage(hidden.slice(0, length), { secret });
      } catch (error) {
        expect(error).toBeInstanceOf(Malformed);
      }
    }
  });

  it('are written with one Random Vector alone, in front', () => {
    const message: ControlMessage = { kind: 'ICRP', assignedSessionId: 1, randomVector: octets('ff') };
    expect(readAvps(writeMessage(message, hide)).map(({ type }) => type)).toEqual([0, 36, 14]);
    expect(readAvps(writeMessage(message)).map(({ type }) => type)).toEqual([0, 14, 36]);
  });

  // "a hidden AVP uses the Random Vector AVP most closely preceding it" (§4.4.1)
  it('use the nearest Random Vector in front', () => {
    const of = (randomVector: string) =>
      readAvps(
        writeMessage(
          { kind: 'ICRQ', assignedSessionId: 5, callSerialNumber: 6 },
          { ...hide, randomVector: octets(randomVector) },
        ),
      );
    const [first, vectorA, session] = of('aaaa') as [Avp, Avp, Avp];
    const [, vectorB, , serial] = of('bbbb') as [Avp, Avp, Avp, Avp];
    expect(accepted(writeAvps([first, vectorA, session, vectorB, serial]), secret)).toMatchObject({
      message: { assignedSessionId: 5, callSerialNumber: 6, randomVector: octets('aaaa') },
      ignored: [],
    });
    const late = () => accepted(writeAvps([first, session, serial, vectorA]), secret);
    expect(late).toThrow('ICRQ without assignedSessionId (hidden), callSerialNumber (hidden)');
  });

  it('that are not needed are reported, and whether they are mandatory', () => {
    const hidden = (name: 'callingNumber' | 'physicalChannelId') => ({
      ...(name === 'callingNumber' ? avpOf(name, '1001') : avpOf(name, 1)),
      hidden: true,
    });
    const bytes = body(
      '8008 0000 0000 000a',
      SESSION,
      '800a 0000 000f 00000001',
      hidden('callingNumber'),
      hidden('physicalChannelId'),
    );
    expect(accepted(bytes, secret).ignored).toEqual([
      { vendor: 0, type: 22, mandatory: true, why: 'hidden' },
      { vendor: 0, type: 25, mandatory: false, why: 'hidden' },
    ]);
  });
});
