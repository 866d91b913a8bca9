/** What tells this machine from all others, the same after every boot, in 16 hexadecimal digits. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha1 } from '@noble/hashes/legacy.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Entropy } from '../../protocol/machine.ts';
import type { TextFile } from './text-file.ts';

export interface MachineIdParts {
  /** Where an id is kept that had to be made up. */
  readonly kept: TextFile;
  readonly entropy: Entropy;
  /** Of the file system; another one in tests. */
  readonly root?: string;
}

/**
 * The system's own id; without one, the address that its first network device was made with; without that, one made up once.
 * Never rejects: an id that cannot be kept holds until the end of the process.
 */
export async function machineId({ kept, entropy, root = '/' }: MachineIdParts): Promise<string> {
  const given = textOf(join(root, 'etc/machine-id')) || firstAddress(join(root, 'sys/class/net'));
  if (given !== '') return hashOf(given);
  const known = (await kept.load().catch(() => ''))?.trim() ?? '';
  if (SHAPE.test(known)) return known;
  const made = bytesToHex(entropy(8));
  await kept.save(`${made}\n`).catch(() => undefined);
  return made;
}

const SHAPE = /^[0-9a-f]{16}$/;

/** machine-id(5): the id itself is not to be shown on a network, a hash of it is. */
const hashOf = (given: string): string => bytesToHex(sha1(new TextEncoder().encode(`l2tpwan ${given}`))).slice(0, 16);

/** Of the devices that are hardware with an address of its own, that of the one the kernel found first; '' without any. */
function firstAddress(directory: string): string {
  const devices = listOf(directory)
    .map((name) => join(directory, name))
    .filter((path) => listOf(join(path, 'device')).length > 0 && textOf(join(path, 'addr_assign_type')) === PERMANENT)
    .map((path) => ({ index: Number(textOf(join(path, 'ifindex'))), address: textOf(join(path, 'address')) }))
    .filter(({ address }) => /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(address) && address !== NO_ADDRESS);
  return devices.sort((one, other) => one.index - other.index)[0]?.address ?? '';
}

/** NET_ADDR_PERM of include/uapi/linux/netdevice.h: not made up, and not set by anybody. */
const PERMANENT = '0';
const NO_ADDRESS = '00:00:00:00:00:00';

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function listOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
