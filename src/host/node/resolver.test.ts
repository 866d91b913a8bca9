import { createSocket } from 'node:dgram';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { HostError } from '../../ports/host-error.ts';
import { resolver } from './resolver.ts';

// A thread in getaddrinfo(3) cannot be ended, and the process would wait for it at its end.
vi.mock('node:dns', async (original) => ({
  ...(await original<typeof import('node:dns')>()),
  lookup: () => {
    throw new Error('never to be called');
  },
}));

/** A name server that knows one name: answers A with 192.0.2.7, AAAA with nothing, everything else with NXDOMAIN (RFC 1035 §4.1). */
const server = createSocket('udp4');
const asked: string[] = [];

server.on('message', (question, from) => {
  const labels: string[] = [];
  let at = 12;
  for (let size = question[at] ?? 0; size > 0; size = question[at] ?? 0) {
    labels.push(question.subarray(at + 1, at + 1 + size).toString('latin1'));
    at += size + 1;
  }
  const type = question.readUInt16BE(at + 1);
  const known = labels.join('.').toLowerCase() === 'lns.example.test';
  asked.push(`${labels.join('.').toLowerCase()} ${type}`);
  const answer = known && type === 1 ? Buffer.from('c00c000100010000003c0004c0000207', 'hex') : Buffer.alloc(0);
  const header = Buffer.from(question.subarray(0, 12));
  header.writeUInt16BE(known ? 0x8180 : 0x8183, 2);
  header.writeUInt16BE(answer.length > 0 ? 1 : 0, 6);
  header.writeUInt32BE(0, 8);
  server.send(Buffer.concat([header, question.subarray(12, at + 5), answer]), from.port, from.address);
});

let address = '';
beforeAll(async () => {
  await new Promise<void>((resolve) => server.bind(0, '127.0.0.1', resolve));
  address = `127.0.0.1:${server.address().port}`;
});
const folder = mkdtempSync(join(tmpdir(), 'l2tpwan-resolver-'));

afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

describe('resolver', () => {
  const pinned: string[] = [];
  const pin = async (nameServer: string) => {
    pinned.push(`+${nameServer}`);
    return async () => {
      pinned.push(`-${nameServer}`);
    };
  };

  it('asks the name server it is given, with the way to it pinned only while it is asked', async () => {
    expect(await resolver({ pin }).resolve('lns.example.test', 'lo', [address])).toEqual(['192.0.2.7']);
    expect(asked).toContain('lns.example.test 1');
    expect(asked).toContain('lns.example.test 28');
    expect(pinned).toEqual(['+127.0.0.1', '-127.0.0.1']);
  });

  it('gives an address back as it is, asking nobody', async () => {
    const before = asked.length;
    expect(await resolver({ pin }).resolve('10.5.1.9', undefined, [address])).toEqual(['10.5.1.9']);
    expect(await resolver({ pin }).resolve('2001:db8::1', undefined, [address])).toEqual(['2001:db8::1']);
    expect(asked.length).toBe(before);
  });

  it('falls back to the system, which knows /etc/hosts', async () => {
    const found = await resolver({ pin }).resolve('localhost', undefined, [address]);
    expect(found).toContain('127.0.0.1');
  });

  it('reads hosts(5) as it is written', async () => {
    const hostsFile = join(folder, 'hosts');
    writeFileSync(hostsFile, '# 192.0.2.8 lns\n192.0.2.9\tgate LNS # not 192.0.2.10\n2001:db8::9 lns\n');
    const known = resolver({ pin, hostsFile }).resolve('lns', undefined, [address]);
    expect(await known).toEqual(['192.0.2.9', '2001:db8::9']);
  });

  it('names everybody asked when nobody knows', async () => {
    const failed = await resolver({ pin })
      .resolve('nowhere.example.test', undefined, [address])
      .catch((error: unknown) => error);
    expect((failed as HostError).failure.code).toBe('resolve-failed');
    expect((failed as HostError).failure.detail).toMatch(
      /^nowhere\.example\.test: 127\.0\.0\.1:\d+: no such name; system: /,
    );
  });

  it('takes name servers from the first file that names another machine', async () => {
    const files = ['stub', 'upstream'].map((name) => join(folder, name));
    writeFileSync(files[0] as string, 'nameserver 127.0.0.53\n');
    writeFileSync(files[1] as string, '# from DHCP\nnameserver 203.0.113.53\nnameserver 203.0.113.54\n');
    const seen: string[] = [];
    const refuse = async (nameServer: string): Promise<never> => {
      seen.push(nameServer);
      throw new Error('not asked in this test');
    };
    await resolver({ pin: refuse, resolvFiles: files })
      .resolve('nowhere.example.test', undefined, [])
      .catch(() => undefined);
    expect(seen).toEqual(['203.0.113.53', '203.0.113.54']);
  });
});
