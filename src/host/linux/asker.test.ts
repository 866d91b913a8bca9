import { describe, expect, it } from 'vitest';
import { asker } from './asker.ts';
import type { Outcome } from './command.ts';

const IPROUTE2 = 'ip utility, iproute2-6.1.0, libbpf 1.1.2\n';
const WAY = '10.5.1.9 via 10.0.2.1 dev eth0 src 10.0.2.2\n';

/** @param version what `ip -V` prints; undefined: it does not know that */
function scene(version: string | undefined, answers: readonly string[] = [WAY]) {
  const asked: string[] = [];
  const warnings: string[] = [];
  const left = [...answers];
  const run = async (argv: readonly string[]): Promise<Outcome> => {
    asked.push(argv.join(' '));
    const output = argv.includes('-V') ? (version ?? '') : (left.shift() ?? answers.at(-1) ?? '');
    const status = argv.includes('-V') && version === undefined ? 1 : 0;
    return { status, output, errors: '', complaint: status === 0 ? '' : "invalid option -- 'V'" };
  };
  return { asked, warnings, ask: asker(run, (words) => warnings.push(words)) };
}

describe('the way to an address', () => {
  it('is asked for as the packets will go', async () => {
    const { ask, asked, warnings } = scene(IPROUTE2, [
      WAY,
      '10.5.1.9 via 10.0.3.1 dev eth1 table 100 src 10.0.3.2 mark 7 uid 0\n    cache\n',
    ]);
    expect(await ask('10.5.1.9')).toMatchObject({ device: 'eth0', table: undefined });
    expect(await ask('10.5.1.9', { device: 'eth1', mark: 7 })).toMatchObject({ device: 'eth1', table: '100' });
    await ask('2001:db8::9', { mark: 7 });
    expect(asked).toEqual([
      'ip route get 10.5.1.9',
      'ip -V',
      'ip route get 10.5.1.9 oif eth1 mark 7',
      'ip -6 route get 2001:db8::9 mark 7',
    ]);
    expect(warnings).toEqual([]);
  });

  // It would take the number for the address.
  it('is asked for without a mark where `ip` knows none, which is said once', async () => {
    const { ask, asked, warnings } = scene(undefined);
    expect(await ask('10.5.1.9', { mark: 7 })).toMatchObject({ gateway: '10.0.2.1' });
    await Promise.all([ask('10.5.1.9', { mark: 7 }), ask('10.5.1.9', { mark: 8 })]);
    expect(asked.filter((line) => line !== 'ip -V')).toEqual(Array(3).fill('ip route get 10.5.1.9'));
    expect(warnings).toEqual([expect.stringContaining('iproute2')]);
  });

  it('is asked for once more when nothing came back, and then that is the failure', async () => {
    const { ask, asked } = scene(IPROUTE2, ['', WAY]);
    expect(await ask('10.5.1.9')).toMatchObject({ device: 'eth0' });
    expect(asked).toHaveLength(2);
    await expect(scene(IPROUTE2, ['']).ask('10.5.1.9')).rejects.toMatchObject({
      failure: { code: 'no-route', detail: '`ip route get 10.5.1.9` failed: it printed nothing, twice' },
    });
  });
});
