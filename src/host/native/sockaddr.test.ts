import { describe, expect, it } from 'vitest';
import { loadNative } from './koffi.ts';
import { endpointOf, sockaddrOf } from './sockaddr.ts';

const native = loadNative();
const LOOPBACK = native.libc.if_nametoindex('lo');

describe('a sockaddr', () => {
  // netinet/in.h: family in the machine's order, port and address in the network's, then eight zeros, or flow label … scope.
  it.each([
    ['10.1.2.3', '0200 06a5 0a010203 0000000000000000'],
    ['2001:db8::7', '0a00 06a5 00000000 20010db8000000000000000000000007 00000000'],
    ['fe80::1%lo', `0a00 06a5 00000000 fe800000000000000000000000000001 0${LOOPBACK}000000`],
    ['fe80::1%77', '0a00 06a5 00000000 fe800000000000000000000000000001 4d000000'],
  ])('of %s', (address, octets) => {
    expect(Buffer.from(sockaddrOf(native, { address, port: 1701 })).toString('hex')).toBe(octets.replaceAll(' ', ''));
  });

  it.each(['10.1.2.3', '::1', '2001:db8::7', 'fe80::1%lo', 'fe80::1%77'])('reads %s back', (address) => {
    const endpoint = { address, port: 65_535 };
    expect(endpointOf(native, sockaddrOf(native, endpoint))).toEqual(endpoint);
  });

  it('is refused for a name, and read as nothing for another family', () => {
    expect(() => sockaddrOf(native, { address: 'vpn.example.net', port: 1701 })).toThrow(RangeError);
    expect(endpointOf(native, new Uint8Array(16))).toBeUndefined();
  });
});
