/**
 * The PPP link over one call, as a client: dead, establish, authenticate, network, terminate (RFC 1661 §3.2).
 *
 *     frame ─► Lcp ──(open)──► UpperLayers: authentication ──(succeeded)──► Network ──► ipv4-up, ipv6-up
 *
 * Nothing waits for anything the RFC does not ask to wait for: the first packet of a phase leaves together with the last of the
 * phase before. A Configure-Request of the peer takes the link back to `establish` at any time, and all of it happens again.
 */
import { Malformed } from '../../wire/malformed.ts';
import { LCP_CODE } from '../../wire/ppp-code-table.ts';
import { PLAIN_FRAMING, type PppFrame, PROTOCOL, readFrame, writeFrame } from '../../wire/ppp-frame.ts';
import { readPacket } from '../../wire/ppp-packet.ts';
import { earliest, type Instant } from '../deadlines.ts';
import { FAILURE, type Failure } from '../failure.ts';
import type { Entropy, Machine } from '../machine.ts';
import type { AuthMethod, LinkSettings } from '../settings.ts';
import { authentication } from './authentication.ts';
import { LIMITS } from './automaton.ts';
import { asksForEncryption } from './encryption.ts';
import { CLIENT_WISHES } from './ipcp.ts';
import { LAYER } from './layer-table.ts';
import { Lcp, type LcpEffect, type LcpInput } from './lcp.ts';
import { type Circumstances, failureOf, meaningOf, terminateFailure } from './link-failure.ts';
import type { LinkEffect, LinkInput, LinkPhase } from './link-io.ts';
import type { Agreed } from './negotiation.ts';
import { type UpperEffect, type UpperInput, UpperLayers } from './upper-layers.ts';

export type { LinkEffect, LinkInput, LinkPhase } from './link-io.ts';

/** Options in force, as words, by protocol. */
export type Negotiated = Readonly<Record<'lcp' | 'ipcp' | 'ipv6cp', Agreed>>;

/** How long after our Protocol-Reject of MPPE a hang-up is taken for the answer to it, ms. Ours: a Restart timer and a slow server. */
const ENCRYPTION_GRUDGE_MS = 5000;

export class Link implements Machine<LinkInput, LinkEffect> {
  readonly #settings: LinkSettings;
  readonly #lcp: Lcp;
  readonly #upper: UpperLayers;
  #phase: LinkPhase = 'dead';
  #carriesIpv4 = false;
  #refusedEncryptionAt: Instant | undefined;
  /** The peer has hung up: until when it may take down the call itself. */
  #lingerUntil: Instant | undefined;
  #failure: Failure | undefined;
  #hasEnded = false;

  constructor(settings: LinkSettings, entropy: Entropy) {
    this.#settings = settings;
    const echo = { intervalMs: settings.echoIntervalMs, failures: settings.echoFailures };
    // A client demands nothing: a server that must prove itself first is one that nobody can dial.
    this.#lcp = new Lcp({ mru: settings.mru, accepts: settings.auth, demands: [], echo, entropy });
    const authenticate = (method: AuthMethod) => authentication(method, settings, entropy);
    this.#upper = new UpperLayers({ authenticate, ipv4: CLIENT_WISHES, ipv6: settings.ipv6, entropy });
  }

