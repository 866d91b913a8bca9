import { expect, it } from 'vitest';
import { Arena } from './arena.ts';
import { GSO, NEEDS_CSUM, VNET_OCTETS, VnetHeader } from './vnet-header.ts';

// struct virtio_net_hdr { __u8 flags, gso_type; __u16 hdr_len, gso_size, csum_start, csum_offset; } as a C compiler lays it out.
const LITTLE_ENDIAN = [1, 0x81, 0x34, 0x00, 0x80, 0x05, 0x14, 0x00, 0x10, 0x01];
const BIG_ENDIAN = [1, 0x81, 0x00, 0x34, 0x05, 0x80, 0x00, 0x14, 0x01, 0x10];
const FIELDS = {
  flags: NEEDS_CSUM,
  gsoType: GSO.tcpv4 | GSO.ecn,
  headerOctets: 52,
  gsoSize: 1408,
  checksumStart: 20,
  checksumOffset: 272,
};

it.each([
  ['little-endian', true, LITTLE_ENDIAN],
  ['big-endian', false, BIG_ENDIAN],
])('is read and written as on a %s machine, at an even place or an odd one', (_name, isLittleEndian, octets) => {
  for (const at of [6, 7]) {
    const memory = new Uint8Array(24);
    const arena = new Arena(memory, new Uint16Array(), new Int32Array(), isLittleEndian);
    memory.set(octets, at);
    const header = new VnetHeader();
    header.read(arena, at);
    expect({ ...header }).toEqual(FIELDS);
    memory.fill(0xee);
    header.write(arena, at);
    expect([...memory.subarray(at, at + VNET_OCTETS)]).toEqual(octets);
    expect(memory.filter((octet) => octet === 0xee)).toHaveLength(24 - VNET_OCTETS);
  }
});

it('says nothing at first', () => {
  const arena = Arena.ofSize(VNET_OCTETS);
  new VnetHeader().write(arena, 0);
  expect(arena.octets).toEqual(new Uint8Array(VNET_OCTETS));
});
