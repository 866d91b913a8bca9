/** What is counted of one call's data messages. */

/** Packets and octets are those of the inner IP packets. */
export interface LaneCounters {
  sentPackets: number;
  sentOctets: number;
  receivedPackets: number;
  receivedOctets: number;
  /** Came out of the tunnel device, dropped: addressed to the server's end of the tunnel itself. */
  looped: number;
  /** Came out of the tunnel device, dropped: neither IPv4 nor IPv6. */
  notIp: number;
  /** Came out of the tunnel device, dropped: the link does not carry IPv4 (now). */
  ipv4Blocked: number;
  /** Came out of the tunnel device, dropped: the link does not carry IPv6 (now). */
  ipv6Blocked: number;
  /** Data messages for no call of ours; counted by whoever the lane left them to. */
  unknownSession: number;
  /** Numbered data messages that came behind a later one; delivered all the same. */
  reordered: number;
  /** Numbers left out when a later one came: lost, or counted in `reordered` afterwards. */
  skipped: number;
}

export const noneCounted = (): LaneCounters => ({
  sentPackets: 0,
  sentOctets: 0,
  receivedPackets: 0,
  receivedOctets: 0,
  looped: 0,
  notIp: 0,
  ipv4Blocked: 0,
  ipv6Blocked: 0,
  unknownSession: 0,
  reordered: 0,
  skipped: 0,
});
