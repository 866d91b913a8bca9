/** The page beside the figures: what was measured, how, what came out, what it does not say. */
import { type BenchResult, goalsOf } from './result.ts';
import { markdown, tablesOf } from './tables.ts';

export function page(result: BenchResult): string {
  const { machine, plan, tookSeconds } = result;
  const goals = goalsOf(result).map(
    ({ words, found, reached }) => `- ${reached ? 'Reached' : '**Not reached**'}: ${words}: ${found}.`,
  );
  const [dial = '', startUp = '', memory = '', throughput = ''] = tablesOf(result).map(markdown);
  return `# Benchmarks

Written by \`npm run bench\` (as root; ${Math.ceil(tookSeconds / 60)} minutes; \`-- --quick\` for a glance). All samples are in [dial.json](dial.json).

Measured on ${machine.cpu}, ${machine.cores} cores, ${machine.memoryMb} MB, Linux ${machine.kernel}, Node ${machine.node}, ${machine.date.slice(0, 10)}.
Load average ${machine.load.begin} when it began and ${machine.load.end} when it ended, its own load included.
Figures are medians, with the least and the most in brackets; what is compared was measured in turns within this one run.

${goals.join('\n')}

${dial}

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
nobody uses, after a minute or a few. The goal is judged before that, at ${plan.idleSeconds.at(-1)} s. What V8's young generation has grown
to under load it keeps, as the row *quiet again* shows.

${throughput}

${plan.throughputRounds} rounds of ${plan.loadSeconds} s; iperf3 with one TCP connection, or UDP as fast as the sender can, counted where it arrives. The server is l2tpns, which
moves packets one by one through a TUN device as well. Everything (both ends of iperf3, both ends of the tunnel) shares the
${machine.cores} cores, so that the bare link is no upper bound to be reached but a measure of the machine; MTU 1460 in the tunnel, 1500 and all
offloads outside. The portable path costs a system call or two for every packet.
`;
}
