/** What was found about dialling, as tables. */
import { spread, type Table } from '../table.ts';
import { DIALLED, type DialFigures } from './dial.ts';
import type { DialFindings } from './result.ts';

export function tablesOf(found: DialFindings): Table[] {
  return [dialTable(found), startUpTable(found), memoryTable(found)];
}

const DIAL_ROWS: readonly { words: string; figure: keyof DialFigures; ratio?: 'up' | 'wire' }[] = [
  { words: 'command to up, ms', figure: 'upMs', ratio: 'up' },
  { words: 'first SCCRQ to last IPCP Ack, ms', figure: 'wireMs', ratio: 'wire' },
  { words: 'of that, waiting for timers, ms', figure: 'silentMs' },
  { words: 'of that, ICCN to the first LCP packet of the server, ms', figure: 'serverStartMs' },
  { words: 'round trips', figure: 'roundTrips' },
];

function dialTable({ dial }: DialFindings): Table {
  const rows = DIALLED.flatMap((kind) =>
    DIAL_ROWS.map(({ words, figure, ratio }) => {
      const { l2tpwan, pppd, faster } = dial[kind];
      const times = ratio === undefined ? '' : `${faster[ratio]} ×`;
      return [kind, words, spread(l2tpwan[figure]), spread(pppd[figure]), times];
    }),
  );
  return { title: 'Dialling', columns: ['server', '', 'l2tpwan', 'xl2tpd+pppd', 'faster'], rows };
}

function startUpTable({ startUp }: DialFindings): Table {
  return {
    title: 'Start-up',
    columns: ['', 'ms'],
    rows: [
      ['l2tpwan: process start to first SCCRQ on the wire', spread(startUp.sccrqMs)],
      ['`node -e 0`: process start to its end', spread(startUp.bareNodeMs)],
    ],
  };
}

function memoryTable({ memory, bundleKb }: DialFindings): Table {
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
      ['bare Node', spread(bare?.rss), '', spread(bare?.privateDirty), ''],
      [`the installed file: ${bundleKb} KB`, '', '', '', ''],
    ],
  };
}