  get phase(): LinkPhase {
    return this.#phase;
  }
  get negotiated(): Negotiated {
    return { lcp: this.#lcp.agreed, ...this.#upper.agreed };
  }
  /** Of the last LCP echo that was answered, ms. */
  get echoRoundTripMs(): number | undefined {
    return this.#lcp.echoRoundTripMs;
  }
  /** The longest LCP packet that can be echoed, octets. */
  get longestEcho(): number {
    return this.#lcp.longestEcho;
  }
  get deadline(): Instant | undefined {
    if (this.#hasEnded) return undefined;
    return this.#lingerUntil ?? earliest(this.#lcp.deadline, this.#upper.deadline);
  }

  handle(input: LinkInput, now: Instant): LinkEffect[] {
    if (this.#hasEnded) return input.type === 'frame' ? [dropped('frame after the end of the link')] : [];
    switch (input.type) {
      case 'lower-up':
        return [...this.#enter('establish'), ...this.#toLcp({ type: 'up' }, now)];
      case 'frame':
        return this.#frame(input.bytes, now);
      case 'heard':
        return this.#toLcp({ type: 'data-came-in' }, now);
      case 'probe':
        return this.#toLcp(input, now);
      case 'close':
        if (this.#phase === 'dead' || this.#lingerUntil !== undefined) return this.#end(now);
        return [...this.#enter('terminate'), ...this.#toLcp(input, now)];
      case 'lower-down':
        if (input.peer !== undefined && this.#phase !== 'terminate')
          this.#failure = meaningOf(input.peer, this.#circumstances(now));
        return this.#end(now);
      case 'tick':
        if (this.#lingerUntil !== undefined) return now < this.#lingerUntil ? [] : this.#end(now);
        return [...this.#toLcp(input, now), ...this.#toUpper(input, now)];
      default:
        return input satisfies never;
    }
  }

  #frame(bytes: Uint8Array, now: Instant): LinkEffect[] {
    try {
      return this.#dispatch(readFrame(bytes), now);
    } catch (error) {
      if (error instanceof Malformed) return [dropped(error.message)];
      throw error;
    }
  }

  #dispatch({ protocol, payload }: PppFrame, now: Instant): LinkEffect[] {
    const layer = protocol === PROTOCOL.ipv6cp && !this.#settings.ipv6 ? undefined : LAYER.get(protocol);
    switch (layer) {
      case 'lcp': {
        const packet = readPacket(payload);
        const isWelcome = this.#lingerUntil === undefined || packet.code === LCP_CODE.terminateRequest;
        return isWelcome
          ? this.#toLcp({ type: 'packet', packet }, now)
          : [dropped('LCP: packet after Terminate-Request')];
      }
      case 'authentication':
      case 'network':
        return this.#toUpper({ type: 'packet', protocol, bytes: payload }, now);
      default:
        if (layer === 'encryption' && asksForEncryption(protocol, payload)) this.#refusedEncryptionAt = now;
        return this.#toLcp({ type: 'unknown-protocol', protocol, payload }, now);
    }
  }

  #toLcp(input: LcpInput, now: Instant): LinkEffect[] {
    return this.#lcp.handle(input, now).flatMap((effect) => (this.#hasEnded ? [] : this.#fromLcp(effect, now)));
  }

  #fromLcp(effect: LcpEffect, now: Instant): LinkEffect[] {
    switch (effect.type) {
      case 'packet':
        return [frame(PROTOCOL.lcp, effect.bytes)];
      case 'dropped':
        return [effect];
      case 'this-layer-up':
        return [
          { type: 'framing', ...this.#lcp.framing },
          { type: 'peer-mru', mru: this.#lcp.peerMru },
          ...this.#toUpper({ type: 'up', method: this.#lcp.authentication }, now),
        ];
      case 'this-layer-down':
        return [
          ...this.#toUpper({ type: 'down' }, now),
          ...(this.#phase === 'terminate' ? [] : this.#enter('establish')),
        ];
      case 'this-layer-finished':
        this.#failure ??= failureOf(effect, this.#settings);
        return this.#end(now);
      case 'diverged':
      case 'incompatible':
      case 'auth-refused':
        return this.#fail(failureOf(effect, this.#settings, this.#lcp.authRefused), now);
      case 'echo-lost':
      case 'looped-back':
        return [...this.#fail(failureOf(effect, this.#settings), now), ...this.#end(now)]; // nobody is there to wait for
      case 'terminated':
        return this.#terminated(effect.data, now);
      case 'protocol-rejected':
        return this.#toUpper(effect, now);
      case 'probe-answered':
      case 'probe-rejected':
        return [effect];
      default:
        return effect satisfies never;
    }
  }

  #toUpper(input: UpperInput, now: Instant): LinkEffect[] {
    return this.#upper.handle(input, now).flatMap((effect) => (this.#hasEnded ? [] : this.#fromUpper(effect, now)));
  }

  #fromUpper(effect: UpperEffect, now: Instant): LinkEffect[] {
    switch (effect.type) {
      case 'packet':
        return [frame(effect.protocol, effect.bytes)];
      case 'phase':
        return this.#enter(effect.phase);
      case 'failed':
        return this.#fail(effect.failure, now);
      case 'ipv4-up':
      case 'ipv4-down':
        this.#carriesIpv4 = effect.type === 'ipv4-up';
        return [effect];
      default:
        return [effect];
    }
  }

  /** The peer hangs up. It SHOULD take down the call as well, and gets one Restart time for it (RFC 1661 §3.7). */
  #terminated(data: Uint8Array, now: Instant): LinkEffect[] {
    if (this.#phase === 'terminate') return [];
    this.#failure = terminateFailure(data, this.#settings.password, this.#circumstances(now));
    this.#lingerUntil = now + LIMITS.terminateMs;
    return [...this.#enter('terminate'), ...this.#toUpper({ type: 'down' }, now)];
  }

  #circumstances(now: Instant): Circumstances {
    const refusedAt = this.#refusedEncryptionAt;
    return {
      accepts: this.#settings.auth,
      authRefused: this.#carriesIpv4 ? undefined : this.#lcp.authRefused,
      answeredWith: this.#upper.answeredWith,
      refusedEncryption: refusedAt !== undefined && now - refusedAt < ENCRYPTION_GRUDGE_MS,
    };
  }

  /** We end the link: politely, with a Terminate-Request; `ended` follows. */
  #fail(failure: Failure | undefined, now: Instant): LinkEffect[] {
    if (this.#phase === 'terminate' || this.#hasEnded || failure === undefined) return [];
    this.#failure = failure;
    return [...this.#enter('terminate'), ...this.#toLcp({ type: 'close', why: FAILURE[failure.code].words }, now)];
  }

  #end(now: Instant): LinkEffect[] {
    const effects = this.#toUpper({ type: 'down' }, now);
    this.#hasEnded = true;
    return [...effects, ...this.#enter('dead'), { type: 'ended', failure: this.#failure }];
  }

  #enter(phase: LinkPhase): LinkEffect[] {
    if (this.#phase === phase) return [];
    this.#phase = phase;
    return [{ type: 'phase', phase }];
  }
}

const frame = (protocol: number, packet: Uint8Array): LinkEffect => ({
  type: 'frame',
  bytes: writeFrame(protocol, packet, PLAIN_FRAMING),
});
const dropped = (why: string): LinkEffect => ({ type: 'dropped', why });
