/** What goes on above LCP while it is open: first authentication, then the network protocols (RFC 1661 §3.5, §3.6). */
import { earliest, type Instant } from '../deadlines.ts';
import type { Failure } from '../failure.ts';
import type { Machine } from '../machine.ts';
import type { AuthMethod } from '../settings.ts';
import type { AuthEffect, AuthInput } from './authentication-io.ts';
import { LAYER } from './layer-table.ts';
import type { Agreed } from './negotiation.ts';
import { Network, type NetworkEffect, type NetworkOptions } from './network.ts';

export type UpperInput =
  /** LCP is open; `method` is what has been agreed on for authentication, if anything. */
  | { type: 'up'; method: AuthMethod | undefined }
  | { type: 'down' }
  | { type: 'packet'; protocol: number; bytes: Uint8Array }
  | { type: 'protocol-rejected'; protocol: number }
  | { type: 'tick' };

export type UpperEffect =
  | NetworkEffect
  | { type: 'phase'; phase: 'authenticate' | 'network' }
  | { type: 'authenticated'; method: AuthMethod | 'none'; message: string };

interface Proof {
  readonly method: AuthMethod;
  readonly machine: Machine<AuthInput, AuthEffect>;
  progress: 'silent' | 'answered' | 'accepted';
}

export interface UpperOptions extends NetworkOptions {
  /** The machine that authenticates by this method: on our side of it, or as the one who asks. */
  readonly authenticate: (method: AuthMethod) => Machine<AuthInput, AuthEffect>;
}

export class UpperLayers implements Machine<UpperInput, UpperEffect> {
  readonly #options: UpperOptions;
  readonly #network: Network;
  /** It lasts as long as LCP stays open, for there may be a challenge again at any time. */
  #proof: Proof | undefined;

  constructor(options: UpperOptions) {
    this.#options = options;
    this.#network = new Network(options);
  }

  get deadline(): Instant | undefined {
    return earliest(this.#proof?.machine.deadline, this.#network.deadline);
  }
  get agreed(): { ipcp: Agreed; ipv6cp: Agreed } {
    return this.#network.agreed;
  }
  /** The method with which we have answered the peer, as long as it has not accepted that. */
  get answeredWith(): AuthMethod | undefined {
    return this.#proof?.progress === 'answered' ? this.#proof.method : undefined;
  }

  handle(input: UpperInput, now: Instant): UpperEffect[] {
    switch (input.type) {
      case 'up':
        return this.#up(input.method, now);
      case 'down':
        this.#proof = undefined;
        return this.#network.handle(input, now);
      case 'packet':
        return LAYER.get(input.protocol) === 'authentication'
          ? this.#toProof(input, now)
          : this.#network.handle(input, now);
      case 'protocol-rejected':
        return LAYER.get(input.protocol) === 'authentication'
          ? this.#proofRejected()
          : this.#network.handle(input, now);
      case 'tick':
        return [...this.#toProof(input, now), ...this.#network.handle(input, now)];
      default:
        return input satisfies never;
    }
  }

  #up(method: AuthMethod | undefined, now: Instant): UpperEffect[] {
    if (method === undefined) return this.#authenticated('none', '', now);
    this.#proof = { method, machine: this.#options.authenticate(method), progress: 'silent' };
    return [{ type: 'phase', phase: 'authenticate' }, ...this.#toProof({ type: 'start' }, now)];
  }

  #authenticated(method: AuthMethod | 'none', message: string, now: Instant): UpperEffect[] {
    return [
      { type: 'authenticated', method, message },
      { type: 'phase', phase: 'network' },
      ...this.#network.handle({ type: 'up' }, now),
    ];
  }

  #toProof(input: AuthInput, now: Instant): UpperEffect[] {
    const proof = this.#proof;
    if (proof !== undefined)
      return proof.machine.handle(input, now).flatMap((effect) => this.#fromProof(proof, effect, now));
    return input.type === 'packet' ? [dropped('authentication that was not agreed on, or not yet')] : [];
  }

  #fromProof(proof: Proof, effect: AuthEffect, now: Instant): UpperEffect[] {
    switch (effect.type) {
      case 'packet':
        if (proof.progress === 'silent') proof.progress = 'answered';
        return [effect];
      case 'succeeded':
        proof.progress = 'accepted';
        return this.#authenticated(proof.method, effect.message, now);
      case 'failed':
      case 'dropped':
        return [effect];
      default:
        return effect satisfies never;
    }
  }

  #proofRejected(): UpperEffect[] {
    if (this.#proof === undefined || this.#proof.progress === 'accepted')
      return [dropped('Protocol-Reject of an authentication that is over')];
    const detail = 'the server rejects the authentication protocol that it had asked for itself';
    const failure: Failure = { code: 'auth-method-refused', detail };
    return [{ type: 'failed', failure }];
  }
}

const dropped = (why: string): UpperEffect => ({ type: 'dropped', why });
