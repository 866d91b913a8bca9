/** What was found about the data path, as tables. */
import type { Memory } from '../process-figures.ts';
import { ratios, rounded, type Summary } from '../summary.ts';
import { spread, type Table } from '../table.ts';
import { LOAD_NAMES, type Load, type TcpLoad } from './course.ts';
import type { Lag } from './lag.ts';
import { COMPARED, type Compared, type DataPathFindings, type MachinesTcp } from './result.ts';
import type { LoadFigures, WayFigures } from './samples.ts';
import { UDP_PAYLOAD_OCTETS } from './traffic.ts';
import { WAYS, type WayName } from './ways.ts';

export function tablesOf(found: DataPathFindings): Table[] {
  return [
    tcpTable(found),
    costTable(found),
    datagramTable(found),
    pingTable(found),
    memoryTable(found),
    lagTable(found),
    ...(found.machines ? [machinesTable(found.machines)] : []),
  ];
}

const WAY_WORDS: Readonly<Record<WayName, string>> = {
  veth: 'no tunnel',
  naive: 'naive: stream and dgram',
  tun: 'l2tpwan, `tun`',
  'tun-gso': 'l2tpwan, `tun-gso`',
  'c-plain': 'C, packet by packet',
  'c-gso': 'C with GSO',
};

function rowsOf(found: DataPathFindings, row: (figures: WayFigures) => string[]): string[][] {
  return WAYS.flatMap((way) => {
    const figures = found.ways[way];
    return figures === undefined ? [] : [[WAY_WORDS[way], ...row(figures)]];
  });
}

function tcpTable(found: DataPathFindings): Table {
  const c = found.ways['c-gso'];
  const ofC = (rate: Summary, load: Load) => (c === undefined ? '' : `${ratios(rate, c.loads[load].rate).median}`);
  return {
    title: `TCP, one connection, ${found.congestionControl}`,
    columns: ['', 'up, Mbit/s', 'of C with GSO', 'sent again, %', 'down, Mbit/s', 'of C with GSO', 'sent again, %'],
    rows: rowsOf(found, ({ loads }) =>
      (['tcpUp', 'tcpDown'] as const).flatMap((load) => {
        const { rate, retransmittedPercent } = loads[load];
        return [spread(whole(rate)), ofC(rate, load), spread(retransmittedPercent)];
      }),
    ),
  };
}

function machinesTable({ congestionControl, rates }: MachinesTcp): Table {
  const cells = (way: Compared, load: TcpLoad) => {
    const rate = rates[way][load];
    return [spread(whole(rate)), `${ratios(rate, rates['c-gso'][load]).median}`];
  };
  return {
    title: `TCP, one connection, ${congestionControl}`,
    columns: ['', 'up, Mbit/s', 'of C with GSO', 'down, Mbit/s', 'of C with GSO'],
    rows: COMPARED.map((way) => [WAY_WORDS[way], ...cells(way, 'tcpUp'), ...cells(way, 'tcpDown')]),
  };
}

function costTable(found: DataPathFindings): Table {
  const cells = ({ cpuPercent, cpuMsPerGbit }: LoadFigures) => [spread(cpuPercent), spread(cpuMsPerGbit)];
  return {
    title: "What TCP costs: processor time of the client's process",
    columns: ['', 'up, %', 'up, ms per Gbit', 'down, %', 'down, ms per Gbit'],
    rows: rowsOf(found, ({ loads }) => [...cells(loads.tcpUp), ...cells(loads.tcpDown)]),
  };
}

function datagramTable(found: DataPathFindings): Table {
  const cells = ({ rate, cpuPercent }: LoadFigures) => [spread(rate), spread(cpuPercent)];
  return {
    title: `UDP, ${UDP_PAYLOAD_OCTETS} octets`,
    columns: ['', 'up, thousand/s', 'CPU, %', 'down, thousand/s', 'CPU, %'],
    rows: rowsOf(found, ({ loads }) => [...cells(loads.udpUp), ...cells(loads.udpDown)]),
  };
}

function pingTable(found: DataPathFindings): Table {
  return {
    title: 'Latency',
    columns: ['ping, ms', 'idle', 'beside TCP up', 'beside TCP down'],
    rows: rowsOf(found, ({ ping }) => [spread(ping.idle), spread(ping.tcpUp), spread(ping.tcpDown)]),
  };
}

function memoryTable(found: DataPathFindings): Table {
  const { rss, privateDirty } = found.bareNode;
  const cells = (memory: Memory) => [`${memory.rss}`, above(memory.rss, rss), `${memory.privateDirty}`];
  const rows = rowsOf(found, ({ memory }) => (memory ? [...cells(memory.idle), ...cells(memory.loaded)] : []));
  return {
    title: 'Memory',
    columns: [
      'MB',
      'RSS idle',
      'above bare Node',
      'private dirty',
      'RSS, most under load',
      'above bare Node',
      'private dirty',
    ],
    rows: [...rows.filter((row) => row.length > 1), ['bare Node', `${rss}`, '', `${privateDirty}`, '', '', '']],
  };
}

const above = (value: number, base: number): string => {
  const difference = rounded(value - base);
  return difference < 0 ? String(difference) : `+${difference}`;
};

const LAG_WORDS: Readonly<Record<'idle' | Load, string>> = {
  idle: 'idle',
  tcpUp: 'TCP up',
  tcpDown: 'TCP down',
  udpUp: 'small datagrams up',
  udpDown: 'small datagrams down',
};

function lagTable({ lag }: DataPathFindings): Table {
  const cells = ({ p50, p99, max, looks }: Lag) => [...[p50, p99, max].map((ms) => ms.toFixed(2)), String(looks)];
  return {
    title: 'Event loop of `tun-gso`: how late',
    columns: ['ms', 'half of the looks', '99 % of the looks', 'at most', 'looks'],
    rows:
      lag === undefined ? [] : (['idle', ...LOAD_NAMES] as const).map((load) => [LAG_WORDS[load], ...cells(lag[load])]),
  };
}

const whole = ({ median, least, most, samples }: Summary): Summary => ({
  median: Math.round(median),
  least: Math.round(least),
  most: Math.round(most),
  samples,
});
