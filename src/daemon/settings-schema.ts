/** The configuration file as people write it: every field, its unit, its bounds and what holds when it is not there. */
import * as z from 'zod/mini';
import en from 'zod/v4/locales/en.js';
import { DATA_PATHS } from '../ports/data-path.ts';
import { LOG_LEVELS } from '../ports/log.ts';
import { AUTH_METHODS } from '../protocol/settings.ts';
import { addressAndPortOf, hostAndPortOf, PREFIX_WORDS, prefixOf } from './address.ts';
import { LONGEST_DEVICE } from './device-name.ts';
import { absolutePath, listOf, matching, octets, oneOf, seconds, text, whole, yesOrNo } from './field-kinds.ts';
import { MQTT } from './mqtt-schema.ts';

z.config(en());

export const DNS_PORT = 53;
/** RFC 2661 §8.1. */
export const L2TP_PORT = 1701;

const deviceName = (longest: number, what = 'a network device') =>
  matching(
    `the name of ${what}: 1 to ${longest} characters, no blank, slash or colon`,
    (name) => /^[^\s/:]+$/.test(name) && octets(name) <= longest && name !== '.' && name !== '..',
  );

const prefix = z.string(PREFIX_WORDS).check(z.refine(isPrefix, { error: ({ input }) => wordsAboutPrefix(input) }));

const hostOrAddress = 'NAME, ADDRESS, NAME:PORT, ADDRESS:PORT or [IPV6]:PORT';
const SERVER = z.strictObject({
  host: matching('a host name or an address', (value) => hostAndPortOf(bracketed(value), L2TP_PORT) !== undefined),
  port: z._default(whole(1, 65535), L2TP_PORT),
});

const server = z.union(
  [matching(hostOrAddress, (value) => hostAndPortOf(value, L2TP_PORT) !== undefined), SERVER],
  `${hostOrAddress}, or { "host": …, "port": … }`,
);

const HELLO_WORDS = 'seconds from 0.1 to 3600, or false';
const ECHO_WORDS = 'seconds from 0.1 to 3600, { "interval": seconds, "failures": count } or false';
const ECHO = z.strictObject({
  /** Seconds between echoes. */
  interval: z._default(seconds(0.1, 3600), 10),
  /** How many echoes without answer, and without any data in between, end the link. */
  failures: z._default(whole(1, 100), 3),
});

const REDIAL = z.strictObject(
  {
    /** The first wait; each one after it is twice as long. */
    first: z._default(seconds(0.1, 3600), 1),
    /** The longest wait. */
    max: z._default(seconds(0.1, 86_400), 300),
    /** The least wait after the server said that it is full. */
    busy: z._default(seconds(0, 86_400), 60),
    /** The least wait where only a person can help: a wrong password. */
    slow: z._default(seconds(0, 86_400), 120),
    /** Being up this long makes the next wait a first one again. */
    resetAfter: z._default(seconds(0, 86_400), 60),
  },
  '{ "first": seconds, "max": …, "busy": …, "slow": …, "resetAfter": … }',
);

