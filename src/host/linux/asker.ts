/** What the system itself says about the way to an address: `ip route get`. */
import { HostError } from '../../ports/host-error.ts';
import { failureOf, type Run, runTalking, succeeded } from './command.ts';
import { type PrintedPath, readPath } from './ip-text.ts';
import { ip } from './routes.ts';

export interface Question {
  /** Only ways over this device count. */
  readonly device?: string | undefined;
  /** Firewall mark of the packets that are to go this way: policy rules may look at it. */
  readonly mark?: number | undefined;
}

/** @throws HostError `no-route` */
export type Ask = (address: string, question?: Question) => Promise<PrintedPath>;

/** @param warn told once, when marks are wanted and this `ip` knows none */
export function asker(run: Run, warn: (words: string) => void): Ask {
  let knowsMarks: boolean | undefined;

  /** BusyBox passes over every word it does not know: it takes `mark 7` for the address 7.0.0.0. */
  const canMark = async (): Promise<boolean> => {
    if (knowsMarks !== undefined) return knowsMarks;
    const { status, output } = await run(['ip', '-V']);
    const isIproute2 = output.includes('iproute2');
    if (status !== undefined && knowsMarks === undefined) {
      knowsMarks = isIproute2;
      if (!isIproute2) warn(NO_MARKS);
    }
    return isIproute2;
  };

  return async (address, { device, mark } = {}) => {
    const marked = mark !== undefined && (await canMark()) ? mark : undefined;
    const argv = [...ip(address), ...questionText(address, { device, mark: marked }).split(' ')];
    const outcome = await runTalking(run, argv);
    if (!succeeded(outcome)) throw new HostError('no-route', failureOf(argv, outcome));
    const path = readPath(outcome.output);
    if (path === undefined)
      throw new HostError(
        'no-route',
        `\`${argv.join(' ')}\` answered in a way not understood: ${outcome.output.trim()}`,
      );
    return path;
  };
}

/** For people, too. */
export const questionText = (address: string, { device, mark }: Question): string =>
  [
    `route get ${address}`,
    ...(device === undefined ? [] : [`oif ${device}`]),
    ...(mark === undefined ? [] : [`mark ${mark}`]),
  ].join(' ');

const NO_MARKS =
  'this `ip` cannot be asked with a firewall mark, so a policy rule that looks at the mark is not seen when a server is pinned: install that of iproute2 (OpenWrt: ip-full)';
