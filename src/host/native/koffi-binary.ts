/**
 * Where koffi's native part for this machine is. It is all that is used of koffi, and without the JavaScript around it, which finds
 * the same file, a daemon is 1 MB smaller.
 */
import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param places directories `node_modules`, the nearest first
 * @returns undefined: it is in no usual place; koffi itself knows others, or says what is wrong
 */
export function binaryIn(places: readonly string[]): string | undefined {
  const place = places.find((each) => existsSync(join(each, 'koffi')));
  if (place === undefined) return undefined;
  // As it is staged, and as npm installs it.
  for (const folder of ['koffi/build/koffi', `@koromix/koffi-${process.platform}-${process.arch}`]) {
    const path = join(place, folder);
    const triplets = existsSync(path) ? readdirSync(path).filter((name) => /^(linux|musl)_/.test(name)) : [];
    const [only, ...more] = triplets;
    const triplet = more.length === 0 ? only : triplets.find((name) => name.startsWith(isMusl() ? 'musl' : 'linux'));
    if (triplet !== undefined) return join(path, triplet, 'koffi.node');
  }
  return undefined;
}

/** An ELF file names the program that is to load it, right behind its headers. */
function isMusl(): boolean {
  const head = Buffer.alloc(4096);
  const file = openSync(process.execPath, 'r');
  readSync(file, head, 0, head.length, 0);
  closeSync(file);
  return head.includes('/ld-musl-');
}