export const CONNECTION = z.strictObject(
  {
    /** Servers (LNSes), names or addresses; every address of each is dialled. The port is 1701 unless given. */
    servers: listOf(server, 'servers', 1),
    /** Given to the server as it is, UTF-8. */
    username: text(1, 255),
    /** Given to the server as it is, UTF-8. */
    password: text(0, 255),
    /** Whether the connection is dialled when the daemon starts. */
    enabled: z._default(yesOrNo, true),

    /** Shared secret of the tunnel (RFC 2661 §5.1.1); none: the server is not challenged. */
    tunnelSecret: z.optional(text(1, 255)),
    /** Hides the AVPs that may be hidden (RFC 2661 §4.3); needs a tunnelSecret. */
    hideAvps: z._default(yesOrNo, false),
    /** Goes on when the server demands an extension that we do not know, where RFC 2661 §4.1 wants the tunnel closed. */
    tolerateUnknownAvps: z._default(yesOrNo, false),
    /** What we call ourselves in the tunnel; the machine's host name unless given. */
    hostName: z.optional(text(1, 255)),
    /** Vendor name sent in the tunnel; empty: none. */
    vendorName: z._default(text(0, 255), 'l2tpwan'),
    /** Authentication methods that may be used, most wanted first. */
    auth: z._default(listOf(oneOf(AUTH_METHODS), 'authentication methods', 1), [...AUTH_METHODS]),

    /** Name of the tunnel device; `l2w-` and the connection's name unless given. */
    device: z.optional(deviceName(LONGEST_DEVICE)),
    /** The device to dial through, on OpenWrt an interface of netifd as well, whose names may be longer; otherwise whichever the route to the server names. */
    uplink: z.optional(deviceName(64, 'a network device or interface')),
    /** How packets are moved; `auto` takes the fastest that works here. What the file says for all of them unless given. */
    dataPath: z.optional(oneOf(DATA_PATHS)),
    /** UDP checksums of data messages (RFC 2661 §8.1); control messages always have them. Only the data path `kernel` can leave them out. */
    udpChecksums: z._default(yesOrNo, true),
    /** Firewall mark of everything that goes to the server; none unless given. */
    mark: z.optional(whole(1, 4_294_967_295)),
    /** Largest MTU of the tunnel, octets; also the MRU that the server is asked for. */
    mtu: z._default(whole(128, 9000, 'of octets '), 1460),
    /** Tries out with large LCP echoes, once the connection is up, whether full packets get through. */
    mtuProbe: z._default(yesOrNo, false),
    /** TCP segment size: true clamps it to MTU - 40 (IPv6: 60), a number to that many octets (IPv6: 20 fewer), false not at all. */
    mss: z._default(
      z.union([yesOrNo, whole(88, 8960)], 'true, false or a whole number of octets from 88 to 8960'),
      true,
    ),
    /** IPv6 inside the tunnel, where the server offers it. */
    ipv6: z._default(yesOrNo, true),
    /** UDP port we call from; 0: any free one. */
    sourcePort: z._default(whole(0, 65535), 0),

    /** true: a default route into the tunnel that wins; "split": two halves instead; false: none. */
    defaultRoute: z._default(z.union([yesOrNo, z.literal('split')], 'true, false or "split"'), true),
    /** Metric of the default route; one that wins unless given. */
    metric: z.optional(whole(0, 4_294_967_295)),
    /** Number of the routing table for the tunnel's routes, looked up for packets from the tunnel's address; main unless given. */
    table: z.optional(whole(1, 4_294_967_295)),
    /** Prefixes into the tunnel. */
    routes: z._default(listOf(prefix, 'prefixes'), []),
    /** Prefixes that stay on the uplink whatever else goes into the tunnel. */
    exclude: z._default(listOf(prefix, 'prefixes'), []),
    /** Writes the server's name servers to a resolv file and hands them to the scripts. */
    peerDns: z._default(yesOrNo, true),
    /** Name servers that are asked for the servers' addresses; those of the uplink unless given. */
    resolver: z._default(
      listOf(
        matching('ADDRESS, ADDRESS:PORT or [IPV6]:PORT', (value) => addressAndPortOf(value, DNS_PORT) !== undefined),
        'name servers',
      ),
      [],
    ),
    /** Run after the tunnel is up and before it goes down, with the variables of pppd's ip-up. */
    upScript: z.optional(absolutePath),
    downScript: z.optional(absolutePath),

    /** Silence in the tunnel, seconds, after which we ask whether the server is there; false: never. */
    hello: z._default(z.union([seconds(0.1, 3600, HELLO_WORDS), z.literal(false)], HELLO_WORDS), 60),
    /** LCP echoes, or only the seconds between them; false: none. */
    echo: z._default(z.union([seconds(0.1, 3600, ECHO_WORDS), z.literal(false), ECHO], ECHO_WORDS), {
      interval: 10,
      failures: 3,
    }),
    /** Waits between dials, seconds. */
    redial: z.prefault(REDIAL, {}),
    /** Seconds without an answer after which another address is tried, as long as there is one. */
    connectTimeout: z._default(seconds(0.1, 300), 5),
    /** Servers in the order given, or in a new random order each time. */
    serverOrder: z._default(oneOf(['listed', 'random']), 'listed'),
    /** Whose answer is taken when it comes from another address: one of the servers' (listed), anybody's, nobody's (strict). */
    acceptReplyFrom: z._default(oneOf(['listed', 'any', 'strict']), 'listed'),
  },
  'a connection: { "servers": …, "username": …, "password": …, … }',
);

export const NAME_WORDS = 'a name of 1 to 64 letters, digits, hyphens and underscores';

export const FILE = z.strictObject(
  {
    /** Connections by name. */
    connections: z.record(
      matching(NAME_WORDS, (name) => /^[a-z0-9][\w-]{0,63}$/i.test(name)),
      CONNECTION,
      'connections by name: { "wan": { … } }',
    ),
    /** Connections are interfaces of OpenWrt's netifd as well: it says which are up, and sets their addresses, routes and name servers. */
    netifd: z._default(yesOrNo, false),
    /** How packets are moved for connections that do not say, those of netifd among them. */
    dataPath: z._default(oneOf(DATA_PATHS), 'auto'),
    /** Directory of the journal that cleans up after a crash; the run directory unless given. */
    stateDir: z.optional(absolutePath),
    /** What is logged: this and what is graver. */
    logLevel: z._default(oneOf(LOG_LEVELS), 'info'),
    /** What is published by MQTT, and to which broker. */
    mqtt: z.prefault(MQTT, {}),
  },
  '{ "connections": { … } }',
);

/** A file that has passed, defaults filled in, still in the units of the file. */
export type FileSettings = z.output<typeof FILE>;
/** A connection, and what the file says for all of them where it says nothing itself. */
export type FileConnection = z.output<typeof CONNECTION> & Pick<FileSettings, 'dataPath'>;

/** The fields that may stand at a path of the file. */
export function fieldsAt(path: readonly PropertyKey[]): readonly string[] {
  if (path.length === 0) return Object.keys(FILE.shape);
  if (path[0] === 'mqtt') return path.length === 1 ? Object.keys(MQTT.shape) : [];
  if (path.length === 2) return Object.keys(CONNECTION.shape);
  const inner = { servers: SERVER, echo: ECHO, redial: REDIAL }[String(path[2])];
  return inner === undefined ? [] : Object.keys(inner.shape);
}

/** Fields whose values are never shown, wherever they stand. */
export const SECRET_FIELDS: ReadonlySet<string> = new Set(['password', 'tunnelSecret']);

/** `host` of an object may be a bare IPv6 address; a port does not belong there. */
const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

function isPrefix(value: string): boolean {
  return 'prefix' in prefixOf(value);
}

function wordsAboutPrefix(value: unknown): string {
  const read = prefixOf(String(value));
  return 'wrong' in read ? read.wrong : PREFIX_WORDS;
}
