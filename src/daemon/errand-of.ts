/** What each wish of the engine that takes time makes the machine do, and what the engine hears of it. */
import type { ClientEffect, ClientInput } from '../protocol/client-io.ts';
import type { Failure } from '../protocol/failure.ts';
import type { Groundwork, Way } from './groundwork.ts';

/** Effects that wait for the machine. */
export type SlowEffect = Exclude<ClientEffect, { type: 'send' | 'close' | 'resolve' | 'event' | 'dropped' }>;

export interface Errand {
  /** Gives the answer for the engine, if it waits for one. */
  readonly work: () => Promise<ClientInput | undefined>;
  /** What becomes of a failure: an answer, or only words for the user in front of its detail. */
  readonly failed: (failure: Failure) => ClientInput | { type: 'notice'; words: string };
}

/** @param way where packets go, taken while the engine still says so */
export function errandOf(effect: SlowEffect, ground: Groundwork, way: Way | undefined): Errand {
  switch (effect.type) {
    case 'prepare':
      return {
        work: async () => ({ type: 'path-ready', path: await ground.prepare(effect.candidate, effect.localPort) }),
        failed: (failure) => ({ type: 'path-failed', failure }),
      };
    case 'link-up':
      return {
        work: async () => {
          if (way === undefined) throw new Error('link-up without a lane');
          await ground.linkUp(effect.link, way);
          return { type: 'link-ready' };
        },
        failed: (failure) => ({ type: 'link-failed', failure }),
      };
    case 'repin':
      return {
        work: async () => {
          const path = await ground.repin(effect.server, effect.socket);
          return { type: 'path-mtu', server: effect.server.address, path };
        },
        failed: (failure) => ({ type: 'link-failed', failure }),
      };
    case 'ask-path-mtu':
      return {
        work: async () => {
          const path = await ground.pathMtu(effect.server);
          return path && { type: 'path-mtu', server: effect.server, path };
        },
        failed: ({ detail }) => ({ type: 'notice', words: `the path MTU could not be asked for: ${detail}` }),
      };
    case 'release':
      return {
        work: async () => {
          await ground.release();
          return { type: 'released' };
        },
        failed: () => ({ type: 'released' }),
      };
    case 'mtu-changed':
      return quiet(() => ground.setMtu(effect.mtu), 'the MTU could not be changed');
    case 'ipv6-up':
      return quiet(() => ground.ipv6Up(effect.interfaceId), 'IPv6 could not be configured');
    case 'ipv6-down':
      return quiet(() => ground.ipv6Down(), 'IPv6 could not be removed');
    case 'remember':
      return quiet(() => ground.remember(effect.farewell), 'the journal could not be written');
    default:
      return effect satisfies never;
  }
}

/** Work whose failure leaves the connection usable. */
const quiet = (work: () => Promise<void>, words: string): Errand => ({
  work: () => work().then(() => undefined),
  failed: ({ detail }) => ({ type: 'notice', words: `${words}: ${detail}` }),
});
