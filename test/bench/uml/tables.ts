/** What was found inside User-Mode Linux, as tables. */
import { spread, type Table } from '../table.ts';
import type { Amount } from './counted.ts';
import { CLIENTS, type ClientName, type UmlFindings } from './result.ts';

export function tablesOf(found: UmlFindings): Table[] {
  return [rateTable(found), countTable(found)];
}

export const clientWords = (client: ClientName, dataPath: string): string =>
  client === 'l2tpwan' ? `l2tpwan, ${dataPath}` : `xl2tpd+pppd, ${client === 'xl2tpd-pty' ? 'pty' : 'kernel'}`;

function rateTable({ rates, times, dataPath }: UmlFindings): Table {
  return {
    title: 'TCP, one connection',
    columns: ['', 'up, Mbit/s', 'of xl2tpd, kernel', 'down, Mbit/s', 'of xl2tpd, kernel'],
    rows: CLIENTS.map((client) => [
      clientWords(client, dataPath),
      ...(['up', 'down'] as const).flatMap((direction) => [
        spread(rates[client][direction]),
        spread(times[client][direction]),
      ]),
    ]),
  };
}

function countTable({ counted }: UmlFindings): Table {
  const row = (words: string, { packets, octets }: Amount) => [words, String(packets), String(octets)];
  const { device, session, status, tcpOctets, seconds, cpuSeconds, cpuPercent } = counted;
  return {
    title: `While ${tcpOctets} octets of TCP passed upwards, in ${seconds} s: l2tpwan used ${cpuSeconds} s of CPU, ${cpuPercent} %`,
    columns: ['sent, as counted by', 'packets', 'octets'],
    rows: [
      row('the tunnel device', device),
      ...(session ? [row("the kernel's L2TP session, headers included", session)] : []),
      row("l2tpwan's status", status),
    ],
  };
}
