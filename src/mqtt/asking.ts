/** Asking the daemon, as every other door does: through the control channel. */
import type { EventView } from '../daemon/events.ts';
import type { Status } from '../daemon/status.ts';
import type { Serve } from '../ports/control-channel.ts';

/** One answer of the control channel. */
export type Said = { readonly data?: unknown; readonly error?: string; readonly words?: string };

/** @returns every answer there was */
export function ask(serve: Serve, request: object): Promise<readonly Said[]> {
  return new Promise((resolve) => {
    const said: Said[] = [];
    serve(JSON.stringify(request), {
      write: (answer) => said.push(JSON.parse(answer) as Said),
      end: () => resolve(said),
    });
  });
}

/** The read model as it is now; undefined while too many others are being served. */
export const statusNow = (serve: Serve): Status | undefined => now(serve, { method: 'status' }) as Status | undefined;

/** Facts of the daemon: its version, since when it runs, the runtime, the machine. */
export function factsNow(serve: Serve): Readonly<Record<string, unknown>> {
  return (now(serve, { method: 'info' }) ?? {}) as Record<string, unknown>;
}

/** Calls `listener` with every event from now on; returns how to end that. */
export function follow(serve: Serve, listener: (event: EventView) => void): () => void {
  let isPast = true;
  const end = serve(JSON.stringify({ method: 'events', follow: true, limit: 1 }), {
    write: (answer) => {
      const { data } = JSON.parse(answer) as Said;
      // What happened before was told before, or there was nobody to tell it to.
      if (!isPast && data !== undefined) listener(data as EventView);
    },
    end: () => undefined,
  });
  isPast = false;
  return end;
}

function now(serve: Serve, request: object): unknown {
  const said: Said[] = [];
  serve(JSON.stringify(request), {
    write: (answer) => said.push(JSON.parse(answer) as Said),
    end: () => undefined,
  });
  return said[0]?.data;
}
