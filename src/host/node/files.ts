/** File system calls as promises: `node:fs/promises` has them as well, together with streams and readline, half a megabyte of memory. */
import * as fs from 'node:fs';
import { promisify } from 'node:util';

export const chmod = promisify(fs.chmod);
export const closeFile = promisify(fs.close);
export const fsync = promisify(fs.fsync);
export const lstat = promisify<string, fs.Stats>(fs.lstat);
export const mkdir = promisify<string, fs.MakeDirectoryOptions, unknown>(fs.mkdir);
export const openFile = promisify<string, string, number, number>(fs.open);
export const readFile = promisify<string, Uint8Array>(fs.readFile);
export const readDirectory = promisify<string, string[]>(fs.readdir);
export const rename = promisify(fs.rename);
export const rm = promisify<string, fs.RmOptions, void>(fs.rm);
export const stat = promisify<string, fs.Stats>(fs.stat);
export const unlink = promisify(fs.unlink);
/** To a file that is open. */
export const writeText = promisify<number, string, void>(fs.writeFile);
