/** The result as tables, for a terminal and for Markdown alike. */
import { DIALLED, type DialFigures } from './dial.ts';
import type { IdleMemory } from './memory.ts';
import type { Memory } from './process-figures.ts';
import type { BenchResult } from './result.ts';
import { rounded, type Summary } from './summary.ts';
import type { Load } from './throughput.ts';
import { UDP_PAYLOAD_OCTETS } from './traffic.ts';

export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export function tablesOf(result: BenchResult): Table[] {
  return [dialTable(result), startUpTable(result), memoryTable(result), throughputTable(result)];
}

const DIAL_ROWS: readonly { words: string; figure: keyof DialFigures; ratio?: 'up' | 'wire' }[] = [
  { words: 'command to up, ms', figure: 'upMs', ratio: 'up' },
  { words: 'first SCCRQ to last IPCP Ack, ms', figure: 'wireMs', ratio: 'wire' },
  { words: 'of that, waiting for timers, ms', figure: 'silentMs' },
  { words: 'of that, ICCN to the first LCP packet of the server, ms', figure: 'serverStartMs' },
  { words: 'round trips', figure: 'roundTrips' },
];

function dialTable({ dial }: BenchResult): Table {
  const rows = DIALLED.flatMap((kind) =>
    DIAL_ROWS.map(({ words, figure, ratio }) => {
      const { l2tpwan, pppd, faster } = dial[kind];
      const times = ratio === undefined ? '' : `${faster[ratio]} ×`;
      return [kind, words, spread(l2tpwan[figure]), spread(pppd[figure]), times];
    }),
  );
  return { title: 'Dialling', columns: ['server', '', 'l2tpwan', 'xl2tpd+pppd', 'faster'], rows };
}

function startUpTable({ startUp }: BenchResult): Table {
  return {
    title: 'Start-up',
    columns: ['', 'ms'],
    rows: [
      ['l2tpwan: process start to first SCCRQ on the wire', spread(startUp.sccrqMs)],
      ['`node -e 0`: process start to its end', spread(startUp.bareNodeMs)],
    ],
  };
}

function memoryTable({ memory, throughput, bundleKb }: BenchResult): Table {
  const bare = memory.at(-1)?.bareNode;
  return {
    title: 'Memory and size',
    columns: ['MB', 'RSS', 'above bare Node', 'private dirty', 'above bare Node'],
    rows: [
      ...memory.map(({ ageSeconds, l2tpwan, above }) => [
        `one connection up, idle, ${ageSeconds} s after the start`,
        spread(l2tpwan.rss),
        `+${above.rss}`,
        spread(l2tpwan.privateDirty),
        `+${above.privateDirty}`,
      ]),
      ['most under the loads below', ...besideNode(throughput.loaded, bare)],
      ['10 s after them, quiet again', ...besideNode(throughput.afterwards, bare)],
      ['bare Node', spread(bare?.rss), '', spread(bare?.privateDirty), ''],
      [`the installed file: ${bundleKb} KB`, '', '', '', ''],
    ],
  };
}

function besideNode({ rss, privateDirty }: Memory, bare: IdleMemory['bareNode'] | undefined): string[] {
  const above = (value: number, summary: Summary | undefined) => `+${rounded(value - (summary?.median ?? 0))}`;
  return [String(rss), above(rss, bare?.rss), String(privateDirty), above(privateDirty, bare?.privateDirty)];
}

const LOAD_WORDS: Readonly<Record<Load, string>> = {
  tcpUp: 'TCP up, Mbit/s',
  tcpDown: 'TCP down, Mbit/s',
  udpUp: `UDP up, ${UDP_PAYLOAD_OCTETS} octets, thousand/s`,
  udpDown: `UDP down, ${UDP_PAYLOAD_OCTETS} octets, thousand/s`,
};

function throughputTable({ throughput }: BenchResult): Table {
  const loads = (Object.keys(LOAD_WORDS) as Load[]).map((load) => {
    const { rate, rawRate, cpuPercent, lnsCpuPercent } = throughput.loads[load];
    const cpu = [cpuPercent, lnsCpuPercent].map(({ median }) => `${median} %`);
    return [LOAD_WORDS[load], spread(rate), spread(rawRate), ...cpu];
  });
  const { idle, loaded } = throughput.ping;
  return {
    title: 'Throughput of the portable data path',
    columns: ['', 'tunnel', 'bare link', 'CPU of l2tpwan', 'CPU of the server'],
    rows: [
      ...loads,
      ['ping, idle, ms', spread(idle.tunnel), spread(idle.raw), '', ''],
      ['ping beside TCP up, ms', spread(loaded.tunnel), spread(loaded.raw), '', ''],
    ],
  };
}

/** The median and, where they differ, the extremes. */
const spread = (summary: Summary | undefined): string => {
  if (summary === undefined) return '';
  const { median, least, most } = summary;
  return least === most ? String(median) : `${median} (${least}–${most})`;
};

export function plainText({ title, columns, rows }: Table): string {
  const widths = columns.map((column, index) =>
    Math.max(...[column, ...rows.map((row) => row[index] ?? '')].map((cell) => cell.length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd();
  return [title, line(columns), ...rows.map(line)].join('\n');
}

export function markdown({ title, columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [`### ${title}`, '', line(columns), line(columns.map(() => '---')), ...rows.map(line)].join('\n');
}
