/**
 * Names to addresses without help from any tunnel: the uplink's own name servers are asked first, from the uplink's address,
 * and the system's resolver only when they do not know. A local cache that filters private addresses (rebind protection)
 * or that forwards into a dead tunnel is thus not in the way; /etc/hosts still counts.
 */
import { Resolver } from 'node:dns'; // its promises bring more memory with them than they are worth
import { isIP, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import { HostError } from '../../ports/host-error.ts';
import type { ResolverPort } from '../../ports/resolver.ts';
import { readFile } from './files.ts';

/** Where systems keep the name servers they got from the uplink, most telling first; the last may name a local cache only. */
const RESOLV_FILES = ['/tmp/resolv.conf.d/resolv.conf.auto', '/run/systemd/resolve/resolv.conf', '/etc/resolv.conf'];
/** One try of one server, ms, and tries. */
const TIMEOUT_MS = 1500;
const TRIES = 2;
const HOSTS_FILE = '/etc/hosts';
const RESOLV_FILE = '/etc/resolv.conf';

export interface ResolverOptions {
  /** Makes the way to a name server lead over the uplink while it is asked; returns how to undo it. */
  readonly pin: (nameServer: string, uplink: string | undefined) => Promise<() => Promise<void>>;
  readonly resolvFiles?: readonly string[];
  readonly hostsFile?: string;
}

export function resolver({ pin, resolvFiles = RESOLV_FILES, hostsFile = HOSTS_FILE }: ResolverOptions): ResolverPort {
  return {
    async resolve(name, uplink, nameServers) {
      if (isIP(name) !== 0) return [name];
      const servers = nameServers.length > 0 ? nameServers : await uplinkNameServers(resolvFiles);
      const said: string[] = [];
      for (const server of servers) {
        const addresses = await ask(server, name, uplink, pin).catch((error: unknown) => {
          said.push(`${server}: ${words(error)}`);
          return [];
        });
        if (addresses.length > 0) return addresses;
      }
      const addresses = await system(name, hostsFile).catch((error: unknown) => {
        said.push(`system: ${words(error)}`);
        return [];
      });
      if (addresses.length > 0) return addresses;
      throw new HostError('resolve-failed', `${name}: ${said.join('; ')}`);
    },
  };
}

async function ask(
  server: string,
  name: string,
  uplink: string | undefined,
  pin: ResolverOptions['pin'],
): Promise<string[]> {
  const unpin = await pin(hostOf(server), uplink);
  try {
    const dns = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
    dns.setServers([server]);
    const source = addressOf(uplink, isIPv6(hostOf(server)));
    if (source !== undefined) dns.setLocalAddress(...source);
    return await addressesOf(dns, name);
  } finally {
    await unpin();
  }
}

async function addressesOf(dns: Resolver, name: string): Promise<string[]> {
  const resolve4 = promisify<string, string[]>(dns.resolve4.bind(dns));
  const resolve6 = promisify<string, string[]>(dns.resolve6.bind(dns));
  const [four, six] = await Promise.allSettled([resolve4(name), resolve6(name)]);
  const found = [four, six].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  if (found.length === 0 && four.status === 'rejected') throw four.reason;
  return found;
}

/**
 * What the system's resolver knows: /etc/hosts, then the name servers of resolv.conf, a local cache among them. Not by
 * getaddrinfo(3): the thread it holds cannot be ended, and a process that is told to stop would wait for it, half a minute.
 */
async function system(name: string, hostsFile: string): Promise<string[]> {
  const known = inHosts(await textOf(hostsFile), name);
  if (known.length > 0) return known;
  const dns = new Resolver({ timeout: TIMEOUT_MS, tries: TRIES });
  const domains = name.includes('.') ? [] : searchedDomains(await textOf(RESOLV_FILE));
  for (const domain of domains) {
    const found = await addressesOf(dns, `${name}.${domain}`).catch(() => []);
    if (found.length > 0) return found;
  }
  return addressesOf(dns, name);
}

/** hosts(5): an address and its names on each line. */
const inHosts = (hosts: string, name: string): string[] =>
  hosts.split('\n').flatMap((line) => {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().toLowerCase().split(/\s+/);
    return isIP(address) !== 0 && names.includes(name.toLowerCase()) ? [address] : [];
  });

/** Of several lines the last one counts (resolv.conf(5)). */
const searchedDomains = (resolv: string): string[] =>
  [...resolv.matchAll(/^(?:search|domain)\s+(.*)$/gm)].at(-1)?.[1]?.trim().split(/\s+/) ?? [];

const textOf = (file: string): Promise<string> =>
  readFile(file).then(
    (bytes) => new TextDecoder().decode(bytes),
    () => '',
  );

/** The name servers of the first file that names one other than this machine itself. */
async function uplinkNameServers(files: readonly string[]): Promise<string[]> {
  for (const file of files) {
    const content = await textOf(file);
    const servers = [...content.matchAll(/^\s*nameserver\s+(\S+)/gm)].map((match) => match[1] ?? '');
    const remote = servers.filter((server) => isIP(server.replace(/%.*/, '')) !== 0 && !isLoopback(server));
    if (remote.length > 0) return remote;
  }
  return [];
}

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

/** The address of `10.0.0.1`, `10.0.0.1:53`, `fd00::1` or `[fd00::1]:53`. */
function hostOf(server: string): string {
  if (isIP(server) !== 0) return server;
  return server.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}

/** What `setLocalAddress` takes so that questions leave with the uplink's own address; undefined when it has none. */
function addressOf(uplink: string | undefined, six: boolean): [ipv4: string, ipv6?: string] | undefined {
  const addresses = (uplink === undefined ? undefined : networkInterfaces()[uplink]) ?? [];
  const found = addresses.find(
    ({ family, address }) => (family === 'IPv6') === six && !address.startsWith('fe80'),
  )?.address;
  if (found === undefined) return undefined;
  return six ? ['0.0.0.0', found] : [found];
}

function words(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOTFOUND') return 'no such name';
  if (code === 'ENODATA') return 'the name has no address';
  if (code === 'ETIMEOUT') return 'no answer';
  if (code === 'ECONNREFUSED') return 'unreachable';
  return error instanceof Error ? error.message : String(error);
}
