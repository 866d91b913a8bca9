/** LCP: a control protocol whose own codes watch over the link: echoes, rejected protocols, loops (RFC 1661 §5.7 to §5.9, §6.4). */
import { concat, Reader, uint } from '../../wire/bytes.ts';
import { LCP_CODE as CODE } from '../../wire/ppp-code-table.ts';
import { PROTOCOL } from '../../wire/ppp-frame.ts';
import { PACKET_HEADER, type PppPacket, writePacket } from '../../wire/ppp-packet.ts';
import { earliest, type Instant } from '../deadlines.ts';
import type { Entropy, Machine } from '../machine.ts';
import type { AuthMethod } from '../settings.ts';
import { authWords, methodOf } from './auth-option.ts';
import type { State } from './automaton-table.ts';
import { ControlProtocol } from './control-protocol.ts';
import type { ProtocolEffect, ProtocolInput } from './control-protocol-io.ts';
import { Echo, type EchoSettings } from './echo.ts';
import { LoopWatch } from './loop-watch.ts';
import { type Agreed, MAX_FAILURE } from './negotiation.ts';
import { DEFAULT_MRU, LCP_OPTION, type LcpContext, LEAST_MRU } from './option-table.ts';
import { SizedEchoes } from './sized-echo.ts';

export interface LcpOptions {
  /** MRU we ask for, octets. */
  readonly mru: number;
  /** Methods with which we let ourselves be authenticated, most wanted first. */
  readonly accepts: readonly AuthMethod[];
  /** Methods we demand of the peer, most wanted first; a client demands none. */
  readonly demands: readonly AuthMethod[];
  readonly echo: EchoSettings;
  readonly entropy: Entropy;
  /** Options known; a lab server may know fewer. */
  readonly table?: typeof LCP_OPTION;
}

export type LcpInput =
  | Exclude<ProtocolInput, { type: 'event' | 'open' }>
  /** A frame of a protocol that nobody here speaks. */
  | { type: 'unknown-protocol'; protocol: number; payload: Uint8Array }
  /** Data came in since the last tick. */
  | { type: 'data-came-in' }
  /** Send an Echo-Request of so many octets, PPP header not counted; `mark` comes back with the answer. */
  | { type: 'probe'; octets: number; mark: number };

export type LcpEffect =
  | Exclude<ProtocolEffect, { type: 'echo-reply' } | { type: 'code-rejected' }>
  /** The peer does not speak this protocol. */
  | { type: 'protocol-rejected'; protocol: number }
  /** The peer does not know what no LCP can do without: the link is being terminated. */
  | { type: 'incompatible'; why: string }
  /** The peer will not be talked out of a method that is not accepted here. */
  | { type: 'auth-refused' }
  | { type: 'echo-lost' }
  | { type: 'looped-back' }
  | { type: 'probe-answered'; mark: number; isWhole: boolean }
  /** The peer does not know echoes. */
  | { type: 'probe-rejected' };

export class Lcp implements Machine<LcpInput, LcpEffect> {
  readonly #protocol: ControlProtocol<LcpContext, typeof LCP_OPTION>;
  readonly #options: LcpOptions;
  readonly #echo: Echo;
  readonly #probes = new SizedEchoes();
  readonly #loop = new LoopWatch();
  readonly #unknownToPeer = new Set<number>();
  #unacceptable: { readonly words: string; readonly times: number } | undefined;

  constructor(options: LcpOptions) {
    const { mru, accepts, demands, entropy, table = LCP_OPTION } = options;
    const freshMagic = () => new Reader(entropy(4), 'RFC 1661 §6.4').u32() || 1;
    this.#options = options;
    this.#protocol = new ControlProtocol('LCP', table, { mru, accepts, demands, freshMagic });
    this.#echo = new Echo(options.echo);
    this.#protocol.handle({ type: 'open' }, 0); // administratively (§4.3): from now on it only waits for the call
  }

