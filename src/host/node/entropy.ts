/** Octets nobody can guess, from the kernel. Node's own source would pull in OpenSSL, which costs a router a megabyte and more. */
import { openSync, readSync } from 'node:fs';
import type { Entropy } from '../../protocol/machine.ts';

let source: number | undefined;

/** @throws Error there is no /dev/urandom, or it runs dry (it never does) */
export const entropy: Entropy = (count) => {
  source ??= openSync('/dev/urandom', 'r');
  const bytes = new Uint8Array(count);
  if (readSync(source, bytes) !== count) throw new Error(`/dev/urandom gave fewer than ${count} octets`);
  return bytes;
};
