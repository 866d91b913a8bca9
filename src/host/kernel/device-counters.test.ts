import { expect, it } from 'vitest';
import { countersOf, readCounters } from './device-counters.ts';

// As Linux 6.1 printed it, behind a tunnel of ours.
const TABLE = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
 wan10:      10       1    0    0    0     0          0         0       20       2    0    0    0     0       0          0
  wan1:    1744      29    1    2    0     0          0         0     2327      33    0    3    0     0       0          0
l2w-big:987654321012345 98765432101 0 0 0 0 0 0 123 4 0 0 0 0 0 0
`;

it('reads the line of one device', () => {
  expect(readCounters(TABLE, 'wan1')).toEqual({
    receivedPackets: 29,
    receivedOctets: 1744,
    sentPackets: 33,
    sentOctets: 2327,
  });
  expect(readCounters(TABLE, 'l2w-big')).toMatchObject({ receivedOctets: 987654321012345, sentOctets: 123 });
});

it('finds none of another name', () => {
  expect(readCounters(TABLE, 'wan')).toBeUndefined();
  expect(countersOf('no-such-device0')).toBeUndefined();
  expect(countersOf('lo')).toMatchObject({ sentPackets: expect.any(Number) });
});
