/** The LNS end of a PPP link: it asks who is there and gives out addresses, with the same machines and tables as the client's end. */
import { earliest, type Instant } from '../protocol/deadlines.ts';
import type { Failure } from '../protocol/failure.ts';
import type { Entropy, Machine } from '../protocol/machine.ts';
import type { EchoSettings } from '../protocol/ppp/echo.ts';
import { LAYER } from '../protocol/ppp/layer-table.ts';
import { Lcp, type LcpEffect, type LcpInput } from '../protocol/ppp/lcp.ts';
import type { LinkEffect, LinkInput, LinkPhase } from '../protocol/ppp/link-io.ts';
import type { LCP_OPTION } from '../protocol/ppp/option-table.ts';
import { type UpperEffect, type UpperInput, UpperLayers } from '../protocol/ppp/upper-layers.ts';
import type { AuthMethod } from '../protocol/settings.ts';
import { Malformed } from '../wire/malformed.ts';
import { LCP_CODE } from '../wire/ppp-code-table.ts';
import { PLAIN_FRAMING, type PppFrame, PROTOCOL, readFrame, writeFrame } from '../wire/ppp-frame.ts';
import { readPacket, writePacket } from '../wire/ppp-packet.ts';
import { textOf } from '../wire/text.ts';
import { authenticator } from './authenticator.ts';

export interface PppServerSettings {
  /** What it calls itself in a CHAP challenge. */
  readonly name: string;
  /** Methods the client must prove itself with, most wanted first; empty: everybody is let in. */
  readonly auth: readonly AuthMethod[];
  /** The password that goes with a user name; undefined: no such user. */
  readonly passwordOf: (username: string) => string | undefined;
  /** Its own address; undefined: it says none. */
  readonly localAddress: string | undefined;
  /** The address of a client, asked for once it is let in; undefined: there is none. `username` is '' where nobody was asked. */
  readonly addressFor: (username: string) => string | undefined;
  /** Name servers for the client, 0 to 2. */
  readonly dns: readonly string[];
  readonly ipv6: boolean;
  /** MRU it asks for, octets. */
  readonly mru: number;
  readonly echo: EchoSettings;
  /** How a wrong password is answered: as the RFCs say, by Terminate-Request alone (SoftEther), or by hanging up (l2tpns). */
  readonly refusal?: 'spoken' | 'terminate' | 'hang-up';
  /** Asks for MPPE by CCP and ends the link without it. */
  readonly requiresMppe?: boolean;
  /** Sends an LCP Echo-Request with magic number 0 before anything else (SoftEther). */
  readonly earlyEcho?: boolean;
  /** LCP options it knows; a poor server knows fewer. */
  readonly lcpOptions?: typeof LCP_OPTION;
}

export type PppServerInput =
  | LinkInput
  /** Negotiates LCP anew (RFC 1661 §4.3, Open event: "a Down event, immediately followed by an Up event"). */
  | { type: 'renegotiate' };

/** Speaks like the client's end; the message of `authenticated` is the user's name. */
export class PppServer implements Machine<PppServerInput, LinkEffect> {
  readonly #settings: PppServerSettings;
  readonly #lcp: Lcp;
  readonly #upper: UpperLayers;
  #client: { username: string; address: string | undefined } | undefined;
  #phase: LinkPhase = 'dead';
  #failure: Failure | undefined;
  #hasEnded = false;

