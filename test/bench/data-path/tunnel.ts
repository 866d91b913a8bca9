/** Which addresses a tunnel of the benchmark has, and the session of those that nobody dials. */
import type { Endpoint } from '../../../src/protocol/machine.ts';

/** Everything of a tunnel follows from its number, 0 to 100. */
export interface Tunnel {
  /** Outside. */
  readonly server: Endpoint;
  readonly client: Endpoint;
  /** Inside. */
  readonly near: string;
  readonly far: string;
  readonly farDevice: string;
}

export const CLIENT_ADDRESS = '10.0.2.2';
/** The client's namespace to the server's, with no tunnel. */
export const SERVER_ADDRESS = '10.0.2.72';
/** Inside; 1500 outside has room for it with every header there can be. */
export const TUNNEL_MTU = 1460;
/** A super-packet of this size fits one send with UDP_SEGMENT, headers included. */
export const GSO_MAX_SIZE = 62_000;

export const tunnelOf = (number: number): Tunnel => ({
  server: { address: `10.0.2.${100 + number}`, port: 1701 },
  client: { address: CLIENT_ADDRESS, port: 17_000 + number },
  near: `10.64.${number}.2`,
  far: `10.64.${number}.1`,
  farDevice: `far${number}`,
});

/** The words for a program that is told its session: the peer, the ids in what it receives, the header of what it sends. */
export const sessionWords = ({ address, port }: Endpoint): string[] => [address, String(port), IDS, HEADER];

const IDS = '00010001';
const HEADER = `0002${IDS}ff030021`;
