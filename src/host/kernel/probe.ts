/** Whether this kernel has PPP and L2TP for us, and what to do when it has not. */
import { closeSync, constants, openSync } from 'node:fs';
import { HostError } from '../../ports/host-error.ts';
import type { Run } from '../linux/command.ts';
import { errorName, errorWords, type Native } from '../native/koffi.ts';
import { SOCK_CLOEXEC, SOCK_DGRAM } from '../native/socket-table.ts';
import { AF_PPPOX, PX_PROTO_OL2TP } from './pppol2tp-table.ts';

const PPP_DEVICE = '/dev/ppp';
const MODULE = 'l2tp_ppp';

/** Rejects with HostError `device-failed` while the kernel has no L2TP for us. The first who finds that loads its modules; all wait for it. */
export function prober(run: Run): (native: Native) => Promise<void> {
  let loading: Promise<unknown> | undefined;
  return async (native) => {
    let lack = lackOf(native);
    // The kernel asks for its modules by itself, but not everywhere: no modprobe where it looks for one, or a container.
    if (lack?.isMissing) {
      loading ??= run(['modprobe', MODULE]);
      await loading;
      lack = lackOf(native);
    }
    if (lack !== undefined) throw new HostError('device-failed', lack.words);
  };
}

/** Opens the clone device, non-blocking. @throws HostError `device-failed` */
export function openPppDevice(): number {
  try {
    return openSync(PPP_DEVICE, constants.O_RDWR | constants.O_NONBLOCK);
  } catch (error) {
    throw new HostError('device-failed', deviceLack(error as NodeJS.ErrnoException).words, { cause: error });
  }
}

interface Lack {
  /** A module of the kernel's, not a permission. */
  readonly isMissing: boolean;
  readonly words: string;
}

function lackOf(native: Native): Lack | undefined {
  const { libc } = native;
  const socket = libc.socket(AF_PPPOX, SOCK_DGRAM | SOCK_CLOEXEC, PX_PROTO_OL2TP);
  if (socket < 0) return socketLack(native.errno());
  libc.close(socket);
  try {
    closeSync(openSync(PPP_DEVICE, constants.O_RDWR));
  } catch (error) {
    return deviceLack(error as NodeJS.ErrnoException);
  }
  return undefined;
}

function socketLack(errno: number): Lack {
  const isMissing = NOT_THERE.includes(errorName(errno));
  if (isMissing) return { isMissing, words: `this kernel has no L2TP: ${CURE}` };
  return { isMissing, words: `no PPPoL2TP socket can be made: ${errorWords(errno)}` };
}

function deviceLack({ code = '', message }: NodeJS.ErrnoException): Lack {
  if (code === 'ENODEV' || code === 'ENXIO')
    return { isMissing: true, words: `${PPP_DEVICE}: this kernel has no PPP: ${CURE}` };
  if (code === 'ENOENT')
    return { isMissing: true, words: `${PPP_DEVICE} does not exist: ${CURE}, or hand the device to this container` };
  if (code === 'EACCES' || code === 'EPERM')
    return { isMissing: false, words: `${PPP_DEVICE}: no permission: run as root or with CAP_NET_ADMIN` };
  return { isMissing: false, words: `${PPP_DEVICE}: ${message}` };
}

const NOT_THERE: readonly string[] = ['EAFNOSUPPORT', 'EPROTONOSUPPORT', 'ESOCKTNOSUPPORT'];

const CURE = `install kmod-pppol2tp (OpenWrt), or load the kernel's own module with 'modprobe ${MODULE}' (Debian and others)`;