  constructor(settings: PppServerSettings, entropy: Entropy) {
    this.#settings = settings;
    const { auth, mru, echo, name, passwordOf, localAddress, dns, ipv6, lcpOptions } = settings;
    const table = lcpOptions && { table: lcpOptions };
    this.#lcp = new Lcp({ mru, accepts: [], demands: auth, echo, entropy, ...table });
    // The address depends on the user, who is not known before the network phase.
    const addressOfClient = () => this.#client?.address;
    const assigns = {
      dns,
      get address() {
        return addressOfClient();
      },
    };
    this.#upper = new UpperLayers({
      authenticate: (method) => authenticator({ method, name, passwordOf }, entropy),
      ipv4: { address: localAddress, wantsDns: false, assigns },
      ipv6,
      entropy,
    });
  }

  get phase(): LinkPhase {
    return this.#phase;
  }
  get deadline(): Instant | undefined {
    return this.#hasEnded ? undefined : earliest(this.#lcp.deadline, this.#upper.deadline);
  }

  handle(input: PppServerInput, now: Instant): LinkEffect[] {
    if (this.#hasEnded) return [];
    switch (input.type) {
      case 'lower-up':
        return [...this.#enter('establish'), ...this.#earlyEcho(), ...this.#toLcp({ type: 'up' }, now)];
      case 'renegotiate':
        if (this.#phase === 'dead' || this.#phase === 'terminate') return [];
        return [...this.#toLcp({ type: 'down' }, now), ...this.#toLcp({ type: 'up' }, now)];
      case 'frame':
        return this.#frame(input.bytes, now);
      case 'heard':
        return this.#toLcp({ type: 'data-came-in' }, now);
      case 'probe':
        return this.#toLcp(input, now);
      case 'close':
        return [...this.#enter('terminate'), ...this.#toLcp(input, now)];
      case 'lower-down':
        return this.#end(now);
      case 'tick':
        return [...this.#toLcp(input, now), ...this.#toUpper(input, now)];
    }
  }

  #frame(bytes: Uint8Array, now: Instant): LinkEffect[] {
    try {
      return this.#dispatch(readFrame(bytes), now);
    } catch (error) {
      if (error instanceof Malformed) return [{ type: 'dropped', why: error.message }];
      throw error;
    }
  }

  #dispatch({ protocol, payload }: PppFrame, now: Instant): LinkEffect[] {
    const layer = protocol === PROTOCOL.ipv6cp && !this.#settings.ipv6 ? undefined : LAYER.get(protocol);
    if (layer === 'lcp') return this.#toLcp({ type: 'packet', packet: readPacket(payload) }, now);
    if (layer === 'authentication' || layer === 'network')
      return this.#toUpper({ type: 'packet', protocol, bytes: payload }, now);
    return this.#toLcp({ type: 'unknown-protocol', protocol, payload }, now);
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
        return this.#opened(now);
      case 'this-layer-down': {
        const phase = this.#phase === 'terminate' ? [] : this.#enter('establish');
        return [...this.#toUpper({ type: 'down' }, now), ...phase];
      }
      case 'terminated': {
        const peer = { message: 'LCP Terminate-Request', text: textOf(effect.data) } as const;
        this.#failure ??= { code: 'ppp-terminated', detail: 'the client ended the link', peer };
        // In Opened the automaton takes care of the end, elsewhere it would go on asking.
        const close = this.#lcp.state === 'stopping' ? [] : this.#toLcp({ type: 'close', why: 'as you wish' }, now);
        return [...this.#enter('terminate'), ...close];
      }
      case 'protocol-rejected':
        if (effect.protocol === PROTOCOL.ccp)
          return this.#refuse('encryption-required', 'MPPE required but peer negotiation failed', now);
        return this.#toUpper(effect, now);
      case 'this-layer-finished':
        if (effect.finish === 'silence') this.#failure ??= { code: 'lcp-silent', detail: 'the client is silent' };
        return this.#end(now);
      case 'echo-lost':
        this.#failure ??= { code: 'echo-lost', detail: 'the client is gone' };
        return this.#end(now);
      default:
        return this.#refuse('lcp-failed', effect.type, now);
    }
  }

  #opened(now: Instant): LinkEffect[] {
    const method = this.#lcp.peerAuthentication;
    if (method === undefined && this.#settings.auth.length > 0)
      return this.#refuse('auth-method-refused', 'peer refused to authenticate', now);
    return [
      { type: 'framing', ...this.#lcp.framing },
      { type: 'peer-mru', mru: this.#lcp.peerMru },
      ...this.#toUpper({ type: 'up', method }, now),
    ];
  }

  #toUpper(input: UpperInput, now: Instant): LinkEffect[] {
    const effects = this.#upper.handle(input, now);
    const { refusal = 'spoken' } = this.#settings;
    const isRefusal = effects.some((effect) => effect.type === 'failed' && effect.failure.code === 'auth-rejected');
    const shown = isRefusal && refusal !== 'spoken' ? effects.filter(({ type }) => type !== 'packet') : effects;
    return shown.flatMap((effect) => (this.#hasEnded ? [] : this.#fromUpper(effect, now)));
  }

  #fromUpper(effect: UpperEffect, now: Instant): LinkEffect[] {
    switch (effect.type) {
      case 'packet':
        return [frame(effect.protocol, effect.bytes)];
      case 'authenticated':
        this.#admit(effect.message);
        return [effect, ...this.#askForMppe()];
      case 'phase':
        return this.#enter(effect.phase);
      case 'failed':
        this.#failure = effect.failure;
        if (effect.failure.code === 'auth-rejected' && this.#settings.refusal === 'hang-up') return this.#end(now);
        return this.#refuse(effect.failure.code, LAST_WORDS[effect.failure.code] ?? effect.failure.detail, now);
      default:
        return [effect];
    }
  }

  /** The same user keeps the address when the link is negotiated again. */
  #admit(username: string): void {
    if (this.#client?.username !== username) this.#client = { username, address: this.#settings.addressFor(username) };
  }

  #earlyEcho(): LinkEffect[] {
    if (!this.#settings.earlyEcho) return [];
    const echo = writePacket({ code: LCP_CODE.echoRequest, id: 0, data: new Uint8Array(4) });
    return [frame(PROTOCOL.lcp, echo)];
  }

  /** What pppd asks for: MPPE of 40 and 128 bits, stateless (RFC 3078 §2). */
  #askForMppe(): LinkEffect[] {
    if (!this.#settings.requiresMppe) return [];
    const data = Uint8Array.of(18, 6, 0x01, 0x00, 0x00, 0x60);
    return [frame(PROTOCOL.ccp, writePacket({ code: LCP_CODE.configureRequest, id: 1, data }))];
  }

  #refuse(code: Failure['code'], why: string, now: Instant): LinkEffect[] {
    if (this.#phase === 'terminate') return [];
    this.#failure ??= { code, detail: why };
    return [...this.#enter('terminate'), ...this.#toLcp({ type: 'close', why }, now)];
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

/** As pppd says it. */
const LAST_WORDS: Partial<Record<Failure['code'], string>> = {
  'auth-rejected': 'Authentication failed',
  'auth-silent': 'Authentication failed',
  'no-address': 'No network protocols running',
};

const frame = (protocol: number, packet: Uint8Array): LinkEffect => ({
  type: 'frame',
  bytes: writeFrame(protocol, packet, PLAIN_FRAMING),
});
