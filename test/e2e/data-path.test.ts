/** Each data path by its name, and the one that is taken when nobody chooses: what it carries, how it ends, and what becomes of it when its device goes. */
import { describe, expect, it } from 'vitest';
import { Cell } from './cell.ts';

const INNER = '203.0.113.1';
const CHOICES = [
  { choice: 'auto', backend: 'tun-gso' },
  { choice: 'tun-gso', backend: 'tun-gso' },
  { choice: 'tun', backend: 'tun' },
];

describe.each(CHOICES)('dataPath: $choice', ({ choice, backend }) => {
  it('carries, says what it is, and ends at once under full load both ways', () =>
    Cell.run(`dp-${choice}`, async (cell) => {
      await cell.lns('l2tpns');
      const daemon = await cell.daemon({ servers: ['10.0.2.72'], dataPath: choice });
      const { dataPath, address, mtu } = await daemon.up();
      expect(dataPath?.backend).toBe(backend);
      if (backend === 'tun-gso') {
        expect(dataPath?.features).toEqual(
          expect.arrayContaining(['vnet-header', 'tso4', 'coalescing', 'udp-segment']),
        );
        expect(dataPath?.features).toContain('bind-to-device');
      }
      expect(await daemon.command('status')).toContain(`l2w-wan (${backend})`);
      await cell.ping();
      await cell.ping(INNER, 3, '-s', String((mtu ?? 0) - 28), '-M', 'do');
      await cell.ping(INNER, 3, '-s', '8000');
      expect(await cell.whoami()).toBe(address?.local);

      const load = cell.netns.tool('iperf3', ['-c', INNER, '-t', '60', '-P', '3', '--bidir']).catch(() => undefined);
      const isMuch = (octets = 0) => octets > 3_000_000;
      await daemon.until(
        ({ counters }) => isMuch(counters?.sentOctets) && isMuch(counters?.receivedOctets),
        'under load',
      );
      expect((await daemon.status()).counters).toMatchObject({ notIp: 0, looped: 0, unknownSession: 0 });
      expect(await daemon.stop()).toBeLessThan(3000);
      await cell.netns.exec('ss', ['-K', 'dst', INNER]).catch(() => undefined);
      await load;
    }));

  it('dials anew when somebody removes its device under load', () =>
    Cell.run(`dpdel-${choice}`, async (cell) => {
      await cell.lns('l2tpns');
      const daemon = await cell.daemon({ servers: ['10.0.2.72'], dataPath: choice });
      await daemon.up();
      const flood = cell.netns.spawn('ping', ['-f', '-s', '1000', INNER], { stdio: 'ignore' });
      await cell.netns.exec('ip', ['link', 'del', 'l2w-wan']);
      const { lastFailure } = await daemon.until(({ timesUp, state }) => timesUp === 2 && state === 'up', 'up again');
      expect(lastFailure?.code).toBe('device-failed');
      flood.kill();
      await cell.ping();
    }));
});
