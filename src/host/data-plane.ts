/** Which sockets and which backends there are for what the user chose. Native parts are loaded when they are first wanted. */
import type { DataPathChoice, DataPlane } from '../ports/data-path.ts';
import { HostError } from '../ports/host-error.ts';
import type { Run } from './linux/command.ts';
import { renamer } from './linux/rename-device.ts';

export function dataPlane(run: Run): (choice: DataPathChoice) => Promise<DataPlane> {
  const portable = once(() => portablePlane(run));
  const native = once(() => nativePlane(run));
  return async (choice) => {
    if (choice === 'tun') return portable();
    try {
      const { datagrams, kernel, others } = await native();
      if (choice === 'auto') return { datagrams, backends: [kernel.cautious, ...others], missing: [] };
      return { datagrams, backends: [kernel.plain, ...others].filter(({ name }) => choice === name), missing: [] };
    } catch (error) {
      if (choice !== 'auto' || !(error instanceof HostError)) throw error;
      const words = `data paths kernel and tun-gso are not used: ${error.failure.detail}`;
      return { ...(await portable()), missing: [words] };
    }
  };
}

/** Nothing but Node and the addon of node-tuntap2. */
async function portablePlane(run: Run): Promise<DataPlane> {
  const [{ udp }, { tunBackend }] = await Promise.all([import('./node/udp.ts'), import('./node/tun.ts')]);
  return { datagrams: udp, backends: [tunBackend({ rename: renamer(run) })], missing: [] };
}

/** System calls of our own, through koffi. @throws HostError `device-failed` it cannot be loaded */
async function nativePlane(run: Run) {
  const [{ loadNative }, { nativeUdp }, { kernelBackend, unlessNumbered }, { tunGsoBackend }, { tunBackend }] =
    await Promise.all([
      import('./native/koffi.ts'),
      import('./native/udp.ts'),
      import('./kernel/backend.ts'),
      import('./gso/backend.ts'),
      import('./node/tun.ts'),
    ]);
  const native = loadNative();
  setTimeout(() => native.libc.malloc_trim?.(0), SETTLED_MS).unref();
  const rename = renamer(run);
  const plain = kernelBackend({ run, rename });
  return {
    datagrams: nativeUdp(native),
    kernel: { plain, cautious: unlessNumbered(plain) },
    others: [tunGsoBackend({ native }), tunBackend({ rename })],
  };
}

/** When the start and the first dial are over, and with them the need for what they took: a megabyte that glibc would keep. */
const SETTLED_MS = 10_000;

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
