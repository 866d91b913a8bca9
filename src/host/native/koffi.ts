/** The C library, called straight from here: koffi, loaded once and only where somebody wants it. */
import { createRequire } from 'node:module';
import { getSystemErrorMap } from 'node:util';
import { HostError } from '../../ports/host-error.ts';
import { binaryIn } from './koffi-binary.ts';
import { type Layout, layoutOf, machineOf } from './layout.ts';
import { declareLibc, type Libc, type PollHandle, type PollOptions } from './libc.ts';
import { type UvLoop, uvLoopOf } from './uv-loop.ts';

type Koffi = typeof import('koffi');

export interface Native {
  readonly libc: Libc;
  readonly layout: Layout;
  /** Why the last call returned -1: look at once, before anything else is called. */
  errno(): number;
  /**
   * Where octets lie in memory, below 2^53. They stay there as long as somebody holds on to `memory`, and no longer.
   * @param memory made with {@link arena}: a small array of another origin may still be moved
   */
  addressOf(memory: ArrayBufferView): number;
  /** Memory for foreign calls, all zeros; pages of it that are never touched cost nothing. */
  arena(octets: number): Arena;
  /** The same for memory of another origin that does not move. */
  adopt(memory: Uint8Array): Arena;
  /** For {@link watch} alone: a handle must not be touched inside its own callback. */
  poll(fd: number, options: PollOptions, callback: (status: number, events: PollOptions) => void): PollHandle;
  /** This thread's; undefined: nobody but libuv can wait for it. */
  readonly loop: UvLoop | undefined;
}

/** Memory that does not move. It lives as long as this does: keep it where the addresses are kept. */
export interface Arena {
  readonly bytes: Uint8Array;
  /** The same memory in words of the machine's own order; only of a size that is a multiple of 4. */
  readonly words: Uint32Array;
  readonly address: number;
}

let loaded: Native | HostError | undefined;

/**
 * The same answer every time, once given.
 * @throws HostError `device-failed`: koffi is not there, or has no binary for this machine
 */
export function loadNative(): Native {
  loaded ??= load();
  if (loaded instanceof HostError) throw loaded;
  return loaded;
}

/** `ENETUNREACH: network is unreachable` */
export function errorWords(errno: number): string {
  const known = getSystemErrorMap().get(-errno);
  return known === undefined ? `error ${errno}` : `${known[0]}: ${known[1]}`;
}

/** `ENETUNREACH` */
export const errorName = (errno: number): string => getSystemErrorMap().get(-errno)?.[0] ?? `error ${errno}`;

function load(): Native | HostError {
  try {
    return nativeOf(requireKoffi());
  } catch (error) {
    return new HostError('device-failed', whyNot(error), { cause: error });
  }
}

// Not by `import()`: that would start Node's loader of modules, 2 MB of memory more than this.
function requireKoffi(): Koffi {
  const require = createRequire(typeof __filename === 'string' ? __filename : import.meta.url);
  return require(binaryIn(require.resolve.paths('koffi') ?? []) ?? 'koffi') as Koffi;
}

function nativeOf(koffi: Koffi): Native {
  const addressOf = (memory: ArrayBufferView) => Number(koffi.address(memory));
  const adopt = (bytes: Uint8Array): Arena => ({
    bytes,
    words: new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2),
    address: addressOf(bytes),
  });
  const library = koffi.load(null);
  return {
    libc: declareLibc(library),
    layout: layoutOf(machineOf(koffi.sizeof('void *'))),
    errno: koffi.errno as () => number,
    addressOf,
    arena: (octets) => adopt(new Uint8Array(octets)),
    adopt,
    poll: koffi.node.poll as unknown as Native['poll'],
    loop: uvLoopOf(library, koffi.node.env),
  };
}

function whyNot(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const words = message.split('\n')[0] ?? '';
  if (code === 'MODULE_NOT_FOUND' && /'koffi'/.test(words))
    return "the package koffi is not installed: put node_modules/koffi beside l2tpwan, or run 'npm install koffi'";
  if (/Cannot find the native Koffi module/.test(words))
    return `koffi has no binary for this machine (${process.platform} ${process.arch}): install the package for it`;
  if (code === 'ERR_DLOPEN_FAILED')
    return `the binary of koffi is for another machine than this (${process.platform} ${process.arch}): ${words}`;
  return `koffi cannot be loaded: ${words}`;
}
