/** What is wrong when there is no TUN device to be had, and what helps. */
import { HostError } from '../ports/host-error.ts';

/** Whoever opens it can make a TUN device of it. */
export const DEV_NET_TUN = '/dev/net/tun';

export const NO_PERMISSION = 'no permission: run as root or with CAP_NET_ADMIN';

/**
 * It cannot be opened.
 * @param code of the error, as `ENOENT`
 * @param words what is said of an error that there is no cure for
 */
export function noDevNetTun(code: string | undefined, words: string, options?: ErrorOptions): HostError {
  const cure =
    code === 'ENOENT' || code === 'ENODEV' || code === 'ENXIO'
      ? "it does not exist: load the module with 'modprobe tun' (OpenWrt: install kmod-tun), or hand the device to this container"
      : code === 'EACCES' || code === 'EPERM'
        ? NO_PERMISSION
        : words;
  return new HostError('device-failed', `${DEV_NET_TUN}: ${cure}`, options);
}
