import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Chance } from '../../../test/support/chance.ts';
import { machineId } from './machine-id.ts';
import { textFile } from './text-file.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'l2tpwan-id-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

function device(name: string, index: number, address: string, kind = '0', isHardware = true): void {
  const path = `sys/class/net/${name}`;
  put(`${path}/address`, `${address}\n`);
  put(`${path}/ifindex`, `${index}\n`);
  put(`${path}/addr_assign_type`, `${kind}\n`);
  if (isHardware) put(`${path}/device/uevent`, '');
}

const kept = () => textFile(join(root, 'state/id'));
const id = (seed = 1) => machineId({ kept: kept(), entropy: new Chance(seed).entropy, root });

describe('the id of a machine', () => {
  it('is 16 hexadecimal digits of its machine-id, which it does not show', async () => {
    put('etc/machine-id', '3d1219c7c4c5404aaa1f6d2a48adfda4\n');
    expect(await id()).toMatch(/^[0-9a-f]{16}$/);
    expect('3d1219c7c4c5404aaa1f6d2a48adfda4').not.toContain((await id()).slice(0, 6));
  });

  it('is the same every time, and another for another machine', async () => {
    put('etc/machine-id', 'a'.repeat(32));
    const first = await id(1);
    expect(await id(2)).toBe(first);
    put('etc/machine-id', 'b'.repeat(32));
    expect(await id()).not.toBe(first);
  });

  it('comes from the first device with an address of its own', async () => {
    device('lo', 1, '00:00:00:00:00:00', '0', false);
    device('br-lan', 2, '02:00:00:00:00:01', '0', false);
    device('eth1', 4, '02:00:00:00:00:04');
    device('wlan0', 5, '02:00:00:00:00:00', '1');
    const first = await id();
    device('eth0', 3, '02:00:00:00:00:03');
    expect(await id()).not.toBe(first);
    device('usb0', 9, '02:00:00:00:00:00');
    rmSync(join(root, 'sys/class/net/eth0'), { recursive: true });
    expect(await id()).toBe(first);
  });

  it('is made up once where there is neither', async () => {
    const first = await id(1);
    expect(first).toMatch(/^[0-9a-f]{16}$/);
    expect(await id(2)).toBe(first);
    await kept().save('cut sho');
    expect(await id(3)).not.toBe(first);
  });

  it('is there even if it cannot be kept', async () => {
    put('state', 'a file where a directory should be');
    expect(await id()).toMatch(/^[0-9a-f]{16}$/);
  });
});
