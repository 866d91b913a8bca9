/** The page beside the figures of dialling: what was measured, how, what came out, what it does not say. */
import { markdown } from '../table.ts';
import type { DialFindings } from './result.ts';
import { tablesOf } from './tables.ts';

export function pageOf(found: DialFindings): string {
  const { plan } = found;
  const [dial = '', startUp = '', memory = ''] = tablesOf(found).map(markdown);
  return `${dial}

${plan.dialPairs} pairs for each server, the order changing from pair to pair. *xl2tpd*: Debian's xl2tpd with pppd and the kernel's L2TP.
*l2tpns*: Debian's l2tpns with FreeRADIUS. *xl2tpd+pppd*: the same programs as the client, with debugging off and CCP and VJ
not asked for, which spares them round trips. Both clients are running before they are told to dial and use the same link.
*Command to up* is each client's own view: ours from its stage times, with device, routes and MSS clamping in place; pppd's
when \`ip-up\` runs, in steps of 10 ms, with no routes. The lines below it are read from captures in the same way for both.
*Waiting for timers* is silence of 0.9 s or longer, apart from the time in which the server starts its PPP.

- What makes the difference are waits of 2 to 3 s: a server's first LCP request comes before pppd is there to hear it, or pppd's own
  before the server is, and both are repeated only then. l2tpwan listens before it says ICCN, and repeats its request as soon as
  the server shows that it is there. What is left of its time on the wire is the server's: with xl2tpd, starting pppd.
- The reference client, like the xl2tpd server, lives in User-Mode Linux, because not every kernel has PPP and L2TP. Starting
  pppd there takes some tenths of a second, more on a busy machine, and less on real hardware; the waits are the same anywhere.
- Now and then the reference client's first request happens to be heard; then it is up after half a second.
- Round trips are the same thing twice: the protocol sets their number. The link has no latency to speak of;
  with a round-trip time of R ms, each line grows by R times its round trips, and the ratio falls accordingly.

${startUp}

${plan.starts} starts each, in turns, configuration file read, server given as an address. Both figures hold a few milliseconds of \`ip netns exec\`.

${memory}

Idle: ${plan.memoryCopies} daemons and ${plan.memoryCopies} bare Nodes (\`node -e 'setInterval(() => {}, 1e9)'\`) at the same time. MB are 2^20 octets.
Most of a Node's RSS is its own program file, shared by all Nodes of a machine and given back when memory is short; *private dirty*
is what really is its own. RSS falls with V8's first garbage collection, some 8 s after the dial, and rises again by some 3.5 MB
when V8 first optimises a function: its compiler is in Node's program file. Traffic makes it do so at once; a connection that
nobody uses, after a minute or a few. The goal is judged before that, at ${plan.idleSeconds.at(-1)} s. For memory under load see
[the data path](data-path.md).
`;
}
