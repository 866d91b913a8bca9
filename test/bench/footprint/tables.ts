/** What was found about the footprint, as tables. */
import { rounded } from '../summary.ts';
import { spread, type Table } from '../table.ts';
import type { FootprintFindings } from './result.ts';
import type { FileSize } from './sizes.ts';

export function tablesOf(found: FootprintFindings): Table[] {
  return [packageTable(found), flashTable(found), memoryTable(found), mqttTable(found), startTable(found)];
}

function packageTable({ sizes }: FootprintFindings): Table {
  return {
    title: 'Packages',
    columns: ['', 'file, KB', 'installed, KB'],
    rows: sizes.packages.map(({ name, file, installed }) => [`\`${name}\``, kb(file), kb(installed)]),
  };
}

/** What has to be on the flash of a router, file systems that compress set aside. */
function flashTable({ sizes }: FootprintFindings): Table {
  const installed = (pattern: RegExp) => sizes.packages.find(({ name }) => pattern.test(name))?.installed ?? 0;
  const [all, x64, arm] = [/^l2tpwan_/, /^l2tpwan-native_.*_x86_64/, /^l2tpwan-native_.*_aarch64/].map(installed);
  const runtime = (words: string) => sizes.runtimes.find(({ name }) => name.includes(words))?.octets ?? 0;
  const sum = (...octets: (number | undefined)[]) => mb(octets.reduce<number>((total, each) => total + (each ?? 0), 0));
  return {
    title: 'Flash',
    columns: ['', 'MB', 'of that Node.js'],
    rows: [
      ['l2tpwan on x86_64, with `l2tpwan-runtime install`', sum(all, x64, runtime('x86_64')), mb(runtime('x86_64'))],
      ['l2tpwan on aarch64, with `l2tpwan-runtime install`', sum(all, arm, runtime('aarch64')), mb(runtime('aarch64'))],
      ['l2tpwan with a Node.js that is there already', sum(all, x64), '0'],
      ...sizes.runtimes
        .filter(({ name }) => name.includes('this machine'))
        .map(({ name, octets }) => [name, mb(octets), '']),
      [
        `xl2tpd, pppd and modules, Debian: ${names(sizes.xl2tpd)}`,
        sum(...sizes.xl2tpd.map(({ octets }) => octets)),
        '0',
      ],
    ],
  };
}

function memoryTable({ memory }: FootprintFindings): Table {
  const { l2tpwan, bareNode, another, xl2tpd } = memory;
  return {
    title: 'Memory',
    columns: ['MB', 'RSS', 'private dirty'],
    rows: [
      ['l2tpwan, one connection', spread(l2tpwan[1].rss), spread(l2tpwan[1].privateDirty)],
      ['l2tpwan, four connections', spread(l2tpwan[4].rss), spread(l2tpwan[4].privateDirty)],
      ['each connection after the first', signed(another.rss), signed(another.privateDirty)],
      ['bare Node, started in the same way', spread(bareNode.rss), spread(bareNode.privateDirty)],
      ['xl2tpd and one pppd', String(xl2tpd[1].rss), String(xl2tpd[1].privateDirty)],
      ['xl2tpd and four pppd', String(xl2tpd[4].rss), String(xl2tpd[4].privateDirty)],
    ],
  };
}

function mqttTable({ mqtt }: FootprintFindings): Table {
  const { bareNode, daemon } = mqtt;
  return {
    title: 'Memory with MQTT',
    columns: ['MB', 'RSS'],
    rows: [
      ['l2tpwan, MQTT off', spread(daemon.off)],
      ['l2tpwan, connected to a broker', spread(daemon.mqtt)],
      ['l2tpwan, connected to a broker with TLS', spread(daemon.mqtts)],
      ['bare Node, started in the same way', spread(bareNode)],
    ],
  };
}

function startTable({ starts }: FootprintFindings): Table {
  return {
    title: 'From the start to up',
    columns: ['', 'ms'],
    rows: [
      ['l2tpwan: process started to up', spread(starts.l2tpwanMs)],
      ['xl2tpd: process started to `ip-up`', String(starts.xl2tpdMs)],
    ],
  };
}

const names = (files: readonly FileSize[]): string => files.map(({ name }) => name.replace(/^.*\//, '')).join(', ');
const signed = (megabytes: number): string => (megabytes < 0 ? String(megabytes) : `+${megabytes}`);
const kb = (octets: number): string => String(rounded(octets / 1024, 0));
const mb = (octets: number): string => String(rounded(octets / 2 ** 20, 1));
