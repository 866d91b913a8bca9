/** What tshark, an independent reader, says about a capture. */
import { open } from 'node:fs/promises';
import { run } from './command.ts';
import { labRoot } from './netns.ts';

/** Something that tshark finds wrong with a packet. */
export interface Mark {
  /** Number of the packet in the capture, from 1. */
  readonly frame: number;
  /** Sender's IPv4 address, outer first. */
  readonly from: string;
  readonly severity: Severity;
  readonly message: string;
  /** The packet in a line. */
  readonly info: string;
}
export type Severity = 'chat' | 'note' | 'warning' | 'error';

// epan/proto.h of Wireshark: PI_CHAT and so on
const SEVERITY: ReadonlyMap<number, Severity> = new Map([
  [0x20_00_00, 'chat'],
  [0x40_00_00, 'note'],
  [0x60_00_00, 'warning'],
  [0x80_00_00, 'error'],
]);
const RANK: readonly Severity[] = ['chat', 'note', 'warning', 'error'];

/**
 * Every mark of at least that severity. A malformed packet is an error. TCP is not looked at: what tshark thinks of its numbers is
 * about the network, or about what the capture missed.
 * @param filter in the words of Wireshark's display filters: which packets to look at, for example `ip.src == 10.0.2.2`
 * @throws CommandFailed
 */
export async function marks(pcap: string, filter = 'frame', atLeast: Severity = 'error'): Promise<Mark[]> {
  const fields = ['frame.number', 'ip.src', '_ws.col.Info', '_ws.expert.severity', '_ws.expert.message'];
  const rows = await packets(pcap, fields, `(${filter}) && _ws.expert`, ['--disable-protocol', 'tcp']);
  return rows.flatMap(([frame, from = [], info = [], severities = [], messages = []]) =>
    severities.flatMap((value, index): Mark[] => {
      const severity = SEVERITY.get(Number(value)) ?? 'error';
      if (RANK.indexOf(severity) < RANK.indexOf(atLeast)) return [];
      const message = messages[index] ?? '';
      return [{ frame: Number(frame?.[0]), from: from[0] ?? '', severity, message, info: info.join('; ') }];
    }),
  );
}

/**
 * Fields of packets: for each packet that passes the filter a row, in it for each field all its values, outermost first.
 * @param more arguments of tshark
 * @throws CommandFailed an unknown field, a filter that cannot be read
 */
export async function packets(
  pcap: string,
  fields: readonly string[],
  filter = 'frame',
  more: readonly string[] = [],
): Promise<string[][][]> {
  const text = await tshark(pcap, [
    ...more,
    ...['-Y', filter, '-T', 'fields', '-E', 'separator=/t', '-E', `aggregator=${BETWEEN}`],
    ...fields.flatMap((field) => ['-e', field]),
  ]);
  const rows = text.split('\n').filter((line) => line !== '');
  return rows.map((row) => row.split('\t').map((cell) => (cell === '' ? [] : cell.split(BETWEEN))));
}
const BETWEEN = '\u{1f}'; // a unit separator: in no value

/**
 * What `tshark ARGS` prints about a capture.
 * @throws CommandFailed
 */
async function tshark(pcap: string, args: readonly string[]): Promise<string> {
  const root = await labRoot();
  const file = await open(pcap, 'r');
  try {
    return await run('chroot', [root, 'tshark', '-n', '-r', '-', ...args], { stdin: file.fd });
  } finally {
    await file.close();
  }
}
