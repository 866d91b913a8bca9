import { describe, expect, it } from 'vitest';
import { HostError } from '../../ports/host-error.ts';
import type { Outcome, Run } from './command.ts';
import { renamer } from './rename-device.ts';

const done: Outcome = { status: 0, output: '', errors: '', complaint: '' };
const refused = (complaint: string): Outcome => ({ status: 2, output: '', errors: complaint, complaint });

describe('a device', () => {
  it('is renamed with ip', async () => {
    const ran: (readonly string[])[] = [];
    const run: Run = async (argv) => {
      ran.push(argv);
      return done;
    };
    await renamer(run)('tun0', 'l2w-wan');
    expect(ran).toEqual([['ip', 'link', 'set', 'dev', 'tun0', 'name', 'l2w-wan']]);
  });

  it.each([
    [
      'RTNETLINK answers: File exists',
      '; another device has this name: remove it (\'ip link del l2w-wan\'), or set "device"',
    ],
    ['RTNETLINK answers: Operation not permitted', '; run as root or with CAP_NET_ADMIN'],
    ['RTNETLINK answers: Device or resource busy', ''],
  ])('that is not, because of %j, has a cure where there is one', async (complaint, cure) => {
    const renaming = renamer(async () => refused(complaint))('tun0', 'l2w-wan');
    await expect(renaming).rejects.toThrow(HostError);
    await expect(renaming).rejects.toMatchObject({
      failure: { code: 'device-failed', detail: `\`ip link set dev tun0 name l2w-wan\` failed: ${complaint}${cure}` },
    });
  });
});
