/** The page beside the figures of the footprint: what was measured, how, what it does not say. */
import { markdown } from '../table.ts';
import type { FootprintFindings } from './result.ts';
import { tablesOf } from './tables.ts';

export function pageOf(found: FootprintFindings): string {
  const { plan, memory } = found;
  const [packages = '', flash = '', used = '', withMqtt = '', start = ''] = tablesOf(found).map(markdown);
  return `${packages}

Made by the packager from this checkout. KB are 1024 octets. *Installed* is what the package says of itself.

${flash}

MB are 2^20 octets, before what a file system saves: squashfs, ubifs and jffs2 compress, and Node.js comes down to about a third of that.
\`Node.js of this machine\` is built for glibc. xl2tpd and pppd are Debian's for x86_64, its modules those of User-Mode Linux; OpenWrt builds both
smaller. Its own package pages on openwrt.org give as installed sizes, in kB: xl2tpd 47 (18.06), ppp 109, ppp-mod-pppol2tp 4,
kmod-ppp 22 (22.03), kmod-pppox 1 (21.02), kmod-l2tp 14, kmod-pppol2tp 9 (19.07): together some 0.2 MB.

${used}

${plan.memoryCopies} daemons of each kind and ${plan.memoryCopies} bare Nodes at the same time, started as the service starts them (\`${memory.flags.join(' ')}\`), idle,
read ${plan.idleSeconds} s after the start; all connections up, data path \`auto\`. Of xl2tpd and pppd it is the sum of all processes, once, in
User-Mode Linux; pages that processes share are counted in each RSS. The kernel's own memory is in no figure.

${withMqtt}

${plan.memoryCopies} daemons of each kind with one connection, at the same time, read at the same age; broker: mosquitto on the same machine, MQTT 3.1.1,
measurements every 10 s. Switched off, nothing of the MQTT client is evaluated.

${start}

${plan.starts} starts of ours, to a server given as an address, without netifd. xl2tpd with \`autodial\`, once, in User-Mode Linux, no netifd either.
With procd and netifd around it: [docs/openwrt.md](../openwrt.md#footprint).
`;
}
