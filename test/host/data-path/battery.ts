/** Traffic of every kind at once through a tunnel, and what is wrong with it afterwards: nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Figures } from './end.ts';
import { ADDRESS, type Field, type Side, TUNNEL } from './field.ts';
import type { Flow, IpOptions } from './traffic.ts';

export interface BatteryOptions {
  readonly mtu?: number;
  /** Of each of eight TCP flows: two each way, of either family. */
  readonly octets?: number;
}

/** IPv4: four NOPs, a router alert (RFC 2113), three NOPs and the end. IPv6: destination options, all padding. */
const OPTIONS: Record<4 | 6, IpOptions> = {
  4: [0, 4, '010101019404000001010100'],
  6: [41, 59, '0000010400000000'],
};

/** @returns what went wrong, in words */
export async function everything(field: Field, { mtu = 1460, octets = 2e6 }: BatteryOptions = {}): Promise<string[]> {
  const wrong: string[] = [];
  const before = await settledCounters(field);
  await Promise.all(
    FAMILIES.map(async (family) => {
      const flows = [1, 2].flatMap((seed): Flow[] => [
        { way: 'up', octets: octets + seed, seed: 10 * family + seed },
        { way: 'down', octets: octets + 7 * seed, seed: 20 * family + seed },
      ]);
      flows.push({ way: 'up', octets: octets / 4, seed: 99, options: OPTIONS[family] });
      const verdicts = await field.users.near.call('transfer', ADDRESS.inside.far[family], flows);
      wrong.push(
        ...verdicts.flatMap((verdict, i) => (verdict ? [`TCP/IPv${family} ${flows[i]?.way}: ${verdict}`] : [])),
      );
    }),
  );
  await Promise.all([...FAMILIES.map((family) => datagrams(field, family, mtu, wrong)), pings(field, mtu, wrong)]);
  wrong.push(...(await losses(field, before)), ...(await complaints(field, before)));
  return wrong;
}

async function datagrams(field: Field, family: 4 | 6, mtu: number, wrong: string[]): Promise<void> {
  const whole = mtu - (family === 4 ? 28 : 48);
  const kinds = {
    'of all sizes': {
      sizes: [...Array(40).keys(), whole - 1, whole, whole + 1, 2 * whole, 9001, 40_002, 65_487],
    },
    'many of one size': { sizes: Array(300).fill(333) },
    'cut by the kernel or us': { sizes: [...Array(120).fill(whole), 77], isSegmented: true },
    'tiny, cut by the kernel or us': { sizes: [...Array(200).fill(11), 3], isSegmented: true },
    'with options': { sizes: [0, 1, 500, whole - 16, whole, 5000], options: OPTIONS[family] },
    'with options, cut': { sizes: [...Array(60).fill(whole - 16), 1], isSegmented: true, options: OPTIONS[family] },
  };
  const [from, to] = [ADDRESS.inside.near[family], ADDRESS.inside.far[family]];
  for (const [kind, what] of Object.entries(kinds)) {
    const { missing, doubled } = await field.users.near.call('datagrams', { from, to, device: TUNNEL, ...what });
    const sizes = missing.map((index) => what.sizes[index]);
    if (missing.length > 0) wrong.push(`UDP/IPv${family} ${kind}: ${missing.length} did not come back: ${sizes}`);
    if (doubled > 0) wrong.push(`UDP/IPv${family} ${kind}: ${doubled} came twice`);
  }
}

async function pings(field: Field, mtu: number, wrong: string[]): Promise<void> {
  const [to4, to6] = [ADDRESS.inside.far[4], ADDRESS.inside.far[6]];
  const whole = ['-M', 'do', '-s', `${mtu - 28}`];
  const ways = [
    [to4],
    ['-s', '0', to4],
    [...whole, to4],
    ['-s', '20000', to4],
    ['-R', to4],
    ['-T', 'tsonly', to4],
    [to6],
  ];
  for (const way of ways)
    await field.runBeside('near', 'ping', '-q', '-c', '2', '-i', '0.01', '-W', '3', ...way).catch((error: Error) => {
      wrong.push(`ping ${way.join(' ')}: ${error.message}`);
    });
}

