import { describe, expect, it } from 'vitest';
import { octets } from '../../test/codec-vectors.ts';
import { conceal } from '../crypto/avp-hiding.ts';
import { type Avp, avpOf, hideAvp, octetsOf, openAvp, readAvps, writeAvps } from './avp.ts';
import { concat, hex } from './bytes.ts';
import { Malformed } from './malformed.ts';

const plain: Avp = { mandatory: true, hidden: false, reserved: 0, vendor: 0, type: 9, value: octets('1234') };

describe('AVPs on the wire', () => {
  const vectors: [name: string, hex: string, avps: Avp[]][] = [
    ['none', '', []],
    ['one', '8008 0000 0009 1234', [plain]],
    ['one without a value', '8006 0000 0027', [{ ...plain, type: 39, value: octets('') }]],
    ['one that is not mandatory', '0008 0000 0009 1234', [{ ...plain, mandatory: false }]],
    ['a hidden one', 'c008 0000 0009 1234', [{ ...plain, hidden: true }]],
    ["a vendor's", '8008 0de9 0009 1234', [{ ...plain, vendor: 3561 }]],
    ['reserved bits', 'bc08 0000 0009 1234', [{ ...plain, reserved: 15 }]],
    ['one reserved bit', '8408 0000 0009 1234', [{ ...plain, reserved: 1 }]],
    [
      'several',
      '8008 0000 0009 1234 0007 0000 0008 78',
      [plain, { ...plain, mandatory: false, type: 8, value: octets('78') }],
    ],
    ['the longest', `83ff 0000 0009 ${'5a'.repeat(1017)}`, [{ ...plain, value: new Uint8Array(1017).fill(0x5a) }]],
  ];

  it.each(vectors)('%s: read, written, and nothing lost', (_, text, avps) => {
    expect(readAvps(octets(text))).toEqual(avps);
    expect(hex(writeAvps(avps))).toBe(hex(octets(text)));
    expect(avps.reduce((sum, avp) => sum + octetsOf(avp), 0)).toBe(octets(text).length);
  });

  it.each(vectors)('%s: cut anywhere it is malformed, or fewer', (_, text, avps) => {
    const bytes = octets(text);
    const ends = avps.map((_, i) => writeAvps(avps.slice(0, i)).length);
    for (let length = 0; length < bytes.length; length++) {
      const cut = () => readAvps(bytes.slice(0, length));
      if (ends.includes(length)) expect(cut()).toEqual(avps.slice(0, ends.indexOf(length)));
      else expect(cut, `${length} octets`).toThrow(Malformed);
    }
  });

  it.each(['8000 0000 0009 1234', '8005 0000 0009 1234', '8009 0000 0009 1234', '83ff 0000 0009 1234'])(
    'a Length that cannot be is malformed: %s',
    (text) => expect(() => readAvps(octets(text))).toThrow(Malformed),
  );

  it('refuses to write a value that does not fit', () =>
    expect(() => writeAvps([{ ...plain, value: new Uint8Array(1018) }])).toThrow(RangeError));

  it('takes M and the shape from the table', () => {
    expect(hex(writeAvps([avpOf('assignedTunnelId', 0x1234)]))).toBe('8008000000091234');
    expect(hex(writeAvps([avpOf('vendorName', 'x')]))).toBe('00070000000878');
    expect(hex(writeAvps([avpOf('sequencingRequired', true)]))).toBe('800600000027');
  });
});

describe('hidden values', () => {
  const secret = Buffer.from('secret');
  const randomVector = Buffer.from('RANDOM');
  const hiding = { secret, randomVector, padding: octets('abcd') };
  // The clear subformat and its cipher: see ../crypto/avp-hiding.test.ts.
  const challenge = Uint8Array.from({ length: 34 }, (_, i) => i);
  const CIPHER = '22ffb890b24757a5f3639e3aa544bb2524264995851896b73c7857e8261a97f8680fe6916520';

  it('are the length, the value and the padding, enciphered', () => {
    const hidden = hideAvp(avpOf('challenge', challenge), hiding);
    expect(hidden).toMatchObject({ mandatory: true, hidden: true, type: 11 });
    expect(hex(hidden.value)).toBe(CIPHER);
    expect(openAvp(hidden, secret, randomVector)).toEqual(challenge);
  });

  it('open whatever the padding', () => {
    for (let count = 0; count < 40; count++) {
      const hidden = hideAvp(avpOf('hostName', 'lns'), { ...hiding, padding: new Uint8Array(count) });
      expect(hidden.value).toHaveLength(2 + 3 + count);
      expect(openAvp(hidden, secret, randomVector)).toEqual(octets('6c6e73'));
    }
  });

  it('are padded only as far as there is room', () => {
    const long = avpOf('privateGroupId', new Uint8Array(1010));
    expect(hideAvp(long, { ...hiding, padding: new Uint8Array(100) }).value).toHaveLength(1017);
    const longest = hideAvp(avpOf('privateGroupId', new Uint8Array(1016)), hiding);
    expect(() => writeAvps([longest])).toThrow(RangeError);
  });

  // The length is an output of the cipher: a stranger can make it anything.
  it.each([
    ['64K in a block', 16, 0xffff, false],
    ['64K in nothing', 2, 0xffff, false],
    ['one octet too many in a block', 16, 15, false],
    ['one octet too many', 4, 3, false],
    ['one octet too many in two blocks', 32, 31, false],
    ['all there is', 16, 14, true],
    ['some of it', 16, 4, true],
    ['nothing', 2, 0, true],
  ])('are not opened when the hidden length lies: %s', (_, count, declared, fits) => {
    const subformat = concat(Uint8Array.of(declared >> 8, declared & 0xff), new Uint8Array(count - 2).fill(0x61));
    const hidden: Avp = {
      ...plain,
      hidden: true,
      value: conceal(subformat, { type: plain.type, secret, randomVector }),
    };
    const opened = openAvp(hidden, secret, randomVector);
    expect(opened).toEqual(fits ? new Uint8Array(declared).fill(0x61) : undefined);
  });

  it.each([0, 1])('are not opened when there is no room for a length: %i octets', (count) =>
    expect(openAvp({ ...plain, hidden: true, value: new Uint8Array(count) }, secret, randomVector)).toBeUndefined(),
  );
});
