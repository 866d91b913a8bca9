/** Where netifd's protocol handler leaves the settings of an interface: a file of mode 0600 in memory, whole or not at all. */
import { join } from 'node:path';
import { readFile, unlink } from '../node/files.ts';

export interface SettingsFiles {
  /** Plain data of any shape. @throws Error whose message is fit to be shown */
  read(name: string): Promise<unknown>;
  /** Names of the options that its section has, those too that netifd keeps from us; none where nobody knows. Never rejects. */
  optionNames(name: string): Promise<readonly string[]>;
  /** Never rejects. */
  remove(name: string): Promise<void>;
}

/** Names that netifd gives interfaces; none of them leads out of the directory. */
const INTERFACE_NAME = /^\w[\w.-]{0,63}$/;

/** As UCI takes them. */
const OPTION_NAME = /^\w{1,64}$/;

export function settingsFiles(runDir: string): SettingsFiles {
  const pathOf = (name: string, kind: 'json' | 'options' = 'json') => {
    if (!INTERFACE_NAME.test(name)) throw new Error(NAME_WORDS);
    return join(runDir, 'interfaces', `${name}.${kind}`);
  };
  return {
    async read(name) {
      const path = pathOf(name);
      const text = await readFile(path).then(
        (bytes) => new TextDecoder().decode(bytes),
        (error: NodeJS.ErrnoException) => {
          throw new Error(`its settings cannot be read: ${path}: ${error.code ?? 'unknown error'}`);
        },
      );
      try {
        return JSON.parse(text) as unknown;
      } catch {
        throw new Error(`its settings are not JSON: ${path}`); // what JSON.parse says quotes them, secrets too
      }
    },
    async optionNames(name) {
      if (!INTERFACE_NAME.test(name)) return [];
      const bytes = await readFile(pathOf(name, 'options')).catch(() => new Uint8Array());
      return new TextDecoder()
        .decode(bytes)
        .split('\n')
        .filter((line) => OPTION_NAME.test(line));
    },
    async remove(name) {
      if (!INTERFACE_NAME.test(name)) return;
      for (const kind of ['json', 'options'] as const) await unlink(pathOf(name, kind)).catch(() => undefined);
    },
  };
}

const NAME_WORDS =
  'its name is not one that l2tpwan takes: letters, digits and underscores, dots and hyphens after the first, 64 at most';
