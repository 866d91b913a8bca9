/** How TCP is kept from sending segments that do not fit the tunnel: an nftables table of our own, one for each connection. */
import type { Installed } from '../../ports/network.ts';
import { failureOf, type Run, succeeded } from './command.ts';
import { saysGone } from './ip-text.ts';

/** Largest segments, octets. */
export interface Mss {
  readonly ipv4: number;
  readonly ipv6: number;
}

/** @param setting of the connection: a number is taken where it fits @param mtu octets @returns undefined: leave it to the user */
export function mssOf(setting: boolean | number, mtu: number): Mss | undefined {
  if (setting === false) return undefined;
  const fitting = mtu - IPV4_AND_TCP;
  const ipv4 = setting === true ? fitting : Math.min(setting, fitting);
  return { ipv4, ipv6: ipv4 - (IPV6_AND_TCP - IPV4_AND_TCP) };
}

/** Puts the table in place of the one before, in one transaction. Without a usable nft the tunnel works all the same. */
export async function clamp(run: Run, device: string, mss: Mss | undefined): Promise<Installed['mss']> {
  if (mss === undefined) return { state: 'off' };
  if (!PLAIN_NAME.test(device))
    return { state: 'unavailable', why: `nft has no way to write the device name ${device}` };
  const outcome = await run(NFT, { input: clampScript(device, mss) });
  return succeeded(outcome) ? { state: 'clamped', ...mss } : { state: 'unavailable', why: failureOf(NFT, outcome) };
}

/** Takes the table of a device away. @returns words when it is still there */
export async function unclamp(run: Run, table: string): Promise<string | undefined> {
  const outcome = await run(NFT, { input: `delete table inet ${table}\n` });
  return succeeded(outcome) || saysGone(outcome) ? undefined : failureOf(NFT, outcome);
}

/** Named after the device, which is one of its kind on the machine; what nft would not take in a name is spelled in hexadecimal. */
export const tableOf = (device: string): string =>
  `l2tpwan_${device.replace(/[^A-Za-z0-9]/g, (sign) => `_${(sign.codePointAt(0) ?? 0).toString(16)}_`)}`;

/**
 * Both directions, for what this machine sends as well as what it forwards: a SYN says what its sender can take, so the
 * one that leaves limits the peer and the one that comes in limits us. Only ever lowered: an increase stalls connections.
 */
export function clampScript(device: string, mss: Mss): string {
  const table = tableOf(device);
  const rule = (direction: 'iifname' | 'oifname', family: keyof Mss) => {
    const limit = mss[family];
    const syn = `${direction} "${device}" meta nfproto ${family} tcp flags syn`;
    return `    ${syn} tcp option maxseg size > ${limit} tcp option maxseg size set ${limit}`;
  };
  const chain = (name: string, hook: string, direction: 'iifname' | 'oifname') => [
    `  chain ${name} {`,
    `    type filter hook ${hook} priority -150; policy accept;`, // "mangle"; the word is unknown to older nft in this hook
    rule(direction, 'ipv4'),
    rule(direction, 'ipv6'),
    '  }',
  ];
  return [
    `add table inet ${table}`, // so that `delete` cannot fail
    `delete table inet ${table}`,
    `table inet ${table} {`,
    ...chain('from_tunnel', 'prerouting', 'iifname'),
    ...chain('into_tunnel', 'postrouting', 'oifname'),
    '}',
    '',
  ].join('\n');
}

const PLAIN_NAME = /^[\w.@+-]+$/; // a quote would end the name, an asterisk would match other devices
const NFT = ['nft', '-f', '-'];
const IPV4_AND_TCP = 40;
const IPV6_AND_TCP = 60;