  get state(): State {
    return this.#protocol.state;
  }
  get deadline(): Instant | undefined {
    return earliest(this.#protocol.deadline, this.#echo.deadline);
  }
  get agreed(): Agreed {
    return this.#protocol.negotiation.agreed;
  }
  /** What the peer can receive, octets. */
  get peerMru(): number {
    return this.#protocol.negotiation.theirs.mru ?? DEFAULT_MRU;
  }
  /** The longest packet that may be echoed: both ends must be able to receive it, octets. */
  get longestEcho(): number {
    return Math.min(this.peerMru, this.#protocol.negotiation.ours.mru ?? DEFAULT_MRU);
  }
  /** How we are to prove ourselves; undefined: the peer does not ask for it. */
  get authentication(): AuthMethod | undefined {
    const { authProtocol } = this.#protocol.negotiation.theirs;
    return authProtocol && methodOf(authProtocol);
  }
  /** How the peer is to prove itself; undefined: we did not ask for it, or it will not. */
  get peerAuthentication(): AuthMethod | undefined {
    const { authProtocol } = this.#protocol.negotiation.ours;
    return authProtocol && methodOf(authProtocol);
  }
  /** A method the peer wanted and did not get, in words. */
  get authRefused(): string | undefined {
    return this.#unacceptable?.words;
  }
  /** What the peer allows us to leave out of data frames. */
  get framing(): { addressControl: boolean; shortProtocol: boolean } {
    const { addressAndControlFieldCompression, protocolFieldCompression } = this.#protocol.negotiation.theirs;
    return {
      addressControl: addressAndControlFieldCompression === undefined,
      shortProtocol: protocolFieldCompression !== undefined,
    };
  }
  get echoRoundTripMs(): number | undefined {
    return this.#echo.roundTripMs;
  }

  /** @throws Malformed a packet that cannot be read; nothing has happened then */
  handle(input: LcpInput, now: Instant): LcpEffect[] {
    switch (input.type) {
      case 'packet':
        return this.#packet(input.packet, now);
      case 'unknown-protocol':
        return this.#rejectProtocol(input.protocol, input.payload);
      case 'data-came-in':
        this.#echo.dataCameIn();
        return [];
      case 'probe':
        return this.#sendProbe(input.octets, input.mark);
      case 'tick':
        return [...this.#run(input, now), ...this.#echoDue(now)];
      default:
        return this.#run(input, now);
    }
  }

  #run(input: ProtocolInput, now: Instant): LcpEffect[] {
    return this.#protocol.handle(input, now).flatMap((effect): LcpEffect[] => {
      if (effect.type === 'echo-reply') return [];
      if (effect.type === 'this-layer-up') this.#echo.start(now);
      if (effect.type === 'this-layer-down') this.#echo.stop();
      if (effect.type !== 'code-rejected') return [effect];
      this.#unknownToPeer.add(effect.code); // "MUST stop sending the offending packet type" (§4.3)
      if (effect.code === CODE.echoRequest) this.#echo.stop();
      return effect.code > CODE.codeReject
        ? []
        : [{ type: 'incompatible', why: `it rejects LCP packets of code ${effect.code}` }];
    });
  }

