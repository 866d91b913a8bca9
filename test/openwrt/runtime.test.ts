/** l2tpwan-runtime brings the pinned Node.js, or nothing at all. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FILES, Userland } from './userland.ts';

const PROGRAM = join(FILES, 'usr/sbin/l2tpwan-runtime');
const VERSION = '24.21.0';
const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('l2tpwan-runtime', () => {
  let router: Userland;
  let server: Server;
  let url: string;
  let archive: Buffer;
  /** How the server answers: whole, cut short, or with a beginning and then silence. */
  let serves: 'whole' | 'cut' | 'stalls';

  const lib = () => router.path('lib');
  const node = () => join(lib(), 'runtime/node');
  const environment = () => ({
    L2TPWAN_LIB: lib(),
    L2TPWAN_MACHINE: 'x86_64',
    L2TPWAN_CPU_INFO: router.path('cpuinfo'),
    L2TPWAN_SERVICE: router.path('service'),
    TMPDIR: router.path('tmp'),
  });
  const run = (words: readonly string[], more: Record<string, string> = {}) =>
    new Promise<{ status: number | null; said: string }>((resolve) => {
      const child = router.start([PROGRAM, ...words], { ...environment(), ...more });
      let said = '';
      child.stdout.on('data', (data) => (said += data));
      child.stderr.on('data', (data) => (said += data));
      child.on('close', (status) => resolve({ status, said }));
    });
  /** What is on the router besides what was there before. */
  const leftOver = () => ({ tmp: readdirSync(router.path('tmp')), runtime: existsSync(join(lib(), 'runtime')) });
  const NOTHING = { tmp: [], runtime: false };
  const pin = (changes: Partial<Record<'archive' | 'node' | 'octets' | 'machine', string>> = {}) => {
    const hashes = [changes.archive ?? hashOf(archive), changes.node ?? hashOf(nodeBytes())];
    const line = [changes.machine ?? 'x86_64', VERSION, url, ...hashes, changes.octets ?? '4000'].join(' ');
    writeFileSync(join(lib(), 'runtime.pins'), `# as the real one has\n${line}\n`);
  };
  const nodeBytes = () => readFileSync(router.path(`node-v${VERSION}-linux-x64-musl/bin/node`));

  beforeEach(async () => {
    router = new Userland();
    for (const folder of ['lib', 'tmp', `node-v${VERSION}-linux-x64-musl`, `node-v${VERSION}-linux-x64-musl/bin`])
      mkdirSync(router.path(folder));
    cpSync(join(FILES, 'usr/lib/l2tpwan/runtime.sh'), join(lib(), 'runtime.sh'));
    writeFileSync(router.path('cpuinfo'), 'flags\t\t: fpu vme de\n');
    router.program('uci', 'exit 1');
    router.script('service', 'echo "service $1"; [ "$1" != enabled ] || [ -e "$0.enabled" ]');
    router.script(`node-v${VERSION}-linux-x64-musl/bin/node`, `echo v${VERSION} # ${'x'.repeat(3000)}`);
    writeFileSync(router.path(`node-v${VERSION}-linux-x64-musl/README.md`), 'not wanted');
    const name = `node-v${VERSION}-linux-x64-musl.tar.gz`;
    execFileSync('tar', ['-C', router.directory, '-czf', router.path(name), `node-v${VERSION}-linux-x64-musl`]);
    archive = readFileSync(router.path(name));
    serves = 'whole';
    server = createServer((request, response) => {
      if (request.url?.startsWith('/missing')) return response.writeHead(404).end();
      if (serves === 'whole') return response.end(archive);
      response.writeHead(200, serves === 'stalls' ? { 'content-length': archive.length } : {});
      response.write(archive.subarray(0, archive.length >> 1));
      return serves === 'cut' ? response.end() : response;
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/release/${name}`;
    pin();
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
    router.remove();
  });

  it('fetches it, checks it, and puts bin/node in place, alone', async () => {
    const { status, said } = await run(['install']);
    expect(said).toBe(
      [
        `l2tpwan-runtime: fetching Node.js ${VERSION} for x86_64`,
        'l2tpwan-runtime: unpacking it',
        `l2tpwan-runtime: Node.js ${VERSION} is at ${node()}`,
        'service enabled\n',
      ].join('\n'),
    );
    expect(status).toBe(0);
    expect(readFileSync(node())).toEqual(nodeBytes());
    expect(statSync(node()).mode & 0o7777).toBe(0o755);
    expect(readdirSync(join(lib(), 'runtime')).sort()).toEqual(['installed', 'node']);
    expect(readdirSync(router.path('tmp'))).toEqual([]);
  });

  it('restarts the service where it is enabled', async () => {
    writeFileSync(router.path('service.enabled'), '');
    expect((await run(['install'])).said).toMatch(
      /service restart\nl2tpwan-runtime: the service was restarted with it\n$/,
    );
  });

  it('takes the archive from a file', async () => {
    server.close();
    expect((await run(['install', '--from', router.path(`node-v${VERSION}-linux-x64-musl.tar.gz`)])).status).toBe(0);
    expect(readFileSync(node())).toEqual(nodeBytes());
  });

  it('puts it on another disk, and a link to it where it is looked for', async () => {
    expect((await run(['install', '--to', router.path('usb/deep')])).status).toBe(0);
    expect(readFileSync(router.path('usb/deep/node'))).toEqual(readFileSync(node()));
    const { status, said } = await run(['status']);
    expect(status).toBe(0);
    expect(said).toContain(`used is ${router.path('usb/deep/node')}, Node.js v${VERSION}`);
    expect((await run(['remove'])).said).toBe(`l2tpwan-runtime: removed ${router.path('usb/deep/node')}\n`);
    expect(existsSync(router.path('usb/deep/node'))).toBe(false);
    expect(leftOver()).toEqual(NOTHING);
  });

  it('replaces the one before', async () => {
    await run(['install']);
    expect((await run(['install'])).status).toBe(0);
    expect((await run(['remove'])).status).toBe(0);
    expect(leftOver()).toEqual(NOTHING);
  });

  it.each([
    ['with a slash at the end', () => `${join(lib(), 'runtime')}/`],
    [
      'by a link to it',
      () => {
        mkdirSync(join(lib(), 'runtime'));
        symlinkSync(join(lib(), 'runtime'), router.path('linked'));
        return router.path('linked');
      },
    ],
  ])('puts it where it is looked for, also when that is named %s', async (_how, to) => {
    expect((await run(['install', '--to', to()])).status).toBe(0);
    expect(lstatSync(node()).isFile()).toBe(true);
    expect(readFileSync(join(lib(), 'runtime/installed'), 'utf8')).toBe(`${node()}\n`);
  });

  it('moves to another disk and back, and leaves none behind', async () => {
    const [first, second] = [router.path('first/node'), router.path('second/node')];
    const there = () => [node(), first, second].filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isFile());
    for (const place of [node(), first, second, node()]) {
      expect((await run(['install', '--to', dirname(place)])).status).toBe(0);
      expect(there()).toEqual([place]);
      expect(readFileSync(node())).toEqual(nodeBytes());
    }
  });

  it('does not remove what it has not brought', async () => {
    mkdirSync(join(lib(), 'runtime'));
    router.script('own-node', `echo v${VERSION}`);
    symlinkSync(router.path('own-node'), node());
    expect((await run(['remove'])).said).toBe('l2tpwan-runtime: nothing was installed with this program\n');
    expect(existsSync(node())).toBe(true);
  });

  it.each([
    ['another archive', 69, /its SHA-256 is another\): nothing was unpacked/, () => pin({ archive: '0'.repeat(64) })],
    ['another program in it', 71, /what was unpacked is not whole/, () => pin({ node: '0'.repeat(64) })],
    [
      'an archive that is cut short',
      69,
      /its SHA-256 is another/,
      () => {
        serves = 'cut';
      },
    ],
    [
      'no such file',
      69,
      /could not be fetched \(wget gave up with 1\)/,
      () => {
        url = url.replace('/release', '/missing');
        pin();
      },
    ],
    [
      'no room for it',
      71,
      /lib\/runtime has \d+ MB free, and Node\.js needs 1430512 MB: name a larger disk with --to/,
      () => pin({ octets: '1000000000000' }),
    ],
    [
      'no FPU',
      69,
      /this processor has no floating point unit/,
      () => writeFileSync(router.path('cpuinfo'), 'Features\t: half thumb fastmult edsp\n'),
    ],
    [
      'no pin for it',
      69,
      /this router is x86_64: there is no build of Node\.js for it/,
      () => pin({ machine: 'riscv64' }),
    ],
    [
      'a program that does not run',
      71,
      /does not run here; install libstdcpp6 and libgcc1/,
      () => {
        router.script(
          `node-v${VERSION}-linux-x64-musl/bin/node`,
          'echo "Error loading shared library libstdc++.so.6" >&2; exit 127',
        );
        execFileSync('tar', [
          '-C',
          router.directory,
          '-czf',
          router.path('other.tar.gz'),
          `node-v${VERSION}-linux-x64-musl`,
        ]);
        archive = readFileSync(router.path('other.tar.gz'));
        pin();
      },
    ],
  ])('%s: says so, and leaves nothing', async (_what, status, words, arrange) => {
    arrange();
    const result = await run(['install']);
    expect(result.said).toMatch(words);
    expect(result.status).toBe(status);
    expect(leftOver()).toEqual(NOTHING);
  });

  it.each([
    ['mips', /this router is mips: Node\.js does not run on MIPS routers any more/],
    ['armv7l', /this router is armv7l: .*opkg install node/],
  ])('refuses %s with a reason', async (machine, words) => {
    const { status, said } = await run(['install'], { L2TPWAN_MACHINE: machine });
    expect(status).toBe(69);
    expect(said).toMatch(words);
    expect(leftOver()).toEqual(NOTHING);
  });

  it('refuses where the download would not fit', async () => {
    const { status, said } = await run(['install'], { TMPDIR: '/sys' }); // a file system with no room at all
    expect(status).toBe(71);
    expect(said).toBe(
      'l2tpwan-runtime: /sys has 0 MB free, and the download needs 1 MB: set TMPDIR to a larger disk\n',
    );
    expect(leftOver()).toEqual(NOTHING);
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('leaves nothing after %s', async (signal) => {
    serves = 'stalls';
    const child = router.start([PROGRAM, 'install'], environment());
    for (const end = Date.now() + 5000; readdirSync(router.path('tmp')).length === 0 && Date.now() < end; )
      await sleep(20);
    await sleep(200);
    process.kill(signal === 'SIGINT' ? -(child.pid ?? 0) : (child.pid ?? 0), signal);
    const [status] = await once(child, 'close');
    expect(status).toBe(signal === 'SIGINT' ? 130 : 143);
    expect(leftOver()).toEqual(NOTHING);
  });

  it('keeps what works when the new one does not come', async () => {
    await run(['install']);
    serves = 'cut';
    expect((await run(['install'])).status).toBe(69);
    expect(readFileSync(node())).toEqual(nodeBytes());
    expect(readdirSync(join(lib(), 'runtime')).sort()).toEqual(['installed', 'node']);
  });

  it.each([[['install', '--nonsense']], [['nonsense']], [['install', '--to']], [['install', '--to', 'relative']]])(
    '%j is a wrong command line',
    async (words) => {
      expect((await run(words)).status).toBe(64);
      expect(leftOver()).toEqual(NOTHING);
    },
  );
});

describe('the pins', () => {
  const pins = readFileSync(join(FILES, 'usr/lib/l2tpwan/runtime.pins'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(' '));

  it('name one build for each of both machines, in full', () => {
    expect(pins.map(([machine]) => machine)).toEqual(['x86_64', 'aarch64']);
    for (const [, version = '', url = '', archive, node, octets, ...more] of pins) {
      expect(url).toMatch(new RegExp(`^https://\\S+/v${version}/node-v${version}-linux-(x64|arm64)-musl\\.tar\\.gz$`));
      expect([archive, node]).toEqual([expect.stringMatching(/^[\da-f]{64}$/), expect.stringMatching(/^[\da-f]{64}$/)]);
      expect(Number(octets)).toBeGreaterThan(50e6);
      expect(more).toEqual([]);
    }
  });
});
