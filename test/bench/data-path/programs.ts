/** The C programs of the benchmark, compiled when they are wanted. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from '../../lab/command.ts';

export interface Programs {
  /** The data plane: see c/peer.c. */
  readonly peer: string;
  /** Small datagrams: see c/blast.c. */
  readonly blast: string;
}

/** @param directory where they are put. @throws CommandFailed no C compiler */
export async function compile(directory: string): Promise<Programs> {
  const [peer, blast] = [join(directory, 'peer'), join(directory, 'blast')];
  await cc(peer, ['peer.c', 'peer-up.c', 'peer-down.c', 'peer-lns.c']);
  await cc(blast, ['blast.c']);
  return { peer, blast };
}

const cc = (program: string, sources: readonly string[]): Promise<string> =>
  run('cc', ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', '-pthread', '-o', program, ...sources], {
    cwd: fileURLToPath(new URL('c', import.meta.url)),
  });
