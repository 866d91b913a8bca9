/** Dialling servers that are not ours: every authentication, every shape of the way to them. */
import { describe, expect, it } from 'vitest';
import { Cell } from './cell.ts';

describe('xl2tpd and pppd', () => {
  it('CHAP: up, traffic, status, hang-up', () =>
    Cell.run('chap', async (cell) => {
      await cell.lns('xl2tpd', { auth: 'chap' });
      const daemon = await cell.daemon({ servers: ['10.0.2.72'], auth: ['chap-md5'] });
      const status = await daemon.up();
      expect(status).toMatchObject({
        server: { address: '10.0.2.72', port: 1701 },
        address: { local: expect.stringMatching(/^10\.64\.0\./), peer: '10.64.0.1' },
        dns: ['203.0.113.53', '203.0.113.54'],
        authentication: { method: 'chap-md5', message: 'Access granted' },
        mtu: 1410,
        mss: { state: 'clamped', ipv4: 1370, ipv6: 1350 },
        dataPath: { backend: 'tun-gso' }, // as in all tests that do not say
      });
      await cell.ping();
      await cell.ping('203.0.113.1', 2, '-s', '1382', '-M', 'do');
      expect(await cell.whoami()).toBe(status.address?.local);
      expect(await cell.roundTrips()).toBe(7);
      await daemon.until(({ echoRoundTripMs }) => echoRoundTripMs !== null, 'timed by an echo', 8000);
      const shown = await daemon.command('status');
      for (const line of shown.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    }));

  it('PAP, six round trips', () =>
    Cell.run('pap', async (cell) => {
      await cell.lns('xl2tpd', { auth: 'pap' });
      const daemon = await cell.daemon({ servers: ['10.0.2.72'] });
      expect((await daemon.up()).authentication?.method).toBe('pap');
      await cell.ping();
      expect(await cell.roundTrips()).toBe(6);
    }));

  it('MS-CHAPv2', () =>
    Cell.run('mschap', async (cell) => {
      await cell.lns('xl2tpd', { auth: 'mschap-v2' });
      const daemon = await cell.daemon({ servers: ['10.0.2.72'] });
      expect((await daemon.up()).authentication?.method).toBe('ms-chap-v2');
      await cell.ping();
    }));

  it('MS-CHAPv1', () =>
    Cell.run('mschap1', async (cell) => {
      await cell.lns('xl2tpd', { auth: 'mschap' });
      const daemon = await cell.daemon({ servers: ['10.0.2.72'] });
      expect((await daemon.up()).authentication?.method).toBe('ms-chap');
      await cell.ping();
    }));

  it('tunnel secret, both ends prove it', () =>
    Cell.run('secret', async (cell) => {
      await cell.lns('xl2tpd', { secret: 'tunn3l', hidden: 'yes' });
      const daemon = await cell.daemon({ servers: ['10.0.2.72'], tunnelSecret: 'tunn3l' });
      await daemon.up();
      await cell.ping();
    }));

  it('peer address equal to the server: traffic for as long as one likes', () =>
    Cell.run('same', async (cell) => {
      await cell.lns('xl2tpd', { local: 'same', auth: 'chap' });
      const daemon = await cell.daemon({ servers: ['10.0.2.72'] });
      expect((await daemon.up()).address?.peer).toBe('10.0.2.72');
      await cell.ping('203.0.113.1', 25);
      const { counters, timesUp } = await daemon.status();
      expect(timesUp).toBe(1);
      expect(counters?.looped).toBe(0);
      expect(await cell.netns.routes()).not.toContainEqual(expect.stringMatching(/^10\.0\.2\.72.*l2w-wan/));
    }));

  it('an on-link server inside a prefix that is routed into the tunnel', () =>
    Cell.run('onlink', async (cell) => {
      await cell.lns('xl2tpd', { auth: 'chap' });
      const daemon = await cell.daemon({
        servers: ['10.0.2.72'],
        routes: ['10.0.2.0/25', '10.0.0.0/8'],
        defaultRoute: 'split',
      });
      const status = await daemon.up();
      await cell.ping('203.0.113.1', 10);
      expect(await cell.netns.exec('ip', ['route', 'get', '10.0.2.72'])).toContain('dev xl0');
      expect(await cell.netns.exec('ip', ['route', 'get', '10.0.2.70'])).toContain('dev l2w-wan');
      expect(status.routes.map(({ purpose }) => purpose)).toContain('half of default');
    }));

  it('a server behind a router, with the campus prefix left on the uplink', () =>
    Cell.run('hop', async (cell) => {
      await cell.lns('xl2tpd', { hop: 1 });
      const daemon = await cell.daemon({ servers: ['198.51.100.72'], exclude: ['10.0.0.0/8'] });
      await daemon.up();
      await cell.ping();
      expect(await cell.netns.exec('ip', ['route', 'get', '198.51.100.72'])).toContain('via 10.0.2.1 dev xl0');
      expect(await cell.netns.exec('ip', ['route', 'get', '10.99.0.1'])).toContain('via 10.0.2.1 dev xl0');
      expect(await cell.netns.exec('ip', ['route', 'get', '192.0.2.9'])).toContain('dev l2w-wan');
    }));

  it('compression offered (CCP, Van Jacobson, PFC, ACFC): refused or used as the RFCs say', () =>
    Cell.run('pty', async (cell) => {
      await cell.lns('xl2tpd', { mode: 'pty', ccp: 1, vj: 1 });
      const daemon = await cell.daemon({ servers: ['10.0.2.72'] });
      const { negotiated } = await daemon.up();
      await cell.ping();
      expect(negotiated?.lcp.theirs).toContain('protocol field compression');
      expect(negotiated?.ipcp.theirs.join()).not.toContain('VJ');
    }));

  it('IPv6: link-local address, router advertisement, traffic', () =>
    Cell.run('ipv6', async (cell) => {
      await cell.lns('xl2tpd', { ipv6: 1 });
      const daemon = await cell.daemon({ servers: ['10.0.2.72'] });
      await daemon.until(({ address }) => address !== null && address.ipv6 !== null, 'up with IPv6');
      await expect
        .poll(() => cell.netns.exec('ip', ['-6', 'addr', 'show', 'dev', 'l2w-wan', 'scope', 'global']), {
          timeout: 15_000,
          interval: 300,
        })
        .toContain('2001:db8:64:');
      await cell.ping('2001:db8:113::1', 3, '-6');
    }));
});

describe('SoftEther', () => {
  it('MS-CHAPv2 after its offer of EAP', () =>
    Cell.run('se', async (cell) => {
      await cell.lns('softether');
      const daemon = await cell.daemon({ servers: ['10.0.2.72'] });
      expect((await daemon.up()).authentication?.method).toBe('ms-chap-v2');
      await cell.ping();
    }));

  it('PAP', () =>
    Cell.run('sepap', async (cell) => {
      await cell.lns('softether');
      const daemon = await cell.daemon({ servers: ['10.0.2.72'], auth: ['pap'] });
      expect((await daemon.up()).authentication?.method).toBe('pap');
      await cell.ping();
    }));

  it('an answer from another address than the one dialled', () =>
    Cell.run('asym', async (cell) => {
      await cell.lns('softether', { hop: 'asym' });
      const daemon = await cell.daemon({ servers: ['198.51.100.72'], acceptReplyFrom: 'any' });
      const status = await daemon.up();
      expect(status.path?.peer.address).toBe('10.0.2.1');
      expect(status.routes.find(({ purpose }) => purpose === 'server')?.prefix).toBe('10.0.2.1/32');
      await cell.ping();
    }));

  it('such an answer is refused by default, and the failure says so', () =>
    Cell.run('strict', async (cell) => {
      await cell.lns('softether', { hop: 'asym' });
      const daemon = await cell.daemon({ servers: ['198.51.100.72', '192.0.2.200'], connectTimeout: 1 });
      const { lastFailure } = await daemon.failed('no-answer', 20_000);
      expect(JSON.stringify(lastFailure) + (await daemon.command('events'))).toContain('10.0.2.1');
    }));
});

describe('l2tpns', () => {
  it('CHAP, with its offer of multilink', () =>
    Cell.run('ns', async (cell) => {
      await cell.lns('l2tpns');
      const daemon = await cell.daemon({ servers: ['10.0.2.72'] });
      expect((await daemon.up()).authentication?.method).toBe('chap-md5');
      await cell.ping();
      expect(await cell.roundTrips()).toBe(8); // its offer of multilink costs one
    }));

  it('PAP and a tunnel secret', () =>
    Cell.run('nspap', async (cell) => {
      await cell.lns('l2tpns', { secret: 'tunn3l' });
      const daemon = await cell.daemon({ servers: ['10.0.2.72'], auth: ['pap'], tunnelSecret: 'tunn3l' });
      await daemon.up();
      await cell.ping();
    }));

  it('IPv6', () =>
    Cell.run('ns6', async (cell) => {
      await cell.lns('l2tpns', { ipv6: 1 });
      const daemon = await cell.daemon({ servers: ['10.0.2.72'] });
      await daemon.until(({ address }) => address !== null && address.ipv6 !== null, 'up with IPv6');
      await cell.ping('2001:db8:113::1', 3, '-6');
    }));
});