/** Everything that one end sends must come to the other. @param before since when; undefined: since they were opened */
export async function losses(field: Field, before?: Counters): Promise<string[]> {
  let wrong: string[] = [];
  for (let tries = 0; tries < 40; tries++) {
    const after = await countersOf(field);
    wrong = (['near', 'far'] as const).flatMap((side) => {
      const other = side === 'near' ? 'far' : 'near';
      const { sendErrors, lost } = after[side].end;
      const failed = sendErrors.count - (before?.[side].end.sendErrors.count ?? 0);
      const grown = (end: Side, name: 'sent' | 'received', unit: 'Packets' | 'Octets') =>
        after[end].end.counters[`${name}${unit}`] - (before?.[end].end.counters[`${name}${unit}`] ?? 0);
      const units = (['Packets', 'Octets'] as const).map((unit) => {
        return { unit, sent: grown(side, 'sent', unit), came: grown(other, 'received', unit) };
      });
      return [
        ...(failed === 0 ? [] : [`${side}: ${failed} not sent: ${sendErrors.last}`]),
        ...lost.map((why) => `${side}: lost: ${why}`),
        ...units
          .filter(({ sent, came }) => sent !== came)
          .map(({ unit, sent, came }) => `${side} sent ${sent} ${unit}, ${came} came`),
      ];
    });
    if (wrong.length === 0) return [];
    await sleep(50);
  }
  return wrong;
}

type Counters = Record<Side, { kernel: Record<string, number>; end: Figures }>;

export async function countersOf(field: Field): Promise<Counters> {
  const of = async (side: Side) => ({
    kernel: await field.users[side].call('counters'),
    end: await field.ends[side].call('figures'),
  });
  const [near, far] = await Promise.all([of('near'), of('far')]);
  return { near, far };
}

/** Once nothing is on its way from one end to the other: the kernel says something of its own accord now and then. */
async function settledCounters(field: Field): Promise<Counters> {
  for (let last = ''; ; await sleep(20)) {
    const counters = await countersOf(field);
    const now = JSON.stringify([counters.near.end.counters, counters.far.end.counters]);
    if (now === last) return counters;
    last = now;
  }
}

/** What the kernel found wrong with packets since then: TCP would hide it. */
async function complaints(field: Field, before: Counters): Promise<string[]> {
  const after = await countersOf(field);
  return (['near', 'far'] as const).flatMap((side) => {
    const grown = (name: string) => (after[side].kernel[name] ?? 0) - (before[side].kernel[name] ?? 0);
    const wrong = COMPLAINTS.filter((name) => grown(name) > 0).map((name) => `${side}: ${grown(name)} ${name}`);
    const dropped = after[side].end.dropped - before[side].end.dropped;
    if (dropped > 0) wrong.push(`${side}: ${dropped} not delivered`);
    const [sent, again] = [grown('Tcp.OutSegs'), grown('Tcp.RetransSegs')];
    // Some are the price of finding out how much goes: what the device has no room for is dropped before we see it.
    if (again > 100 + sent / 20) wrong.push(`${side}: ${again} of ${sent} segments were sent again`);
    return wrong;
  });
}

export const FAMILIES = [4, 6] as const;
const COMPLAINTS = [
  ...['Tcp.InCsumErrors', 'Udp.InCsumErrors', 'Udp6InCsumErrors', 'Icmp.InCsumErrors', 'Icmp6InCsumErrors'],
  ...['Udp.RcvbufErrors', 'Udp6RcvbufErrors'],
  ...['Ip.InHdrErrors', 'Ip6InHdrErrors', 'Ip6InTruncatedPkts', 'Ip.ReasmFails', 'Ip6ReasmFails'],
];
