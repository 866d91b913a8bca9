/** What the kernel has counted of one network device: /proc/net/dev, in which nothing wraps around. */
import { readFileSync } from 'node:fs';

/** Since the device was made. For a PPP device: IP packets and their octets, and frames of the network protocols that somebody wrote or read. */
export interface DeviceCounters {
  readonly receivedPackets: number;
  readonly receivedOctets: number;
  readonly sentPackets: number;
  readonly sentOctets: number;
}

/** Undefined: there is no such device. */
export function countersOf(device: string): DeviceCounters | undefined {
  try {
    return readCounters(readFileSync('/proc/net/dev', 'latin1'), device);
  } catch {
    return undefined; // no descriptor to spare, say: another time
  }
}

/** @param table the text of /proc/net/dev */
export function readCounters(table: string, device: string): DeviceCounters | undefined {
  const line = table.split('\n').find((each) => each.trimStart().startsWith(`${device}:`));
  if (line === undefined) return undefined;
  const fields = line
    .slice(line.indexOf(':') + 1)
    .trim()
    .split(/\s+/)
    .map(Number);
  const [receivedOctets = 0, receivedPackets = 0] = fields;
  const [sentOctets = 0, sentPackets = 0] = fields.slice(FIRST_OF_TRANSMIT);
  return { receivedPackets, receivedOctets, sentPackets, sentOctets };
}

/** Eight columns of what was received come first. */
const FIRST_OF_TRANSMIT = 8;
