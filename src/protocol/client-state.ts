/** Where a connection that is kept up can be, and what its user's wishes change about that. */
import type { Attempt } from './attempt.ts';
import type { Candidate } from './client-io.ts';
import type { Instant } from './deadlines.ts';

/** What follows when nothing of a dial is left on the machine. */
export type Next = 'dial-next' | 'redial' | 'wait' | 'rest';

export type State =
  | { at: 'idle' }
  | { at: 'waiting'; until: Instant }
  | { at: 'resolving' }
  /** The host cannot be interrupted: what the user wishes meanwhile is done when it has answered. */
  | { at: 'preparing'; candidate: Candidate; localPort: number; wish: 'dial' | 'redial' | 'rest' }
  /** `next` is set once the call is being hung up. */
  | { at: 'calling'; attempt: Attempt; next: Next | undefined }
  | { at: 'releasing'; next: Next };

/** The same state, where a dial that cannot be interrupted is to be followed by rest or by a new one. To rest is stronger. */
export function withWish(state: State, wish: 'rest' | 'redial'): State {
  switch (state.at) {
    case 'preparing':
      return state.wish === 'rest' ? state : { ...state, wish };
    case 'calling':
    case 'releasing':
      return state.next === 'rest' ? state : { ...state, next: wish };
    default:
      return state;
  }
}

/** The same state, where the wish to rest is forgotten. */
export function withoutRest(state: State): State {
  switch (state.at) {
    case 'preparing':
      return state.wish === 'rest' ? { ...state, wish: 'redial' } : state;
    case 'calling':
    case 'releasing':
      return state.next === 'rest' ? { ...state, next: 'redial' } : state;
    default:
      return state;
  }
}
