/** Traffic as it comes out of a tunnel, from a seed: flows side by side, mostly in good order, with all that can happen to them. */
import { concat, hex } from '../../src/wire/bytes.ts';
import { Chance } from './chance.ts';
import {
  assemble,
  FLAG,
  get16,
  ICMP,
  type IpFields,
  ipHeader,
  put16,
  TCP,
  type TcpFields,
  tcpHeader,
  UDP,
  udpHeader,
} from './inner-packet.ts';

const EXTENSIONS = [
  { type: 0, octets: Uint8Array.of(0, 0, 1, 4, 0, 0, 0, 0) },
  { type: 60, octets: Uint8Array.of(0, 1, 1, 12, ...new Uint8Array(12)) },
  { type: 43, octets: Uint8Array.of(0, 0, 4, 0, 0, 0, 0, 0) },
];

/** Payloads are taken from here: quicker than new chance for every octet, and hardly ever the same. */
const POOL = new Chance(1).entropy(1 << 16);

export interface TrafficOptions {
  /** How likely a packet is to be out of the ordinary, 0 to 1. */
  readonly oddity: number;
  readonly flows: number;
  /** Payload octets of an ordinary packet, at most. */
  readonly largest: number;
}

/** Packets of several flows, in bursts. */
export function traffic(chance: Chance, count: number, { oddity, flows, largest }: TrafficOptions): Uint8Array[] {
  const all = Array.from({ length: flows }, (_, i) => new Flow(chance, i, largest));
  let flow = chance.pick(all);
  return Array.from({ length: count }, () => {
    if (chance.happens(0.3)) flow = chance.pick(all);
    return chance.happens(oddity) ? flow.odd() : flow.next();
  });
}

/** With one bit or a few the other way round. */
export function damaged(packet: Uint8Array, chance: Chance): Uint8Array {
  const out = packet.slice();
  do {
    const at = chance.below(chance.happens(0.5) ? Math.min(80, out.length) : out.length);
    out[at] = (out[at] as number) ^ (1 << chance.below(8));
  } while (chance.happens(0.2));
  return out;
}

/** Addresses, protocol and ports; undefined: it has none, so it may belong to any flow. */
export function flowOf(packet: Uint8Array): string | undefined {
  const version = (packet[0] as number) >> 4;
  let [protocol, at, end] = [
    packet[9] ?? 0,
    ((packet[0] as number) % 16) * 4,
    packet.length < 20 ? 0 : get16(packet, 2),
  ];
  if (version === 6 && packet.length >= 40) {
    [protocol, at, end] = [packet[6] as number, 40, 40 + get16(packet, 4)];
    while ([0, 43, 60].includes(protocol)) {
      protocol = packet[at] ?? 255;
      at += 8 + 8 * (packet[at + 1] ?? 0);
    }
  } else if (version !== 4 || at < 20 || (get16(packet, 6) & 0x3fff) !== 0) return undefined;
  if (end > packet.length || at + 4 > end || (protocol !== TCP && protocol !== UDP)) return undefined;
  const addresses = version === 4 ? packet.subarray(12, 20) : packet.subarray(8, 40);
  return `${protocol} ${hex(addresses)} ${hex(packet.subarray(at, at + 4))}`;
}

interface Changes {
  readonly ip?: Partial<IpFields>;
  readonly tcp?: Partial<TcpFields>;
  readonly size?: number;
  /** The checksum is to come out as 0, in one of its forms. */
  readonly isZero?: boolean;
}

class Flow {
  readonly #chance: Chance;
  readonly #ports: Uint8Array;
  readonly #protocol: number;
  readonly #size: number;
  #ip: IpFields;
  #tcp: TcpFields;
  #last: Uint8Array = new Uint8Array();

