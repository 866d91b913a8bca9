import { describe, expect, it } from 'vitest';
import { octets } from '../../test/codec-vectors.ts';
import { concat } from '../wire/bytes.ts';
import { LoopGuard } from './loop-guard.ts';

// IPv4: version and header length, DSCP, length, id, flags and offset, TTL, protocol, checksum, source, destination; then ports.
const ipv4 = (
  protocol: string,
  destination: string,
  ports: string,
  { header = '45', fragment = '0000', options = '' } = {},
) =>
  octets(
    `${header} 00 0024 0001 ${fragment} 40 ${protocol} 0000 0a40000a ${destination} ${options} ${ports} 0010 0000`,
  );
// IPv6: version, class and label, length, next header, hop limit, source, destination.
const ipv6 = (next: string, destination: string, rest: string) =>
  octets(`60000000 0010 ${next} 40 20010db8000000000000000000000001 ${destination} ${rest}`);

/** By itself, and in memory that holds other things. */
const answers = (guard: LoopGuard, packet: Uint8Array) => [
  guard.isLoop(packet),
  ...['0000', '06a506a6'].map((others) => {
    const around = octets(others.repeat(8));
    return guard.isLoop(concat(around, packet, around), around.length, around.length + packet.length);
  }),
];

const UDP = '11';
const TCP = '06';
const SERVER = '0a000248'; // 10.0.2.72
const SERVER6 = '20010db8011300000000000000000001'; // 2001:db8:113::1

describe('packets to an IPv4 server', () => {
  const guard = new LoopGuard({ address: '10.0.2.72', port: 1701 });
  it.each([
    ['to its address and port', ipv4(UDP, SERVER, '06a5 06a5'), true],
    ['from another port of ours', ipv4(UDP, SERVER, 'c001 06a5'), true],
    ['behind IP options', ipv4(UDP, SERVER, '06a5 06a5', { header: '46', options: '94040000' }), true],
    ['the first fragment', ipv4(UDP, SERVER, '06a5 06a5', { fragment: '2000' }), true],
    ['a later fragment, which has no port', ipv4(UDP, SERVER, '0000 0000', { fragment: '20b9' }), true],
    ['the last fragment', ipv4(UDP, SERVER, '0000 0000', { fragment: '0001' }), true],
    ['with "do not fragment"', ipv4(UDP, SERVER, '06a5 06a5', { fragment: '4000' }), true],
    ['to another port', ipv4(UDP, SERVER, '06a5 0035'), false],
    [
      'to another port, where options hide ours',
      ipv4(UDP, SERVER, '06a5 0035', { header: '46', options: '000006a5' }),
      false,
    ],
    ['to another address', ipv4(UDP, '0a000249', '06a5 06a5'), false],
    ['to another first octet', ipv4(UDP, '0b000248', '06a5 06a5'), false],
    ['by TCP', ipv4(TCP, SERVER, '06a5 06a5'), false],
    ['a fragment of TCP', ipv4(TCP, SERVER, '0000 0000', { fragment: '0001' }), false],
    ['too short for a port', ipv4(UDP, SERVER, '06a5 06a5').slice(0, 22), false],
    ['in IPv6', ipv6(UDP, SERVER6, '06a5 06a5 0010 0000'), false],
  ])('%s', (_, packet, loops) => expect(answers(guard, packet)).toEqual([loops, loops, loops]));
});

describe('packets to an IPv6 server', () => {
  const guard = new LoopGuard({ address: '2001:db8:113::1', port: 1702 });
  it.each([
    ['to its address and port', ipv6(UDP, SERVER6, '06a5 06a6 0010 0000'), true],
    ['the first fragment', ipv6('2c', SERVER6, '1100 0001 00000001 06a5 06a6'), true],
    ['a later fragment, which has no port', ipv6('2c', SERVER6, '1100 00b9 00000001 0000 0000'), true],
    ['a fragment of TCP', ipv6('2c', SERVER6, '0600 00b9 00000001 06a5 06a6'), false],
    ['the first fragment to another port', ipv6('2c', SERVER6, '1100 0001 00000001 06a5 06a5'), false],
    ['to another port', ipv6(UDP, SERVER6, '06a5 06a5 0010 0000'), false],
    ['to another address', ipv6(UDP, '20010db8011300000000000000000002', '06a5 06a6 0010 0000'), false],
    ['by TCP', ipv6(TCP, SERVER6, '06a5 06a6'), false],
    ['in IPv4', ipv4(UDP, SERVER, '06a5 06a6'), false],
  ])('%s', (_, packet, loops) => expect(answers(guard, packet)).toEqual([loops, loops, loops]));
});
