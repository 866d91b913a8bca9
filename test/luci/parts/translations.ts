/** A translation of ours as a page gets it from LuCI: out of the very catalogue that is packaged, texts by the hash of what they stand for. */
import { existsSync, readFileSync } from 'node:fs';
import { lmoOf } from '../../../scripts/package/lmo.ts';
import { APP } from './acls.ts';

/** LuCI's name of a language, and the folder of its translation. */
const FOLDER: Readonly<Record<string, string>> = { 'zh-cn': 'zh_Hans' };

/** Of four numbers each: hash, plural forms, place and length. */
const ENTRY_OCTETS = 16;

export function catalogue(lang: string): Record<string, string> {
  const file = new URL(`po/${FOLDER[lang] ?? lang}/l2tpwan.po`, APP);
  const lmo = existsSync(file) ? Buffer.from(lmoOf(readFileSync(file))) : Buffer.alloc(0);
  if (lmo.length === 0) return {};
  const words: Record<string, string> = {};
  for (let entry = lmo.readUInt32BE(lmo.length - 4); entry < lmo.length - 4; entry += ENTRY_OCTETS) {
    const [hash, at, length] = [0, 8, 12].map((offset) => lmo.readUInt32BE(entry + offset));
    const text = lmo.subarray(at, (at ?? 0) + (length ?? 0)).toString('utf8');
    words[(hash ?? 0).toString(16).padStart(8, '0')] = text;
  }
  return words;
}
