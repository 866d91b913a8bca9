import { describe, expect, it } from 'vitest';
import { octets, testCodec } from '../../test/codec-vectors.ts';
import { accm, callErrors, q931Cause, resultCode } from './avp-value.ts';
import { hex } from './bytes.ts';

describe('Result Code', () => {
  testCodec(
    [
      // l2tpns-lns-drop, xl2tpd's CDN, xl2tpd-nosecret-client
      ['a result alone', { result: 3 }, '0003', 0],
      ['result and error', { result: 1, error: 0 }, '0001 0000', 0],
      [
        'result, error and text',
        { result: 2, error: 6, text: 'No secret key on our end' },
        '0002 0006 4e6f20736563726574206b6579206f6e206f757220656e64',
        0,
      ],
      ['text that is not ASCII', { result: 2, error: 4, text: 'tünnel' }, '0002 0004 74c3bc6e6e656c', 0],
    ],
    resultCode,
  );

  it('has an error code in front of a text', () =>
    expect(hex(resultCode.write({ result: 1, text: 'x' }))).toBe('0001000078'));

  // INTEROP: softether-asym frame 71: eight octets, shifted by one, so that the code comes out as 0.
  it("reads SoftEther's malformed one", () => {
    const value = { result: 0, error: 0x0600, text: '\0\0\0\0' };
    expect(resultCode.read(octets('0000 0600 0000 0000'))).toEqual(value);
    expect(hex(resultCode.write(value))).toBe('0000060000000000');
  });

  // INTEROP: Apple sends it in the other byte order: shown raw, nothing depends on it.
  it("reads Apple's as it stands", () => expect(resultCode.read(octets('0100'))).toEqual({ result: 256 }));

  it.each([
    ['', { result: 0 }],
    ['01', { result: 0 }],
    ['0001 02', { result: 1 }],
  ])('reads %s, which is no whole code', (text, value) => expect(resultCode.read(octets(text))).toEqual(value));

  it('cuts a text that does not fit, between characters', () => {
    const bytes = resultCode.write({ result: 2, error: 6, text: `${'x'.repeat(1012)}ü and more` });
    expect(bytes).toHaveLength(4 + 1012);
    expect(resultCode.read(bytes).text).toBe('x'.repeat(1012));
    expect(resultCode.write({ result: 2, error: 6, text: 'ü'.repeat(600) })).toHaveLength(4 + 1012);
    expect(resultCode.write({ result: 2, error: 6, text: 'x'.repeat(1013) })).toHaveLength(1017);
  });
});

describe('Q.931 Cause Code', () => {
  testCodec(
    [
      ['cause and message', { cause: 16, message: 0x45 }, '0010 45'],
      ['an advisory', { cause: 0xffff, message: 255, advisory: 'gone' }, 'ffff ff 676f6e65', 3],
    ],
    q931Cause,
  );
  it('cuts an advisory that does not fit', () =>
    expect(q931Cause.write({ cause: 1, message: 2, advisory: 'x'.repeat(2000) })).toHaveLength(1017));
});

describe('Call Errors', () => {
  const [crcErrors, framingErrors, hardwareOverruns] = [1, 2, 3];
  const [bufferOverruns, timeOutErrors, alignmentErrors] = [0x10004, 5, 0xfffffff6];
  testCodec(
    [
      [
        'six counters behind the reserved octets',
        { crcErrors, framingErrors, hardwareOverruns, bufferOverruns, timeOutErrors, alignmentErrors },
        '0000 00000001 00000002 00000003 00010004 00000005 fffffff6',
      ],
    ],
    callErrors,
  );
});

describe('ACCM', () => {
  testCodec([['two maps', { send: 0xffffffff, receive: 0x000a0000 }, '0000 ffffffff 000a0000']], accm);
  it('ignores the reserved octets', () =>
    expect(accm.read(octets('beef 00000001 00000002'))).toEqual({ send: 1, receive: 2 }));
});
