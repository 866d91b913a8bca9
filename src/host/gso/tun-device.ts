/** A TUN device whose packets come with a vnet header: large ones uncut, checksums still to be made. */
import type { Feature } from '../../ports/data-path.ts';
import { HostError } from '../../ports/host-error.ts';
import { DEV_NET_TUN, NO_PERMISSION, noDevNetTun } from '../dev-net-tun.ts';
import { type Request, requestOf } from '../native/ioctl.ts';
import { errorName, errorWords, type Native } from '../native/koffi.ts';
import {
  IFF_NO_PI,
  IFF_TUN,
  IFF_TUN_EXCL,
  IFF_VNET_HDR,
  OFFLOADS,
  type OffloadName,
  TUNSETIFF,
  TUNSETOFFLOAD,
} from './tun-table.ts';

export interface TunDevice {
  readonly name: string;
  /** Non-blocking. The device lives as long as it is open. */
  readonly fd: number;
  /** Whether every packet has a vnet header in front, both ways. */
  readonly hasVnetHeader: boolean;
  /** What the kernel leaves to us. */
  readonly offloads: ReadonlySet<OffloadName>;
  readonly features: readonly Feature[];
}

/** Says of a feature why it is not to be used; undefined: it is, if it is there. */
export type Unwanted = (feature: string) => string | undefined;

/**
 * @param name final name of the device, at most 15 characters
 * @throws HostError `device-failed`
 */
export function openTunDevice(native: Native, name: string, unwanted: Unwanted): TunDevice {
  const fd = openClone(native);
  try {
    const noVnetHeader = unwanted('vnet-header') ?? makeWithVnetHeader(native, fd, name);
    if (noVnetHeader !== undefined) refuse(name, makeInterface(native, fd, name, 0));
    return { name, fd, hasVnetHeader: noVnetHeader === undefined, ...probe(native, fd, noVnetHeader, unwanted) };
  } catch (error) {
    native.libc.close(fd);
    throw error;
  }
}

/** Each offload by itself: kernels differ, and what one of them lacks is no reason to do without the others. */
function probe(native: Native, fd: number, noVnetHeader: string | undefined, unwanted: Unwanted) {
  const offloads = new Set<OffloadName>();
  const features: Feature[] = [{ name: 'vnet-header', missing: noVnetHeader }];
  let flags = 0;
  for (const offload of OFFLOADS) {
    const missing = noVnetHeader
      ? 'there is no vnet header'
      : (unwanted(offload.name) ?? wordsOf(leaveToUs(native, fd, flags | offload.flags)));
    features.push({ name: offload.name, missing });
    if (missing !== undefined) continue;
    flags |= offload.flags;
    offloads.add(offload.name);
  }
  if (noVnetHeader === undefined) leaveToUs(native, fd, flags); // the last one tried may have been refused
  return { offloads, features };
}

/** TUNSETOFFLOAD takes its flags as they are, not from memory. @returns the error, 0: done */
function leaveToUs(native: Native, fd: number, flags: number): number {
  return native.libc.ioctl(fd, requestOf(TUNSETOFFLOAD), flags) === -1 ? native.errno() : 0;
}

/**
 * @returns why this kernel has no vnet headers; undefined: it has, and the interface is made
 * @throws HostError `device-failed` for any other reason: without them it would be the same
 */
function makeWithVnetHeader(native: Native, fd: number, name: string): string | undefined {
  const error = makeInterface(native, fd, name, IFF_VNET_HDR);
  if (error !== 0 && errorName(error) !== 'EINVAL') refuse(name, error);
  return wordsOf(error);
}

/** @returns the error, 0: done */
function makeInterface(native: Native, fd: number, name: string, flags: number): number {
  const ifreq = native.arena(IFREQ_OCTETS);
  ifreq.bytes.set(new TextEncoder().encode(name).subarray(0, IFNAMSIZ - 1));
  new Uint16Array(ifreq.bytes.buffer)[IFNAMSIZ / 2] = IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL | flags;
  return call(native, fd, TUNSETIFF, ifreq.bytes);
}

function call(native: Native, fd: number, request: Request, argument: Uint8Array): number {
  return native.libc.ioctl(fd, requestOf(request), argument) === -1 ? native.errno() : 0;
}

function refuse(name: string, error: number): void {
  if (error === 0) return;
  const cure =
    errorName(error) === 'EBUSY'
      ? `another device has this name: remove it ('ip link del ${name}'), or set "device"`
      : errorName(error) === 'EPERM'
        ? NO_PERMISSION
        : errorWords(error);
  throw new HostError('device-failed', `no TUN device ${name} could be made: ${cure}`);
}

const wordsOf = (error: number): string | undefined => (error === 0 ? undefined : errorWords(error));

function openClone(native: Native): number {
  const fd = native.libc.open(DEV_NET_TUN, O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd !== -1) return fd;
  const error = native.errno();
  throw noDevNetTun(errorName(error), errorWords(error));
}

const O_RDWR = 2;
const O_NONBLOCK = 0o4000; // mips: 0o200
const O_CLOEXEC = 0o2000000;
const IFREQ_OCTETS = 40;
const IFNAMSIZ = 16;
