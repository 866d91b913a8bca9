/** The data paths as a picture. */
import { type Chart, drawCharts } from '../plot.ts';
import { rounded } from '../summary.ts';
import type { Load } from './course.ts';
import type { DataPathFindings } from './result.ts';
import type { LoadFigures } from './samples.ts';
import { UDP_PAYLOAD_OCTETS } from './traffic.ts';
import { WAYS, type WayName } from './ways.ts';

export function drawWays({ ways }: DataPathFindings): string {
  const there = WAYS.filter((way) => ways[way] !== undefined);
  const chart = (title: string, up: Load, down: Load, value: (figures: LoadFigures) => number | undefined): Chart => {
    const valuesOf = (load: Load) =>
      there.map((way) => {
        const figures = ways[way]?.loads[load];
        return figures && value(figures);
      });
    return {
      title,
      labels: there.map((way) => LABELS[way]),
      series: [
        { name: 'up', values: valuesOf(up) },
        { name: 'down', values: valuesOf(down) },
      ],
    };
  };
  return drawCharts([
    chart('TCP, Gbit/s', 'tcpUp', 'tcpDown', ({ rate }) => rounded(rate.median / 1000, 2)),
    chart('CPU of the client, ms per Gbit', 'tcpUp', 'tcpDown', ({ cpuMsPerGbit }) => cpuMsPerGbit?.median),
    chart(`${UDP_PAYLOAD_OCTETS}-octet datagrams, thousand/s`, 'udpUp', 'udpDown', ({ rate }) => rate.median),
  ]);
}

const LABELS: Readonly<Record<WayName, string>> = {
  veth: 'no tunnel',
  naive: 'naive',
  tun: 'l2tpwan, tun',
  'tun-gso': 'l2tpwan, tun-gso',
  'c-plain': 'C, plain',
  'c-gso': 'C, GSO',
};
