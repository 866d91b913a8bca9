import { describe, expect, it } from 'vitest';
import { AVP, type AvpName, avpNameOf } from './avp-table.ts';

const rows = Object.entries(AVP);

// Octets of the value as §4.4 gives them: "The Length of this AVP is …" less the header of 6; `+` stands for "plus the length of …".
// biome-ignore format: a table
const LENGTHS: Record<number, string> = {
   0: '2', 36: '0+', 1: '2 or more', 2: '2', 3: '4', 4: '4', 5: '8', 6: '2', 7: '0+', 8: '0+', 9: '2', 10: '2', 11: '1+', 13: '16',
  12: '3+', 14: '2', 15: '4', 16: '4', 17: '4', 18: '4', 19: '4', 21: '0+', 22: '0+', 23: '0+', 24: '4', 38: '4', 25: '4', 37: '0+', 39: '0',
  26: '0+', 27: '0+', 28: '0+', 29: '2', 30: '0+', 31: '1+', 32: '2', 33: '0+',
  34: '26', 35: '10',
};

describe('AVP table', () => {
  it('has the 39 attribute types of RFC 2661, each once: 0 to 39 without 20', () => {
    const types = rows.map(([, { type }]) => type).sort((a, b) => a - b);
    expect(types).toEqual(Array.from({ length: 40 }, (_, type) => type).filter((type) => type !== 20));
  });

  it.each(rows)('%s has the length of RFC 2661 §4.4', (_, { type, codec }) => {
    const [least, most] = codec.octets;
    const length = least === most ? `${least}` : `${least}+`;
    // INTEROP: a Result Code of any length is read; see avp-value.ts.
    expect(type === AVP.resultCode.type ? '2 or more' : length).toBe(LENGTHS[type]);
  });

  // "The M-bit for this AVP MUST be set to 0", and "This AVP MUST NOT be hidden".
  it('has M off where §4.4 has it off', () => {
    const off = rows.filter(([, { m }]) => m === 0).map(([, { type }]) => type);
    expect(new Set(off)).toEqual(new Set([5, 6, 8, 25, 26, 27, 28, 29, 30, 31, 32, 33, 37, 38]));
  });
  it('forbids hiding where §4.4 forbids it', () => {
    const open = rows.filter(([, { h }]) => h === 0).map(([, { type }]) => type);
    expect(new Set(open)).toEqual(new Set([0, 1, 2, 5, 7, 10, 12, 36, 39]));
  });

  it('finds a name by its number', () => {
    for (const [name, { type }] of rows) expect(avpNameOf(type)).toBe(name as AvpName);
    for (const type of [20, 40, 46, 65535]) expect(avpNameOf(type)).toBeUndefined();
  });
});
