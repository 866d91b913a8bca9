/** Staying up, coming back, and leaving nothing behind. */
import { once } from 'node:events';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { Cell } from './cell.ts';
import { pause } from './daemon.ts';

describe('redialling', () => {
  it('the server crashes and comes back', () =>
    Cell.run('crash', async (cell) => {
      const lns = await cell.lns('xl2tpd');
      const daemon = await cell.daemon({ servers: ['10.0.2.72'], hello: 2, echo: { interval: 1, failures: 3 } });
      await daemon.up();
      await lns.kill('KILL');
      await lns.kill('KILL', 'pppd').catch(() => undefined);
      await daemon.until(({ state, lastFailure }) => state !== 'up' && lastFailure !== null, 'down', 30_000);
      expect((await daemon.status()).lastFailure?.code).toMatch(/^(echo-lost|control-lost)$/);
      expect((await cell.netns.routes()).filter((route) => route.includes('l2w-wan'))).toEqual([]);
      await lns.start();
      await daemon.up('wan', 40_000);
      await cell.ping();
    }));

  it('the server says goodbye and comes back', () =>
    Cell.run('stop', async (cell) => {
      const lns = await cell.lns('xl2tpd');
      const daemon = await cell.daemon({ servers: ['10.0.2.72'] });
      await daemon.up();
      await lns.restart('TERM');
      const { lastFailure } = await daemon.until(
        ({ timesUp, state }) => timesUp === 2 && state === 'up',
        'up again',
        40_000,
      );
      expect(lastFailure?.code).toMatch(/^(tunnel-closed|ppp-terminated|call-closed)$/);
      await cell.ping();
    }));

  it('pppd at the server is ended: its Terminate-Request is named', () =>
    Cell.run('pppd', async (cell) => {
      const lns = await cell.lns('xl2tpd');
      const daemon = await cell.daemon({ servers: ['10.0.2.72'] });
      await daemon.up();
      await lns.kill('TERM', 'pppd');
      const { lastFailure } = await daemon.until(
        ({ timesUp, state }) => timesUp === 2 && state === 'up',
        'up again',
        40_000,
      );
      expect(lastFailure).toMatchObject({ stage: 'up', fault: 'peer' });
    }));

  it('fails over to the second server, and its route goes with it', () =>
    Cell.run('failover', async (cell) => {
      const first = await cell.lns('softether');
      await cell.lns('xl2tpd', { client: '10.0.3.2', lns: '10.0.3.72' });
      const daemon = await cell.daemon({ servers: ['10.0.2.72', '10.0.3.72'], connectTimeout: 8, echo: 2 });
      expect((await daemon.up()).server?.address).toBe('10.0.2.72');
      await first.kill('KILL');
      await daemon.until(
        ({ state, server }) => state === 'up' && server?.address === '10.0.3.72',
        'up at the second server',
        60_000,
      );
      await cell.ping();
      const pins = (await daemon.status()).routes
        .filter(({ purpose }) => purpose === 'server')
        .map(({ prefix }) => prefix);
      expect(pins).toEqual(['10.0.3.72/32']);
    }));

  it('the uplink gets another address and gateway', () =>
    Cell.run('uplink', async (cell) => {
      await cell.lns('xl2tpd', { hop: 1 });
      const daemon = await cell.daemon({ servers: ['198.51.100.72'] });
      await daemon.up();
      const ip = (...words: string[]) => cell.netns.exec('ip', words);
      await ip('addr', 'del', '10.0.2.2/24', 'dev', 'xl0');
      await ip('addr', 'add', '10.0.2.9/24', 'dev', 'xl0');
      await ip('route', 'replace', 'default', 'via', '10.0.2.1', 'dev', 'xl0');
      const since = Date.now();
      await daemon.until(
        ({ state, path }) => state === 'up' && path?.local.address === '10.0.2.9',
        'up from the new address',
        30_000,
      );
      expect(Date.now() - since).toBeLessThan(15_000);
      await cell.ping();
      expect((await daemon.status()).lastFailure?.code).toBe('uplink-changed');
      // back as it was, so that the end can be compared with the beginning
      await daemon.stop();
      await ip('addr', 'del', '10.0.2.9/24', 'dev', 'xl0');
      await ip('addr', 'add', '10.0.2.2/24', 'dev', 'xl0');
      await ip('route', 'replace', 'default', 'via', '10.0.2.1', 'dev', 'xl0');
    }));
});