  constructor(chance: Chance, index: number, largest: number) {
    this.#chance = chance;
    this.#protocol = chance.happens(0.7) ? TCP : UDP;
    this.#size = 1 + chance.below(largest);
    this.#ports = Uint8Array.of(4, index, 0, chance.pick([80, 81]));
    this.#ip = {
      version: chance.pick([4, 6]),
      source: 1 + chance.below(3),
      destination: 1 + chance.below(3),
      hopLimit: 64,
      service: chance.pick([0, 2]),
      identification: chance.below(65_536),
      fragment: chance.pick([0, 0x4000]),
      options: chance.happens(0.1) ? Uint8Array.of(1, 1, 1, 0) : new Uint8Array(),
      flowLabel: chance.below(1 << 20),
      extensions: EXTENSIONS.filter(() => chance.happens(0.1)),
    };
    this.#tcp = {
      sequence: chance.pick([0xffff_ff00, chance.below(2 ** 32)]),
      acknowledgment: chance.below(2 ** 32),
      flags: FLAG.ack,
      window: chance.below(65_536),
      urgent: 0,
      reserved: 0,
      options: chance.happens(0.7) ? Uint8Array.of(1, 1, 8, 10, ...chance.entropy(8)) : new Uint8Array(),
    };
  }

  /** The packet that comes next. */
  next(changes: Changes = {}): Uint8Array {
    const size = changes.size ?? this.#size;
    const ip = { ...this.#ip, ...changes.ip };
    const tcp = { ...this.#tcp, ...changes.tcp };
    const transport = this.#protocol === TCP ? tcpHeader(this.#ports, tcp) : udpHeader(this.#ports);
    const payloadAt = this.#chance.below(POOL.length - size);
    const payload = POOL.slice(payloadAt, payloadAt + size);
    const parts = { ip: ipHeader(ip, this.#protocol), protocol: this.#protocol, transport, payload };
    if (changes.isZero === true && size >= 2) {
      put16(payload, 0, 0);
      put16(payload, 0, get16(assemble(parts), this.checksumAt));
    }
    this.#last = assemble(parts);
    this.#ip = { ...this.#ip, identification: (ip.identification + 1) % 65_536 };
    this.#tcp = { ...this.#tcp, sequence: (tcp.sequence + size) % 2 ** 32 };
    return this.#last;
  }

  odd(): Uint8Array {
    return this.#chance.pick(ODDITIES)(this, this.#chance);
  }

  /** Something changes for good. */
  set(changes: { ip?: Partial<IpFields>; tcp?: Partial<TcpFields> }): Uint8Array {
    this.#ip = { ...this.#ip, ...changes.ip };
    this.#tcp = { ...this.#tcp, ...changes.tcp };
    return this.next();
  }
  /** The last packet once more. */
  again(): Uint8Array {
    return this.#last.length === 0 ? this.next() : this.#last.slice();
  }
  get size(): number {
    return this.#size;
  }
  get fields(): { readonly ip: IpFields; readonly tcp: TcpFields } {
    return { ip: this.#ip, tcp: this.#tcp };
  }
  /** Something without ports between the same addresses. */
  icmp(): Uint8Array {
    const { ip } = this.fields;
    const payload = this.#chance.entropy(20);
    return assemble({ ip: ipHeader(ip, ICMP), protocol: ICMP, transport: new Uint8Array(), payload });
  }
  /** Where its transport checksum stands. */
  get checksumAt(): number {
    const { version, options, extensions } = this.#ip;
    const ipOctets =
      version === 4 ? 20 + options.length : 40 + extensions.reduce((sum, { octets }) => sum + octets.length, 0);
    return ipOctets + (this.#protocol === TCP ? 16 : 6);
  }
}

const withFlags = (flags: number) => (flow: Flow) => flow.next({ tcp: { flags } });

const ODDITIES: readonly ((flow: Flow, chance: Chance) => Uint8Array)[] = [
  (flow, chance) => flow.next({ size: chance.below(flow.size) }), // shorter
  (flow, chance) => flow.next({ size: flow.size + 1 + chance.below(9) }), // longer
  (flow) => flow.next({ size: 0 }), // a pure ACK
  withFlags(FLAG.ack | FLAG.psh),
  withFlags(FLAG.ack | FLAG.psh),
  withFlags(FLAG.ack | FLAG.fin),
  withFlags(FLAG.ack | FLAG.cwr),
  withFlags(FLAG.ack | FLAG.ece),
  withFlags(FLAG.ack | FLAG.urg),
  withFlags(FLAG.rst),
  withFlags(FLAG.syn),
  (flow) => flow.next({ ip: { service: 3 } }), // met congestion
  (flow) => flow.again(),
  (flow, chance) => flow.next({ tcp: { sequence: (flow.fields.tcp.sequence + chance.pick([1, 2 ** 31])) % 2 ** 32 } }),
  (flow, chance) => flow.next({ tcp: { sequence: chance.below(2 ** 32) } }),
  (flow, chance) => flow.next({ ip: { identification: chance.below(65_536) } }),
  (flow, chance) => flow.set({ tcp: { acknowledgment: chance.below(2 ** 32) } }),
  (flow, chance) => flow.set({ tcp: { window: chance.below(65_536) } }),
  (flow, chance) => flow.set({ tcp: { options: Uint8Array.of(1, 1, 8, 10, ...chance.entropy(8)) } }),
  (flow, chance) => flow.set({ tcp: { urgent: chance.below(9), reserved: chance.below(16) } }),
  (flow, chance) => flow.set({ ip: { hopLimit: 1 + chance.below(255) } }),
  (flow, chance) => flow.set({ ip: { flowLabel: chance.below(1 << 20) } }),
  (flow, chance) => flow.set({ ip: { extensions: EXTENSIONS.filter(() => chance.happens(0.3)) } }),
  (flow, chance) =>
    flow.set({
      ip: { options: chance.pick([[], [1, 1, 1, 0], [1, 1, 1, 1]].map((octets) => Uint8Array.from(octets))) },
    }),
  (flow, chance) => flow.set({ ip: { fragment: chance.pick([0, 0x4000, 0x8000]) } }),
  (flow, chance) => flow.next({ ip: { fragment: chance.pick([0x2000, 0x2001, 0x0001]) } }), // a fragment, in IPv4
  (flow) => flow.next({ ip: { extensions: [{ type: 44, octets: Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 9) }] } }), // in IPv6
  (flow) => flow.next({ ip: { extensions: [{ type: 51, octets: new Uint8Array(12) }] } }), // authenticated
  (flow) => flow.icmp(),
  (flow) => with16(flow.next(), flow.checksumAt, () => 0), // in UDP: none
  (flow) => with16(flow.next(), flow.checksumAt, (checksum) => checksum ^ 0x0100),
  (flow) => flow.next({ isZero: true }),
  (flow) => with16(flow.next({ isZero: true }), flow.checksumAt, () => 0),
  (flow) => with16(flow.next({ isZero: true }), flow.checksumAt, () => 0xffff),
  (flow, chance) => concat(flow.next(), chance.entropy(1 + chance.below(8))), // octets behind it
  (flow, chance) => cut(flow.next(), chance), // cut off
  (_flow, chance) => chance.entropy(1 + chance.below(80)), // garbage
  (_flow, chance) => concat(Uint8Array.of(0x45), chance.entropy(19 + chance.below(80))),
  (_flow, chance) => concat(Uint8Array.of(0x60), chance.entropy(39 + chance.below(80))),
];

function with16(packet: Uint8Array, at: number, change: (value: number) => number): Uint8Array {
  const changed = packet.slice();
  if (at + 2 <= packet.length) put16(changed, at, change(get16(packet, at)));
  return changed;
}

const cut = (packet: Uint8Array, chance: Chance): Uint8Array => packet.slice(0, 1 + chance.below(packet.length - 1));
