/** What is done about a run that crashed: everything its journal names is taken away, and its tunnels' farewells are handed on. */
import type { Log } from '../../ports/log.ts';
import type { NetworkPort } from '../../ports/network.ts';
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

export async function recover({
  run,
  view,
  runDir,
  stateDir,
  log,
}: RecoverOptions): ReturnType<NetworkPort['recover']> {
  // The run directory comes first: where both know a connection it has the later word.
  const found: Found[] = [];
  for (const directory of new Set([runDir, stateDir])) found.push(...(await findJournals(directory)));
  const farewells = new Map<string, NonNullable<Entry['farewell']>>();
  for (const { path, entry } of found) {
    if (entry !== undefined && isRunning(entry.owner)) continue;
    if (entry === undefined) log.write('warn', undefined, `${path} cannot be read as a journal: removed`);
    else {
      for (const trouble of await removeLeftovers(run, view, entry))
        log.write('warn', entry.connection, `left over: ${trouble}`);
      if (entry.farewell !== undefined && !farewells.has(entry.connection))
        farewells.set(entry.connection, entry.farewell);
      log.write('info', entry.connection, `cleaned up after process ${entry.owner.pid}, which ended without doing so`);
    }
    await removeFile(path).catch((error: Error) => log.write('warn', undefined, error.message));
  }
  return [...farewells].map(([name, farewell]) => ({ name, farewell }));
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
