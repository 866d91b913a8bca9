/** Gives a device its final name with `ip`. */
import { HostError } from '../../ports/host-error.ts';
import { failureOf, type Run, succeeded } from './command.ts';

/** For a device that is down. @throws HostError `device-failed` */
export const renamer =
  (run: Run) =>
  async (from: string, to: string): Promise<void> => {
    const argv = ['ip', 'link', 'set', 'dev', from, 'name', to];
    const outcome = await run(argv);
    if (succeeded(outcome)) return;
    const isTaken = /exists/i.test(outcome.complaint);
    const cure = isTaken ? `; another device has this name: remove it ('ip link del ${to}'), or set "device"` : '';
    throw new HostError('device-failed', failureOf(argv, outcome) + cure);
  };
