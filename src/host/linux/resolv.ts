/** Where the peer's name servers are written: a resolv.conf of each connection, for the user or other programs to take up. */
import { dirname } from 'node:path';
import { chmod, closeFile, fsync, mkdir, openFile, rename, rm, writeText } from '../node/files.ts';

/** @param nameServers addresses, primary first */
export const resolvText = (connection: string, nameServers: readonly string[]): string =>
  [
    `# name servers of the peer of l2tpwan connection ${connection}`,
    ...nameServers.map((one) => `nameserver ${one}`),
    '',
  ].join('\n');

/**
 * Writes a file so that a reader sees the old one or the new one, never a half.
 * @param durable also after the power fails
 */
export async function writeWhole(path: string, text: string, mode: number, durable = false): Promise<void> {
  const draft = `${path}.new`;
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  const file = await openFile(draft, 'w', mode);
  try {
    await writeText(file, text);
    if (durable) await fsync(file);
  } finally {
    await closeFile(file);
  }
  await chmod(draft, mode); // the umask had its say above
  await rename(draft, path);
}

/** Removes a file if it is there. */
export const removeFile = (path: string): Promise<void> => rm(path, { force: true });
