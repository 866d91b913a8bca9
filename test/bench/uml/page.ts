/** The page beside the figures from inside User-Mode Linux: what was measured, how, what came out, what it does not say. */
import { markdown } from '../table.ts';
import { L2TP_AND_PPP_OCTETS } from './counted.ts';
import type { UmlFindings } from './result.ts';
import { tablesOf } from './tables.ts';

export const PICTURE = 'uml.svg';

export function pageOf(found: UmlFindings): string {
  const { plan, dataPath } = found;
  const [rates = '', counts = ''] = tablesOf(found).map(markdown);
  return `![TCP throughput of the three clients](${PICTURE})

Inside one User-Mode Linux, whose kernel has L2TP and PPP where the machine's own has not: an LNS (xl2tpd with pppd, in kernel mode) in one
network namespace, the client in another, a veth between them. *l2tpwan* is the bundle with \`dataPath\` set to \`${dataPath}\`;
*xl2tpd+pppd* are Debian's, as the client of the same LNS, in kernel mode and in pty mode, where every packet passes through
both programs. MTU 1410, CHAP, ${plan.rounds} rounds; in each round every client dials, is measured for ${plan.seconds} s up and ${plan.seconds} s down, and hangs up.
The order changes from round to round.

All of it happens within one boot: what differs between two boots, or between two moments of the machine beneath, would otherwise be a
difference between the clients. Ratios are those of one round; the median of them counts.

${rates}

${counts}

The session counts the L2TP and PPP headers as well, ${L2TP_AND_PPP_OCTETS} octets each time.

### What these figures do not say

- User-Mode Linux has one processor, on which both ends of the tunnel and of iperf3 run, and its system calls are dear: a data path
  that lives in a program looks worse here than on a real machine, one in the kernel does not.
- What the two kernel modes share is all but everything: their packets take the very same way through the very same kernel.
`;
}
