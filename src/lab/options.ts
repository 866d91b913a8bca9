/** The lab LNS's command line: plain flags to settings. */
import { isIP, isIPv6 } from 'node:net';
import { parseArgs } from 'node:util';
import { AUTH_METHODS, type AuthMethod } from '../protocol/settings.ts';
import type { LnsQuirks, LnsSettings } from './lns-io.ts';

export const USAGE = `usage: l2tpwan-lab lns --listen ADDRESS[:PORT] --user NAME:PASSWORD [--user …]
         [--pool PREFIX] [--local ADDRESS] [--dns ADDRESS,ADDRESS] [--ipv6] [--mru OCTETS] [--sequencing]
         [--auth METHOD,METHOD] [--secret TEXT] [--host-name NAME] [--hello SECONDS] [--echo SECONDS]
         [--max-tunnels N] [--one-login] [--tun DEVICE] [--quirks JSON]
       l2tpwan-lab serve ADDRESS PORT
       l2tpwan-lab measure ADDRESS PORT SECONDS
       l2tpwan-lab broker ADDRESS PORT`;

export interface LabOptions {
  readonly settings: LnsSettings;
  /** Name of the TUN device to make; undefined: none, packets go nowhere. */
  readonly device: string | undefined;
  /** What is routed into the device. */
  readonly prefix: string;
}

/** @throws TypeError an unknown flag, a value that makes no sense: its message is for the user */
export function readOptions(args: readonly string[]): LabOptions {
  const { values } = parseArgs({ args: [...args], options: FLAGS, strict: true });
  const prefix = values.pool;
  const settings: LnsSettings = {
    listen: endpoint(values.listen ?? wrong('--listen is missing')),
    tunnel: {
      hostName: values['host-name'],
      vendorName: 'l2tpwan lab',
      secret: values.secret,
      receiveWindow: 4,
      helloIntervalMs: number('hello', values.hello) * 1000,
      hideAvps: false,
      tolerateUnknownMandatory: true,
    },
    users: new Map((values.user ?? []).map(user)),
    auth: values.auth.split(',').filter(Boolean).map(method),
    localAddress: values.local || undefined,
    pool: addressesOf(prefix),
    dns: values.dns.split(',').filter(Boolean),
    ipv6: values.ipv6,
    mru: number('mru', values.mru),
    echoIntervalMs: number('echo', values.echo) * 1000,
    sequencing: values.sequencing,
    maxTunnels: number('max-tunnels', values['max-tunnels']),
    oneLoginPerUser: values['one-login'],
    quirks: JSON.parse(values.quirks) as LnsQuirks,
  };
  return { settings, device: values.tun, prefix };
}

const FLAGS = {
  listen: { type: 'string' },
  user: { type: 'string', multiple: true },
  pool: { type: 'string', default: '10.64.0.0/24' },
  local: { type: 'string', default: '10.64.0.1' },
  dns: { type: 'string', default: '' },
  ipv6: { type: 'boolean', default: false },
  mru: { type: 'string', default: '1500' },
  sequencing: { type: 'boolean', default: false },
  auth: { type: 'string', default: 'chap-md5' },
  secret: { type: 'string' },
  'host-name': { type: 'string', default: 'lab' },
  hello: { type: 'string', default: '60' },
  echo: { type: 'string', default: '10' },
  'max-tunnels': { type: 'string', default: '100' },
  'one-login': { type: 'boolean', default: false },
  tun: { type: 'string' },
  quirks: { type: 'string', default: '{}' },
} as const;

/** Clients get the addresses of the prefix from its third on: the second is the LNS's own by default. */
const FIRST_CLIENT = 2;
const LARGEST_POOL = 1024;

function addressesOf(prefix: string): string[] {
  const [base = '', length = ''] = prefix.split('/');
  if (isIP(base) !== 4 || !/^\d+$/.test(length) || Number(length) > 30) wrong(`--pool ${prefix} is no IPv4 prefix`);
  const start = base.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const count = Math.min(2 ** (32 - Number(length)) - FIRST_CLIENT - 1, LARGEST_POOL);
  return Array.from({ length: count }, (_, index) => dotted(start + FIRST_CLIENT + index));
}

const dotted = (value: number): string => [24, 16, 8, 0].map((shift) => (value >>> shift) & 0xff).join('.');

/** `192.0.2.1`, `192.0.2.1:1701`, `2001:db8::1`, `[2001:db8::1]:1701` */
function endpoint(value: string): { address: string; port: number } {
  const [, address = '', port = '1701'] = isIPv6(value) ? ['', value] : (/^\[?(.*?)\]?(?::(\d+))?$/.exec(value) ?? []);
  return isIP(address) !== 0 ? { address, port: Number(port) } : wrong(`--listen ${value} is no IP address`);
}

function user(value: string): [name: string, password: string] {
  const colon = value.indexOf(':');
  return colon > 0 ? [value.slice(0, colon), value.slice(colon + 1)] : wrong('--user wants NAME:PASSWORD');
}

const method = (value: string): AuthMethod =>
  AUTH_METHODS.find((each) => each === value) ?? wrong(`--auth ${value}: choose from ${AUTH_METHODS.join(', ')}`);

const number = (flag: string, value: string): number =>
  /^\d+$/.test(value) ? Number(value) : wrong(`--${flag} ${value} is no number`);

function wrong(words: string): never {
  throw new TypeError(words);
}
