/** libuv's loop, as far as somebody who waits in its place has to know it: what libuv offers to those who embed it in a loop of their own. */
import type { LibraryHandle } from 'koffi';

export interface UvLoop {
  /** A descriptor that can be read when one of those that the loop watches has something. */
  readonly fd: number;
  /** How long it would wait just now: ms; 0: not at all, there is something to be done; -1: until a descriptor has something. */
  timeout(): number;
  /** Lets it see what time it is: nobody has told it while another waited. */
  updateTime(): void;
}

/**
 * The loop of this thread.
 * @param library the program itself and all it is linked with
 * @param environment this thread's napi_env, as koffi has it
 * @returns undefined: this build of Node keeps these functions to itself
 */
export function uvLoopOf(library: LibraryHandle, environment: unknown): UvLoop | undefined {
  try {
    const address = new BigUint64Array(1);
    if (library.func('int napi_get_uv_event_loop(void *env, void *loop)')(environment, address) !== 0) return undefined;
    const loop = Number(address[0]);
    const timeout = library.func('int uv_backend_timeout(void *loop)') as (loop: number) => number;
    const updateTime = library.func('void uv_update_time(void *loop)') as (loop: number) => void;
    return {
      fd: library.func('int uv_backend_fd(void *loop)')(loop) as number,
      timeout: () => timeout(loop),
      updateTime: () => updateTime(loop),
    };
  } catch {
    return undefined;
  }
}
