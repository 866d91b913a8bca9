/** A configuration file on disk, read for the daemon or for `check`. */
import { hostname } from 'node:os';
import { type Reading, readSettings, readSettingsText } from '../daemon/settings.ts';
import { readFile, stat } from '../host/node/files.ts';

/** Facts of this machine. */
export const surroundings = () => ({ hostName: hostname() });

/** Never rejects: a file that cannot be read is a fault like any other. Each line begins with the file. */
export async function readConfigFile(path: string): Promise<Reading> {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(path));
    const reading = readSettingsText(text, surroundings());
    if ('faults' in reading) return { faults: reading.faults.map((fault) => `${path}: ${fault}`) };
    const warnings = [...(await exposure(path)), ...reading.warnings].map((warning) => `${path}: ${warning}`);
    return { settings: reading.settings, warnings };
  } catch (error) {
    return { faults: [`${path}: ${readWords(error)}`] };
  }
}

/** Data that came from elsewhere, in the shape of a file. */
export const readConfigData = (raw: unknown): Reading => readSettings(raw, surroundings());

/** Others than the owner who can read the file can read the passwords in it. */
async function exposure(path: string): Promise<string[]> {
  const { mode } = await stat(path);
  if ((mode & 0o004) !== 0) return ['everybody on this machine can read it, and the passwords in it: chmod 600 it'];
  return [];
}

/** Why a file cannot be read, in words; never its content. */
export function readWords(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'no permission to read it';
  if (code === 'EISDIR') return 'it is a directory';
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') return 'it is not UTF-8 text';
  return `it cannot be read (${code ?? 'unknown error'})`;
}
