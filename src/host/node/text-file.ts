/** A short text that outlives the process: a file that is read whole and replaced whole. */
import { writeWhole } from '../linux/resolv.ts';
import { readFile } from './files.ts';

export interface TextFile {
  /** undefined: there is none yet. @throws Error it cannot be read */
  load(): Promise<string | undefined>;
  /** All or nothing, also when the power fails. @throws Error it cannot be written */
  save(text: string): Promise<void>;
}

export const textFile = (path: string): TextFile => ({
  load: () =>
    readFile(path).then(
      (octets) => new TextDecoder().decode(octets),
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      },
    ),
  save: (text) => writeWhole(path, text, MODE, true),
});

const MODE = 0o600;
