/** How large everything is that has to be installed: our packages, the runtime, and xl2tpd with pppd and the kernel's modules. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../lab/command.ts';
import { labRoot } from '../../lab/netns.ts';
import type { Ground } from '../ground.ts';

/** Octets. */
export interface PackageSize {
  readonly name: string;
  /** Of the package file, which is compressed. */
  readonly file: number;
  readonly installed: number;
}

export interface FileSize {
  readonly name: string;
  readonly octets: number;
}

export interface Sizes {
  readonly packages: readonly PackageSize[];
  /** Node.js as `l2tpwan-runtime install` puts it there, by machine, and the one that runs here. */
  readonly runtimes: readonly FileSize[];
  readonly xl2tpd: readonly FileSize[];
}

/** @param ground keeps the packages meanwhile */
export async function measureSizes(ground: Ground, say: (words: string) => void): Promise<Sizes> {
  const sizes = { packages: await packages(ground.directory), runtimes: runtimes(), xl2tpd: await theirs() };
  for (const { name, file, installed } of sizes.packages) say(`sizes: ${name} ${file} octets, installed ${installed}`);
  return sizes;
}

async function packages(directory: string): Promise<PackageSize[]> {
  const out = join(directory, 'packages');
  await run(inProject('node_modules/.bin/tsup'), ['--config', 'scripts/package/tsup.config.ts'], { cwd: PROJECT });
  await run('node', ['.cache/package/main.cjs', out], { cwd: PROJECT });
  const files = readdirSync(out).filter((name) => name.endsWith('.ipk'));
  return Promise.all(files.sort().map(async (name) => ({ name, ...(await sizeOf(join(out, name))) })));
}

async function sizeOf(path: string): Promise<{ file: number; installed: number }> {
  const control = await run('sh', ['-c', 'tar -xzOf "$1" ./control.tar.gz | tar -xzO ./control', 'sh', path]);
  return { file: statSync(path).size, installed: Number(/^Installed-Size: (\d+)$/m.exec(control)?.[1]) };
}

function runtimes(): FileSize[] {
  const pinned = readFileSync(inProject('openwrt/files/usr/lib/l2tpwan/runtime.pins'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(' '))
    .map(([machine, version, , , , octets]) => ({
      name: `Node.js ${version}, ${machine}, musl`,
      octets: Number(octets),
    }));
  const here = { name: `Node.js ${process.versions.node}, of this machine`, octets: statSync(process.execPath).size };
  return [...pinned, here];
}

/** Debian's, from the lab's own root; the modules are those of its User-Mode Linux. */
async function theirs(): Promise<FileSize[]> {
  const root = await labRoot();
  const files = (await run('find', [root, '-type', 'f', '-size', '+0'])).split('\n');
  return THEIRS.flatMap((name) => {
    const found = files.find((file) => file.endsWith(`/${name}`));
    return found === undefined ? [] : [{ name, octets: statSync(found).size }];
  });
}

const THEIRS = [
  'sbin/xl2tpd',
  'sbin/pppd',
  'pppol2tp.so',
  'ppp_generic.ko',
  'slhc.ko',
  'pppox.ko',
  'l2tp_core.ko',
  'l2tp_ppp.ko',
  'udp_tunnel.ko',
];

const PROJECT = fileURLToPath(new URL('../../../', import.meta.url));
const inProject = (path: string): string => join(PROJECT, path);
