import { describe, expect, it } from 'vitest';
import { FakeHost, settled } from '../../test/support/fake-host.ts';
import { HostError } from '../ports/host-error.ts';
import { Lookup } from './lookup.ts';

const SERVERS = [
  { host: 'lns.example.net', port: 1701 },
  { host: '10.5.1.9', port: 1701 },
];

function scene() {
  const host = new FakeHost();
  host.addresses.set('lns.example.net', ['10.0.2.72', '10.0.2.73']);
  return { host, lookup: new Lookup(host.resolver, 'eth0', [], host.clock) };
}

const silence = () => new Promise<void>(() => undefined);
const addresses = (found: { candidates: readonly { address: string }[] }) =>
  found.candidates.map(({ address }) => address);

describe('a lookup', () => {
  it('finds every address, in the order of the servers', async () => {
    const { lookup, host } = scene();
    const found = await lookup.find(SERVERS);
    expect(addresses(found)).toEqual(['10.0.2.72', '10.0.2.73', '10.5.1.9']);
    expect(found.failure).toBeUndefined();
    expect(host.clock.pending).toBe(0);
  });

  it('asks once for a name that stands there twice', async () => {
    const { lookup, host } = scene();
    const found = await lookup.find([...SERVERS, { host: 'lns.example.net', port: 1702 }]);
    expect(host.log).toEqual(['resolve lns.example.net', 'resolve 10.5.1.9']);
    expect(found.candidates.map(({ port }) => port)).toEqual([1701, 1701, 1701, 1702, 1702]);
  });

  it('goes on with what it has when a name server is silent for 3 s', async () => {
    const { lookup, host } = scene();
    host.hooks.set('resolve lns.example.net', silence);
    let found: Awaited<ReturnType<Lookup['find']>> | undefined;
    void lookup.find(SERVERS).then((result) => {
      found = result;
    });
    await host.clock.pass(2999);
    expect(found).toBeUndefined();
    await host.clock.pass(1);
    await settled();
    expect(found && addresses(found)).toEqual(['10.5.1.9']);
    expect(found?.failure).toEqual({ code: 'resolve-failed', detail: 'lns.example.net: no answer within 3 s' });
  });

  it('waits for a silent name server when there is nothing else', async () => {
    const { lookup, host } = scene();
    let answer: () => void = () => undefined;
    host.hooks.set(
      'resolve lns.example.net',
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    const finding = lookup.find(SERVERS.slice(0, 1));
    await host.clock.pass(5000);
    answer();
    expect(addresses(await finding)).toEqual(['10.0.2.72', '10.0.2.73']);
  });

  it('remembers the last good addresses of each name', async () => {
    const { lookup, host } = scene();
    await lookup.find(SERVERS);
    host.hooks.set('resolve lns.example.net', () => {
      throw new HostError('resolve-failed', 'lns.example.net: 10.10.0.21: no answer');
    });
    const found = await lookup.find(SERVERS);
    expect(addresses(found)).toEqual(['10.0.2.72', '10.0.2.73', '10.5.1.9']);
    expect(found.failure).toEqual({ code: 'resolve-failed', detail: 'lns.example.net: 10.10.0.21: no answer' });
  });

  it('tells mistakes of ours apart', async () => {
    const { lookup, host } = scene();
    const mistake = new TypeError('bad day');
    host.hooks.set('resolve lns.example.net', () => {
      throw mistake;
    });
    const found = await lookup.find(SERVERS);
    expect(found.mistakes).toEqual([mistake]);
    expect(found.failure?.detail).toBe('lns.example.net: internal error');
    expect(addresses(found)).toEqual(['10.5.1.9']);
  });
});
