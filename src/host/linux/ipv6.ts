/** When the tunnel device has IPv6, and which: none before IPV6CP has opened, then the link-local address it agreed on. */
import { writeFileSync } from 'node:fs';
import { failureOf, type Run, succeeded } from './command.ts';
import { saysExists } from './ip-text.ts';
import { prefixOf, writeAddress } from './prefix.ts';

/** Below it the kernel takes IPv6 off the device by itself (RFC 8200 §5), octets. */
export const IPV6_LEAST_MTU = 1280;

/** No IPv6 at all on the device: no link-local address of the kernel's own, no solicitations. Fine where the kernel has no IPv6. */
export const blockIpv6 = (device: string): string | undefined => set(device, 'disable_ipv6', 1);

/**
 * Opens IPv6 on the device with the address of an interface identifier.
 * @param interfaceId 8 octets (RFC 5072)
 * @param advertised what router advertisements may bring: addresses, and a default route if there is a metric for it; undefined: nothing
 * @returns what did not work, as words
 */
export async function openIpv6(
  run: Run,
  device: string,
  interfaceId: Uint8Array,
  advertised: { readonly defaultMetric: number | undefined } | undefined,
): Promise<string[]> {
  const metric = advertised?.defaultMetric;
  const sysctls: [string, number][] = [
    ['addr_gen_mode', 1], // no link-local address but ours; addresses from advertisements take its identifier over
    ['accept_ra', advertised === undefined ? 0 : 2], // 2: on a router, too
    ['autoconf', advertised === undefined ? 0 : 1],
    ['accept_ra_defrtr', metric === undefined ? 0 : 1],
    ...(metric === undefined ? [] : ([['ra_defrtr_metric', metric]] as [string, number][])),
    ['disable_ipv6', 0],
  ];
  const troubles = sysctls.flatMap(([name, value]) => set(device, name, value) ?? []);
  const argv = ['ip', '-6', 'addr', 'add', `${linkLocalOf(interfaceId)}/64`, 'dev', device];
  const outcome = await run(argv);
  return succeeded(outcome) || saysExists(outcome) ? troubles : [...troubles, failureOf(argv, outcome)];
}

/** fe80::/10 with the interface identifier (RFC 5072 §5). */
export function linkLocalOf(interfaceId: Uint8Array): string {
  const identifier = interfaceId.reduce((bits, octet) => (bits << 8n) | BigInt(octet), 0n);
  return writeAddress(6, prefixOf(6, (0xfe80n << 112n) | identifier, 128).bits);
}

/** Metric for an advertised default route that wins over the uplink's; 1 where there is no lower one. */
export const winningIpv6Metric = (rivals: readonly number[]): number =>
  Math.max(1, Math.min(KERNEL_METRIC, ...rivals.map((metric) => metric - 1)));

const KERNEL_METRIC = 1024; // of every advertised default route, the uplink's as well

/** @returns words when the kernel would not take it */
function set(device: string, name: string, value: number): string | undefined {
  const path = `/proc/sys/net/ipv6/conf/${device}/${name}`;
  try {
    writeFileSync(path, `${value}\n`);
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? `${path} does not exist: this kernel has no such setting, or no IPv6` : message;
  }
}
