/** Where the broker's URL leads. */
import { isIP } from 'node:net';

export interface BrokerAddress {
  /** Name or address, without brackets. */
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  readonly isWebSocket: boolean;
  /** For people: `broker.lan port 1883`. */
  readonly words: string;
}

const PORTS: Readonly<Record<string, number>> = { 'mqtt:': 1883, 'mqtts:': 8883, 'ws:': 80, 'wss:': 443 };

/** @param server a URL that the settings have taken */
export function addressOf(server: string): BrokerAddress {
  const { protocol, hostname, port } = new URL(server);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const number = port === '' ? (PORTS[protocol] ?? 0) : Number(port);
  return {
    host,
    port: number,
    isSecure: protocol === 'mqtts:' || protocol === 'wss:',
    isWebSocket: protocol === 'ws:' || protocol === 'wss:',
    words: `${host} port ${number}`,
  };
}

export const isAddress = (host: string): boolean => isIP(host) !== 0;
