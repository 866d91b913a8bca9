/** The page beside the figures of the data path: what was measured, how, what came out, what it does not say. */
import { flagsOfTheService } from '../service-flags.ts';
import { markdown } from '../table.ts';
import type { DataPathFindings } from './result.ts';
import { tablesOf } from './tables.ts';
import { GSO_MAX_SIZE, TUNNEL_MTU } from './tunnel.ts';

export const PICTURE = 'data-path.svg';

export function pageOf(found: DataPathFindings): string {
  const { plan } = found;
  const [tcp = '', cost = '', datagrams = '', ping = '', memory = '', lag = '', machines = ''] =
    tablesOf(found).map(markdown);
  return `![TCP throughput, processor time and small datagrams of all ways](${PICTURE})

The ways, all between the same two network namespaces, joined by a veth with MTU 1500 and all offloads:

- *no tunnel*: the veth itself.
- *naive*: what one writes first: node-tuntap2's stream, dgram, a new Buffer for every packet ([its source](../../test/bench/data-path/naive.mjs)).
- *l2tpwan*: the product, dialled, with \`dataPath\` set to \`tun\` and to \`tun-gso\`; its MTU set to ${TUNNEL_MTU}. It is
  started with the flags of its service, as bare Node is beside it: \`${flagsOfTheService().join(' ')}\`.
- *C, packet by packet* and *C with GSO*: the same data plane in C, with no control plane at all, a thread for each direction
  ([its source](../../test/bench/data-path/c/peer.c)); MTU ${TUNNEL_MTU}, \`gso_max_size\` ${GSO_MAX_SIZE}. With GSO it verifies each checksum before it
  joins segments, as the product does.

The product leaves its device's \`gso_max_size\` at the 64 KB of every device: Linux would cut packets that are forwarded from a LAN, and
longer than it says, one by one. What a super-packet has more than fits one \`sendmsg\` leaves with the next. (Set to that of C, the
product was no faster here.) It gathers the writes of a batch, where C writes each run as soon as it is whole. *naive* runs without the flags.

At the far end of every tunnel is the C peer with GSO, so that the far end is never what is slow: the product dials a small LNS, which then
leaves the packets to it. ${plan.sittings} sittings of ${plan.rounds} rounds: in each sitting all processes are new ones: several of the very same code
differed by up to a tenth over 14 rounds, and why is not known. All ways are up at the same time and idle while another is measured. In
a round, every measurement is made of all ways in turn before the next one, beginning with another way each time; each load takes
${plan.loadSeconds} s. With TCP the two with GSO are measured ${plan.repeats} times a round, in turns. Before the first round each has run for a
moment. Ratios are medians of the ratios of what was measured next to each other.
${absence(found)}
${tcp}

iperf3, one connection, congestion control ${found.congestionControl}: what Linux and OpenWrt use if nobody says otherwise; it does not pace.
*Sent again*: iperf3's retransmissions, of the segments that what it sent makes.
Packet by packet, it is the client's own TUN device that loses what has to be sent again: its queue holds 500 packets, and is filled
faster than it is emptied. With GSO 500 super-packets fit.
${machinesOf(found, machines)}
${cost}

User and system time of the whole process, from /proc. What the kernel does on behalf of it, in its system calls, is in it: with a TUN device
that is nearly all of the network stack.

${datagrams}

One system call for each datagram sent, as fast as the sender can, counted at the receiving socket.

${ping}

20 pings at intervals of 50 ms in each round.

${memory}

MB are 2^20 octets. Idle: ${plan.idleSeconds} s after all were up, no traffic yet. Under load: a look every quarter of a second.
The most of all sittings; of bare Node, the least.

${lag}

A run of its own: a daemon with \`perf_hooks.monitorEventLoopDelay\` preloaded, which is no part of the product. A look every millisecond,
the least there is; what is shown is how much later than that it came. A timer is up to a millisecond late on an idle loop as well.

### What these figures do not say

- Both ends of iperf3, both ends of the tunnel and the kernel between them share the machine's cores. With one more core for each, all
  figures would be higher, and those of the lighter data planes relatively higher still.
- The veth hands UDP over as it was sent, up to 64 KB at a time; so does a network card with UDP GRO. One without brings single datagrams, which
  costs every way with GSO much of its lead downwards.
- One TCP connection; several share the same path.
- The far end's processor time counts against the same cores.
`;
}

function machinesOf({ machines }: DataPathFindings, table: string): string {
  if (machines === undefined) return '';
  return `
${table}

The two with GSO once more, with this machine's own congestion control, ${machines.congestionControl}: once a round, and no ping beside. Earlier
editions of this page had figures of that alone.
`;
}

function absence({ absent, features }: DataPathFindings): string {
  const gone = Object.entries(absent).map(([way, why]) => `\n- Not to be had here: \`${way}\`: ${why}.`);
  const used = Object.entries(features).flatMap(([way, words]) => {
    if (words === undefined || words.used.length + Object.keys(words.missing).length === 0) return [];
    const missing = Object.entries(words.missing).map(([name, why]) => `${name} (${why})`);
    const without = missing.length > 0 ? `; without ${missing.join(', ')}` : '';
    return [`\n- \`${way}\` here makes use of ${words.used.join(', ') || 'nothing special'}${without}.`];
  });
  return [...used, ...gone, '\n'].join('');
}
