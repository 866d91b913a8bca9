/** What is done about a run that crashed: everything its journal names is taken away, its tunnels are hung up, the journal goes last. */
import type { Log } from '../../ports/log.ts';
import type { HangUp } from '../../ports/network.ts';
import type { FarewellRecord } from '../../protocol/l2tp/farewell.ts';
import { failureOf, type Run, succeeded } from './command.ts';
import { saysGone } from './ip-text.ts';
import { type Entry, type Found, findJournals, isOfThisBoot, isRunning } from './journal.ts';
import type { KernelView } from './kernel-view.ts';
import { unclamp } from './mss.ts';
import { removeFile } from './resolv.ts';
import { removeRoute, removeRule } from './routes.ts';

export interface RecoverOptions {
  readonly run: Run;
  readonly view: KernelView;
  readonly runDir: string;
  readonly stateDir: string;
  readonly log: Log;
}

/** Whoever is killed meanwhile leaves the journals: the next start does it all again, and nothing twice is worse than once. */
export async function recover({ run, view, runDir, stateDir, log }: RecoverOptions, hangUp: HangUp): Promise<void> {
  // The run directory comes first: where both know a connection it has the later word.
  const found: Found[] = [];
  for (const directory of new Set([runDir, stateDir])) found.push(...(await findJournals(directory)));
  const farewells = new Map<string, FarewellRecord>();
  const over: string[] = [];
  for (const { path, entry } of found) {
    if (entry !== undefined && isRunning(entry.owner)) continue;
    over.push(path);
    if (entry === undefined) {
      log.write('warn', undefined, `${path} cannot be read as a journal: removed`);
      continue;
    }
    const { connection, farewell, owner } = entry;
    for (const trouble of await removeLeftovers(run, view, entry))
      log.write('warn', connection, `left over: ${trouble}`);
    if (farewell !== undefined && !farewells.has(connection)) farewells.set(connection, farewell);
    log.write('info', connection, `cleaned up after process ${owner.pid}, which ended without doing so`);
  }
  await Promise.all([...farewells].map(([connection, farewell]) => hangUp(connection, farewell)));
  for (const path of over) await removeFile(path).catch((error: Error) => log.write('warn', undefined, error.message));
}

/** In the reverse order of installation. @returns what is still there, as words */
async function removeLeftovers(run: Run, view: KernelView, entry: Entry): Promise<string[]> {
  const troubles: (string | undefined)[] = [];
  if (entry.resolvFile !== undefined) {
    troubles.push(
      await removeFile(entry.resolvFile).then(
        () => undefined,
        (error: Error) => error.message,
      ),
    );
  }
  if (isOfThisBoot(entry.owner)) {
    if (entry.nftTable !== undefined) troubles.push(await unclamp(run, entry.nftTable));
    for (const rule of entry.rules.toReversed()) troubles.push(await removeRule(run, rule));
    for (const route of entry.routes.toReversed()) troubles.push(await removeRoute(run, route));
    troubles.push(await removeDevice(run, view, entry));
  }
  return troubles.filter((trouble) => trouble !== undefined);
}

/** A device that outlived its process; one that merely has the name is somebody else's. */
async function removeDevice(run: Run, view: KernelView, { device, deviceIndex }: Entry): Promise<string | undefined> {
  if (deviceIndex === undefined || view.link(device)?.index !== deviceIndex) return undefined;
  const argv = ['ip', 'link', 'del', 'dev', device];
  const outcome = await run(argv);
  return succeeded(outcome) || saysGone(outcome) ? undefined : failureOf(argv, outcome);
}
