/**
 * One control protocol of PPP, LCP and the NCPs alike: packets of codes 1 to 7 become events of the automaton, its actions become
 * packets (RFC 1661 §4 and §5.1 to §5.6).
 *
 * RFC 1661 §1 assumes that packets arrive once and in order, which L2TP over UDP does not promise: hence the INTEROP tags.
 */
import { sameOctets } from '../../wire/bytes.ts';
import { LCP_CODE as CODE } from '../../wire/ppp-code-table.ts';
import { type PppOption, readOptions, writeOptions } from '../../wire/ppp-option.ts';
import { PACKET_HEADER, type PppPacket, writePacket } from '../../wire/ppp-packet.ts';
import { utf8Of } from '../../wire/text.ts';
import type { Instant } from '../deadlines.ts';
import type { Machine } from '../machine.ts';
import { Automaton } from './automaton.ts';
import type { Action, Event, State } from './automaton-table.ts';
import type { Finish, ProtocolEffect, ProtocolInput } from './control-protocol-io.ts';
import { Negotiation } from './negotiation.ts';
import { LEAST_MRU, type OptionTable } from './option-table.ts';

/** How long after our Configure-Ack the same Configure-Request again is taken for a repetition, ms. Ours: three Restart timers and a bit. */
const REPETITION_MS = 10_000;

