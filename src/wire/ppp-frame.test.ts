import { describe, expect, it } from 'vitest';
import { octets, testCodec } from '../../test/codec-vectors.ts';
import { Malformed } from './malformed.ts';
import { type Framing, PLAIN_FRAMING, type PppFrame, PROTOCOL, readFrame, writeFrame } from './ppp-frame.ts';

const codec = (framing: Framing) => ({
  read: readFrame,
  write: ({ protocol, payload }: PppFrame) => writeFrame(protocol, payload, framing),
});
const ping = octets('4500 0014 0000 0000 4001 0000 0a40000a cb007101');

describe('a PPP frame', () => {
  testCodec<PppFrame>(
    [
      // xl2tpd-chap, l2tpns-chap, xl2tpd-ipv6
      ['an LCP Terminate-Ack', { protocol: 0xc021, payload: octets('06020004') }, 'ff03 c021 06020004', 4],
      ['a CHAP Success', { protocol: 0xc223, payload: octets('03010004') }, 'ff03 c223 03010004', 4],
      ['an IPV6CP packet', { protocol: 0x8057, payload: octets('01010004') }, 'ff03 8057 01010004', 4],
      ['an empty frame', { protocol: 0x0021, payload: octets('') }, 'ff03 0021', 4],
    ],
    codec(PLAIN_FRAMING),
  );

  describe('without Address and Control fields', () => {
    testCodec<PppFrame>(
      [['IPv4', { protocol: 0x0021, payload: ping }, '0021 4500 0014 0000 0000 4001 0000 0a40000a cb007101', 2]],
      codec({ addressControl: false, shortProtocol: false }),
    );
  });

  describe('with a short Protocol field', () => {
    testCodec<PppFrame>(
      [
        ['IPv4', { protocol: 0x0021, payload: ping }, 'ff03 21 4500 0014 0000 0000 4001 0000 0a40000a cb007101', 3],
        ['IPCP, which has no short form', { protocol: 0x8021, payload: octets('01010004') }, 'ff03 8021 01010004', 4],
      ],
      codec({ addressControl: true, shortProtocol: true }),
    );
  });

  describe('with neither', () => {
    testCodec<PppFrame>(
      [
        ['IPv4', { protocol: 0x0021, payload: ping }, '21 4500 0014 0000 0000 4001 0000 0a40000a cb007101', 1],
        ['IPV6', { protocol: 0x0057, payload: octets('60') }, '57 60', 1],
      ],
      codec({ addressControl: false, shortProtocol: true }),
    );
  });

  it('never compresses LCP (RFC 1661 §6.5, §6.6)', () => {
    const frame = writeFrame(PROTOCOL.lcp, octets('09000008aa419f85'), { addressControl: false, shortProtocol: true });
    expect(frame).toEqual(octets('ff03c02109000008aa419f85'));
  });

  it('discards a Control field that it does not know (RFC 1662 §3.1)', () => {
    expect(() => readFrame(octets('ff c021'))).toThrow(Malformed);
  });

  it('takes an even protocol for one that nobody knows (RFC 1661 §2)', () => {
    expect(readFrame(octets('ff03 0022 01'))).toEqual({ protocol: 0x0022, payload: octets('01') });
  });

  it('has room for a whole MRU', () => {
    const payload = new Uint8Array(1500).fill(0xa5);
    expect(readFrame(writeFrame(PROTOCOL.ipv4, payload, PLAIN_FRAMING)).payload).toEqual(payload);
  });
});