describe('several connections', () => {
  it('six at once by name all come up, and the process ends quickly with traffic flowing', () =>
    Cell.run('six', async (cell) => {
      await cell.lns('xl2tpd', { auth: 'chap', pool: '10.64.0.10-10.64.0.99' });
      const dns = cell.netns.spawn('node', [
        fileURLToPath(new URL('name-server.mjs', import.meta.url)),
        '5353',
        '10.0.2.72',
      ]);
      await once(dns.stdout ?? dns, 'data');
      const names = ['a', 'b', 'c', 'd', 'e', 'f'];
      const connection = { servers: ['lns.test'], resolver: ['127.0.0.1:5353'], defaultRoute: false };
      const connections = Object.fromEntries(
        names.map((name, index) => [name, { ...connection, routes: [`203.0.113.${index + 1}/32`] }]),
      );
      const daemon = await cell.daemon(connections);
      const up = await Promise.all(names.map((name) => daemon.up(name, 40_000)));
      expect(new Set(up.map(({ address }) => address?.local)).size).toBe(6);
      expect(new Set(up.map(({ path }) => path?.local.port)).size).toBe(6);
      await cell.ping('203.0.113.1');
      const flood = cell.netns.spawn('ping', ['-f', '-s', '1000', '203.0.113.1'], { stdio: 'ignore' });
      await pause(1000);
      expect(await daemon.stop()).toBeLessThan(3000);
      flood.kill();
      dns.kill();
    }));

  it('a reload touches only what changed', () =>
    Cell.run('reload', async (cell) => {
      await cell.lns('xl2tpd');
      const one = { servers: ['10.0.2.72'], defaultRoute: false, routes: ['203.0.113.1/32'] };
      const daemon = await cell.daemon({ one, two: { ...one, routes: ['203.0.113.53/32'] } });
      await daemon.up('one');
      await daemon.up('two');
      daemon.configure({ one, two: { ...one, routes: ['203.0.113.54/32'] }, three: { ...one, enabled: false } });
      daemon.signal('SIGHUP');
      await daemon.until(
        ({ routes }) => routes.some(({ prefix }) => prefix === '203.0.113.54/32'),
        'two with its new route',
        20_000,
        'two',
      );
      expect((await daemon.status('one')).timesUp).toBe(1);
      expect((await daemon.status('three')).state).toBe('idle');
    }));
});

describe('nothing is left behind', () => {
  it('kill -9: the next start cleans up, hangs the old tunnel up and dials anew', () =>
    Cell.run('kill9', async (cell) => {
      const lns = await cell.lns('xl2tpd');
      const daemon = await cell.daemon({ servers: ['10.0.2.72'], exclude: ['192.168.0.0/16'], table: 77 });
      const first = await daemon.up();
      await daemon.stop('SIGKILL');
      daemon.start();
      const second = await daemon.until(
        ({ state, tunnel }) => state === 'up' && tunnel?.peerId !== first.tunnel?.peerId,
        'up again',
        20_000,
      );
      await cell.ping('203.0.113.1', 3, '-I', second.address?.local ?? '');
      expect(await lns.log()).toMatch(
        new RegExp(
          `Connection closed to 10\\.0\\.2\\.2, port ${first.path?.local.port}|Stop-Control-Connection-Notification`,
        ),
      );
      expect((await cell.netns.rules()).filter((rule) => rule.includes('lookup 77'))).toHaveLength(1);
    }));

  it('kill -9 with another configuration next: what the old one installed goes all the same', () =>
    Cell.run('kill9other', async (cell) => {
      await cell.lns('xl2tpd');
      const daemon = await cell.daemon({ servers: ['10.0.2.72'], device: 'tunnel0' });
      await daemon.up();
      await daemon.stop('SIGKILL');
      daemon.configure({ other: { servers: ['10.0.2.72'], enabled: false } });
      daemon.start();
      await daemon.until(({ state }) => state === 'idle', 'started', 10_000, 'other');
      await pause(3000);
      expect((await cell.netns.routes()).filter((route) => /10\.0\.2\.72|tunnel0/.test(route))).toEqual([]);
      expect(await cell.netns.nftTables()).toEqual([]);
    }));

  it('identical routes of somebody else are left alone', () =>
    Cell.run('foreign', async (cell) => {
      await cell.lns('xl2tpd');
      await cell.netns.exec('ip', ['route', 'add', '10.0.2.72/32', 'dev', 'xl0']);
      const daemon = await cell.daemon({ servers: ['10.0.2.72'] });
      const { routes } = await daemon.up();
      expect(routes.find(({ purpose }) => purpose === 'server')).toMatchObject({
        prefix: '10.0.2.72/32',
        foreign: true,
      });
      await cell.ping();
    }));

  it("BusyBox's ip is enough", () =>
    Cell.run('busybox', async (cell) => {
      await cell.lns('xl2tpd', { hop: 1, ipv6: 1 });
      const bin = join(cell.directory, 'bin');
      mkdirSync(bin);
      symlinkSync((await cell.netns.exec('sh', ['-c', 'command -v busybox'])).trim(), join(bin, 'ip'));
      const daemon = await cell.daemon(
        { servers: ['198.51.100.72'], exclude: ['10.0.0.0/8'], routes: ['192.0.2.0/24'], table: 77 },
        { path: bin },
      );
      const { address } = await daemon.up();
      await cell.ping('203.0.113.1', 3, '-I', address?.local ?? '');
      await daemon.stop();
    }));

  it('up, down and redial by hand', () =>
    Cell.run('byhand', async (cell) => {
      await cell.lns('l2tpns');
      const daemon = await cell.daemon({ servers: ['10.0.2.72'], enabled: false });
      await daemon.until(({ state }) => state === 'idle', 'idle');
      await daemon.command('up', 'wan');
      const { tunnel } = await daemon.up();
      await daemon.command('redial', 'wan');
      await daemon.until((status) => status.state === 'up' && status.tunnel?.localId !== tunnel?.localId, 'up anew');
      await daemon.command('down', 'wan');
      await daemon.until(({ state }) => state === 'idle', 'down');
      expect((await cell.netns.routes()).filter((route) => route.includes('10.0.2.72'))).toEqual([]);
      const events = await daemon.command('events', 'wan');
      expect(events).toContain('up');
    }));
});