export class ControlProtocol<Context, Table extends OptionTable<Context>>
  implements Machine<ProtocolInput, ProtocolEffect>
{
  readonly negotiation: Negotiation<Context, Table>;
  readonly #name: string;
  readonly #automaton = new Automaton();
  #lastId = 0;
  /** Our request, as long as nobody has answered it. */
  #request: { readonly id: number; readonly options: Uint8Array } | undefined;
  /** The peer's last request, our answer to it, and when that left. */
  #judged: PppPacket | undefined;
  #answer: PppPacket | undefined;
  #answeredAt: Instant = 0;
  #received: PppPacket | undefined;
  #why = '';
  /** Whether the peer has sent a Configure packet since the layer came up. */
  #peerListens = false;
  #everHeard = false;

  /** @param name as in `LCP`, for drop reasons */
  constructor(name: string, table: Table, context: Context) {
    this.#name = name;
    this.negotiation = new Negotiation(table, context);
  }

  get state(): State {
    return this.#automaton.state;
  }
  get deadline(): Instant | undefined {
    return this.#automaton.deadline;
  }

  /** An identifier for a packet that is not a Configure-Request: different from the last one. */
  nextId(): number {
    this.#lastId = (this.#lastId + 1) & 0xff;
    return this.#lastId;
  }

  /** @throws Malformed a packet whose options cannot be read; nothing has happened then */
  handle(input: ProtocolInput, now: Instant): ProtocolEffect[] {
    switch (input.type) {
      case 'packet':
        return this.#packet(input.packet, now);
      case 'event':
        this.#everHeard = true;
        return this.#fire(input.event, now);
      case 'up':
        this.#begin();
        this.#request = undefined;
        this.#peerListens = false;
        return this.#fire('up', now);
      case 'close':
        this.#why = input.why;
        return this.#fire('close', now);
      case 'tick': {
        const event = this.#automaton.timeout(now);
        return event === undefined ? [] : this.#fire(event, now);
      }
      default:
        return this.#fire(input.type, now);
    }
  }

  #packet(packet: PppPacket, now: Instant): ProtocolEffect[] {
    if (this.state === 'initial' || this.state === 'starting') return [this.#dropped('packet while it is down')];
    this.#received = packet;
    this.#everHeard = true;
    switch (packet.code) {
      case CODE.configureRequest:
        return this.#configureRequest(packet, now);
      case CODE.configureAck:
      case CODE.configureNak:
      case CODE.configureReject:
        return this.#reply(packet, now);
      case CODE.terminateRequest:
        return [{ type: 'terminated', data: packet.data.slice() }, ...this.#fire('rtr', now)];
      case CODE.terminateAck:
        return this.#fire('rta', now);
      case CODE.codeReject:
        return this.#codeReject(packet, now);
      default:
        return this.#fire('ruc', now);
    }
  }

  #configureRequest(packet: PppPacket, now: Instant): ProtocolEffect[] {
    const options = readOptions(packet.data);
    if (this.state === 'closed' || this.state === 'closing' || this.state === 'stopping')
      return this.#fire('rcr+', now);
    if (this.state === 'opened' && this.#isRepetition(packet) && now - this.#answeredAt < REPETITION_MS) {
      // INTEROP: the request we acknowledged last comes again, because the network repeated it or lost our Ack. Taking the link
      // down for that, as for any other (RCR+ in Opened), would only start a round of repetitions.
      return this.#sendAnswer();
    }
    const early = this.#resendEarly(now);
    if (this.state === 'opened' || this.state === 'stopped') this.#begin();
    // A repetition gets the answer that the first one got: it is no new turn of the haggling.
    const isRepetition = this.#isRepetition(packet);
    if (!isRepetition) this.#judge(packet, options);
    this.#answeredAt = now;
    if (this.#answer?.code === CODE.configureAck) return [...early, ...this.#fire('rcr+', now)];
    if (isRepetition) this.negotiation.noteRepetition();
    return this.#limited([...early, ...this.#fire('rcr-', now)]);
  }

  #judge(packet: PppPacket, options: readonly PppOption[]): void {
    const { answer, options: answered } = this.negotiation.judge(options);
    this.#judged = { ...packet, data: packet.data.slice() };
    this.#answer = { code: ANSWER_CODE[answer], id: packet.id, data: writeOptions(answered) };
  }

  #isRepetition({ id, data }: PppPacket): boolean {
    return this.#judged !== undefined && id === this.#judged.id && sameOctets(data, this.#judged.data);
  }

  /**
   * INTEROP: real servers lose what comes before their PPP listens (xl2tpd starts pppd only now, pppd waits for its network phase).
   * Their first request shows that it does: ours goes out once more, and before our answer, so that a server that had heard it is
   * not open yet and takes it for a repetition.
   */
  #resendEarly(now: Instant): ProtocolEffect[] {
    const isFirst = !this.#peerListens;
    this.#peerListens = true;
    if (!isFirst || this.state !== 'req-sent' || this.#request === undefined) return [];
    this.#automaton.noteRequest(now);
    return [this.#sendRequest()];
  }

  #reply(packet: PppPacket, now: Instant): ProtocolEffect[] {
    const request = this.#request;
    this.#peerListens = true;
    if (request === undefined || packet.id !== request.id) return [this.#dropped('reply to an older request')];
    if (packet.code === CODE.configureAck) {
      if (!sameOctets(packet.data, request.options)) return [this.#dropped('Configure-Ack of other options')];
      this.#request = undefined;
      this.negotiation.takeAck();
      return this.#fire('rca', now);
    }
    const options = readOptions(packet.data);
    if (options.length === 0) return [this.#dropped('Configure-Nak or -Reject of nothing')];
    if (packet.code === CODE.configureNak) this.negotiation.takeNak(options);
    else if (!this.negotiation.takeReject(options)) return [this.#dropped('Configure-Reject of other options')];
    this.#request = undefined;
    return this.#limited(this.#fire('rcn', now));
  }

  #codeReject({ data }: PppPacket, now: Instant): ProtocolEffect[] {
    const [code] = data;
    if (code === undefined) return [this.#dropped('Code-Reject of nothing')];
    // Without the codes that every control protocol has there is no talking to each other (§5.6).
    return [{ type: 'code-rejected', code }, ...this.#fire(code <= CODE.codeReject ? 'rxj-' : 'rxj+', now)];
  }

  #fire(event: Event, now: Instant): ProtocolEffect[] {
    const before = this.state;
    const actions = this.#automaton.fire(event, now);
    if (actions === undefined) return [this.#dropped(`impossible event ${event} while ${before}`)];
    return actions.flatMap((action) => this.#perform(action, event, before));
  }

  #perform(action: Action, event: Event, before: State): ProtocolEffect[] {
    const { code = 0, id = 0, data = NOTHING } = this.#received ?? {};
    switch (action) {
      case 'tlu':
        return [{ type: 'this-layer-up' }];
      case 'tld':
        if (event !== 'rcr+' && event !== 'rcr-') this.#begin(); // there it began before the judging
        return [{ type: 'this-layer-down' }];
      case 'tlf':
        return [{ type: 'this-layer-finished', finish: this.#finish(event, before) }];
      case 'scr':
        return [this.#sendRequest()];
      case 'sca':
      case 'scn':
        return this.#sendAnswer();
      case 'str':
        return [this.#send(CODE.terminateRequest, this.nextId(), utf8Of(this.#why).subarray(0, ROOM))];
      case 'sta':
        return [this.#send(CODE.terminateAck, id, NOTHING)];
      case 'scj':
        return [this.#send(CODE.codeReject, this.nextId(), writePacket({ code, id, data }).subarray(0, ROOM))];
      case 'ser':
        return [{ type: 'echo-reply' }];
      default:
        return []; // tls, irc and zrc need nothing from us
    }
  }

  /** "For retransmissions, the Identifier MAY remain unchanged" (§5.1): then an answer to either copy is an answer. */
  #sendRequest(): ProtocolEffect {
    const options = writeOptions(this.negotiation.request());
    if (this.#request === undefined || !sameOctets(this.#request.options, options))
      this.#request = { id: this.nextId(), options };
    return this.#send(CODE.configureRequest, this.#request.id, options);
  }

  #sendAnswer(): ProtocolEffect[] {
    return this.#answer === undefined ? [] : [{ type: 'packet', bytes: writePacket(this.#answer) }];
  }

  #send(code: number, id: number, data: Uint8Array): ProtocolEffect {
    return { type: 'packet', bytes: writePacket({ code, id, data }) };
  }

  #begin(): void {
    this.negotiation.begin();
    this.#judged = undefined;
  }

  #finish(event: Event, before: State): Finish {
    if (event === 'rxj-') return 'rejected';
    if (event !== 'to-' || before === 'closing' || before === 'stopping') return 'terminated';
    return this.#everHeard ? 'no agreement' : 'silence';
  }

  #limited(effects: ProtocolEffect[]): ProtocolEffect[] {
    return this.negotiation.diverges ? [...effects, { type: 'diverged' }] : effects;
  }

  #dropped(why: string): ProtocolEffect {
    return { type: 'dropped', why: `${this.#name}: ${why}` };
  }
}

/** Room for data of our own in any packet: no peer's MRU can be below what we have let pass. */
const ROOM = LEAST_MRU - PACKET_HEADER;
const NOTHING = new Uint8Array();
const ANSWER_CODE = { ack: CODE.configureAck, nak: CODE.configureNak, reject: CODE.configureReject } as const;