  #packet(packet: PppPacket, now: Instant): LcpEffect[] {
    switch (packet.code) {
      case CODE.configureRequest: {
        this.#echo.signOfLife();
        const effects = this.#run({ type: 'packet', packet }, now);
        return [...effects, ...this.#judgeWish()];
      }
      case CODE.protocolReject:
        return this.#protocolReject(packet, now);
      case CODE.echoRequest:
        return this.#echoRequest(packet, now);
      case CODE.echoReply:
        if (this.state !== 'opened') return [dropped('Echo-Reply before it is open')];
        // INTEROP: neither length nor magic number is looked at: accel-ppp pads replies, others copy the magic number of the request.
        this.#loop.reply();
        this.#echo.answered(packet.id, now);
        return [...this.#probeAnswer(packet), ...this.#run({ type: 'event', event: 'rxr' }, now)];
      case CODE.discardRequest:
      case CODE.identification:
      case CODE.timeRemaining:
        if (this.state === 'initial' || this.state === 'starting') return [dropped('packet while it is down')];
        this.#echo.signOfLife();
        return this.#run({ type: 'event', event: 'rxr' }, now);
      default:
        this.#echo.signOfLife();
        return this.#run({ type: 'packet', packet }, now);
    }
  }

  /** What the peer's last request tells beyond its options: a loop, or a demand that we cannot meet. */
  #judgeWish(): LcpEffect[] {
    const { wish, asking, naksSent } = this.#protocol.negotiation;
    const out: LcpEffect[] = [];
    if (this.#loop.request(wish.magicNumber, asking.magicNumber)) out.push({ type: 'looped-back' });
    const method = wish.authProtocol && methodOf(wish.authProtocol);
    if (wish.authProtocol !== undefined && (method === undefined || !this.#options.accepts.includes(method))) {
      // The last Nak, the Reject (§4.6), and still the same demand: that was it.
      const times = naksSent >= MAX_FAILURE ? (this.#unacceptable?.times ?? 0) + 1 : 0;
      this.#unacceptable = { words: authWords(wish.authProtocol), times };
      if (times > 2) out.push({ type: 'auth-refused' });
    } else if (wish.authProtocol !== undefined) this.#unacceptable = undefined;
    return out;
  }

  #protocolReject({ data }: PppPacket, now: Instant): LcpEffect[] {
    if (this.state !== 'opened') return [dropped('Protocol-Reject before it is open')];
    const protocol = new Reader(data, 'RFC 1661 §5.7').u16();
    this.#echo.signOfLife();
    if (protocol !== PROTOCOL.lcp)
      return [{ type: 'protocol-rejected', protocol }, ...this.#run({ type: 'event', event: 'rxj+' }, now)];
    return [
      { type: 'incompatible', why: 'it rejects LCP itself' },
      ...this.#run({ type: 'event', event: 'rxj-' }, now),
    ];
  }

  #echoRequest({ id, data }: PppPacket, now: Instant): LcpEffect[] {
    const reader = new Reader(data, 'RFC 1661 §5.8');
    const magic = reader.u32();
    const isOpen = this.#protocol
      .handle({ type: 'event', event: 'rxr' }, now)
      .some(({ type }) => type === 'echo-reply');
    // INTEROP: SoftEther sends them earlier, with magic number 0.
    if (!isOpen) return [dropped('Echo-Request before it is open')];
    if (magic === this.#magic && magic !== 0) {
      const proof: LcpEffect[] = this.#loop.echo() ? [{ type: 'looped-back' }] : [];
      return [dropped('our own Echo-Request came back'), ...proof];
    }
    this.#echo.signOfLife();
    const room = Math.max(0, this.peerMru - PACKET_HEADER - 4);
    const reply = concat(uint(4, this.#magic), reader.rest().subarray(0, room));
    return [{ type: 'packet', bytes: writePacket({ code: CODE.echoReply, id, data: reply }) }];
  }

  #echoDue(now: Instant): LcpEffect[] {
    switch (this.#echo.take(now)) {
      case 'dead':
        return [{ type: 'echo-lost' }];
      case 'send': {
        const id = this.#protocol.nextId();
        this.#probes.forget(id);
        this.#echo.noteSent(id, now);
        return [{ type: 'packet', bytes: writePacket({ code: CODE.echoRequest, id, data: uint(4, this.#magic) }) }];
      }
      default:
        return [];
    }
  }

  #sendProbe(octets: number, mark: number): LcpEffect[] {
    if (this.state !== 'opened') return [];
    if (this.#unknownToPeer.has(CODE.echoRequest)) return [{ type: 'probe-rejected' }];
    return [{ type: 'packet', bytes: this.#probes.request(this.#protocol.nextId(), this.#magic, octets, mark) }];
  }

  #probeAnswer(packet: PppPacket): LcpEffect[] {
    const answer = this.#probes.answer(packet);
    return answer === undefined ? [] : [{ type: 'probe-answered', ...answer }];
  }

  /** "Protocol-Reject packets can only be sent in the LCP Opened state." (§5.7) */
  #rejectProtocol(protocol: number, payload: Uint8Array): LcpEffect[] {
    const why = `frame of protocol 0x${protocol.toString(16).padStart(4, '0')}, which is not spoken here`;
    if (this.state !== 'opened' || this.#unknownToPeer.has(CODE.protocolReject)) return [dropped(why)];
    const data = concat(uint(2, protocol), payload.subarray(0, LEAST_MRU - PACKET_HEADER - 2));
    return [
      dropped(why),
      { type: 'packet', bytes: writePacket({ code: CODE.protocolReject, id: this.#protocol.nextId(), data }) },
    ];
  }

  /** What the peer knows us by; 0 when it would not have a magic number (§6.4). */
  get #magic(): number {
    return this.#protocol.negotiation.ours.magicNumber ?? 0;
  }
}

const dropped = (why: string): LcpEffect => ({ type: 'dropped', why: `LCP: ${why}` });
