/** What goes wrong, and what is said about it: the right stage, the right fault, the server's own words. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Cell } from './cell.ts';

describe('a failure says what happened', () => {
  it('wrong password, CHAP (xl2tpd): the authenticator says so', () =>
    Cell.run('wrongchap', async (cell) => {
      await cell.lns('xl2tpd', { auth: 'chap' });
      const daemon = await cell.daemon({ servers: ['10.0.2.72'], password: 'wrong' });
      const { lastFailure, nextAttempt } = await daemon.failed('auth-rejected');
      expect(lastFailure).toMatchObject({
        fault: 'user',
        retry: 'slow',
        stage: 'authentication',
        peer: { text: expect.stringContaining('Access denied') },
      });
      const { nextAttempt: planned } = await daemon.until(({ state }) => state === 'waiting', 'waiting');
      expect((nextAttempt ?? planned)?.inMs).toBeGreaterThan(2000);
    }));

  it('wrong password, PAP (SoftEther): nothing but a Terminate-Request', () =>
    Cell.run('wrongpap', async (cell) => {
      await cell.lns('softether');
      const daemon = await cell.daemon({ servers: ['10.0.2.72'], auth: ['pap'], password: 'wrong' });
      expect((await daemon.failed('auth-rejected')).lastFailure).toMatchObject({
        fault: 'user',
        stage: 'authentication',
      });
    }));

  it('wrong password (l2tpns): nothing but a CDN', () =>
    Cell.run('wrongns', async (cell) => {
      await cell.lns('l2tpns');
      const daemon = await cell.daemon({ servers: ['10.0.2.72'], password: 'wrong' });
      expect((await daemon.failed('auth-rejected')).lastFailure).toMatchObject({
        fault: 'user',
        stage: 'authentication',
      });
    }));

  it('an authentication that is not allowed here', () =>
    Cell.run('method', async (cell) => {
      await cell.lns('xl2tpd', { auth: 'chap' });
      const daemon = await cell.daemon({ servers: ['10.0.2.72'], auth: ['pap'] });
      expect((await daemon.failed('auth-method-refused')).lastFailure).toMatchObject({ fault: 'user' });
    }));

  it('wrong tunnel secret', () =>
    Cell.run('wrongsecret', async (cell) => {
      await cell.lns('xl2tpd', { secret: 'tunn3l' });
      const daemon = await cell.daemon({ servers: ['10.0.2.72'], tunnelSecret: 'other' });
      const { lastFailure } = await daemon.until((status) => status.lastFailure !== null, 'failed');
      expect(lastFailure?.code).toMatch(/^tunnel-secret-(wrong|refused)$/);
      expect(lastFailure).toMatchObject({ fault: 'user', stage: 'tunnel' });
    }));

  it('a tunnel secret that is missing', () =>
    Cell.run('nosecret', async (cell) => {
      await cell.lns('xl2tpd', { secret: 'tunn3l' });
      const daemon = await cell.daemon({ servers: ['10.0.2.72'] });
      expect((await daemon.failed('tunnel-secret-needed')).lastFailure).toMatchObject({
        fault: 'user',
        stage: 'tunnel',
      });
    }));

  it('encryption that the server insists on', () =>
    Cell.run('mppe', async (cell) => {
      await cell.lns('xl2tpd', { auth: 'mschap-v2', mppe: 1 });
      const daemon = await cell.daemon({ servers: ['10.0.2.72'] });
      const { lastFailure } = await daemon.failed('encryption-required');
      expect(JSON.stringify(lastFailure?.peer)).toContain('MPPE required');
    }));

  it('nobody there, a name that is none, and no route', () =>
    Cell.run('nobody', async (cell) => {
      await cell.lns('xl2tpd');
      const daemon = await cell.daemon({
        silent: { servers: ['10.0.2.9', '10.0.2.8'], connectTimeout: 1, defaultRoute: false },
        nameless: { servers: ['no-such-name.invalid'], resolver: ['127.0.0.1:9'], defaultRoute: false },
        unreachable: { servers: ['192.0.2.1'], defaultRoute: false },
      });
      const codeOf = async (name: string, within: number) =>
        (await daemon.until(({ lastFailure }) => lastFailure !== null, 'failed', within, name)).lastFailure;
      expect(await codeOf('unreachable', 10_000)).toMatchObject({ code: 'no-route', stage: 'preparing' });
      expect(await codeOf('nameless', 25_000)).toMatchObject({ code: 'resolve-failed', stage: 'resolving' });
      expect(await codeOf('silent', 10_000)).toMatchObject({ code: 'no-answer', stage: 'tunnel' });
    }));

  it('a name server that is silent does not hold up the end', () =>
    Cell.run('deafdns', async (cell) => {
      await cell.lns('xl2tpd');
      const daemon = await cell.daemon({ servers: ['lns.test'], resolver: ['10.0.2.9'] });
      await daemon.until(({ state }) => state === 'resolving', 'looking up', 5000);
      expect(await daemon.stop()).toBeLessThan(3000);
    }));

  it('nft that is not there: the tunnel is up, and the status says that the MSS is not clamped', () =>
    Cell.run('nonft', async (cell) => {
      await cell.lns('xl2tpd');
      const bin = join(cell.directory, 'bin');
      mkdirSync(bin);
      writeFileSync(join(bin, 'nft'), '#!/bin/sh\necho "nft: Operation not supported" >&2\nexit 1\n');
      chmodSync(join(bin, 'nft'), 0o755);
      const daemon = await cell.daemon({ servers: ['10.0.2.72'] }, { path: bin });
      expect((await daemon.up()).mss).toMatchObject({
        state: 'unavailable',
        why: expect.stringContaining('Operation not supported'),
      });
      await cell.ping();
    }));
});
