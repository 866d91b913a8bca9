/**
 * The server of a recording, talking to our client as it once talked to the recorded one.
 *
 * Turn by turn: what the recorded client said is waited for until ours says it too; what the server said is fed, after the same
 * pause as then. Our client draws the same lots as the recorded one (ids, challenges, magic number), so that nearly everything
 * fits as it is. What is rewritten, because our client speaks at other times and in fewer words:
 *
 * - Nr of control messages: it acknowledges what we have sent by now; we send SCCCN and ICRQ together, for one.
 * - Configure-Ack, -Nak and -Reject: the identifier is that of our request of the same order, and options that the recorded
 *   client asked for and ours does not (ACCM) are left out; a Reject of nothing else becomes an Ack. Options that our client
 *   asks for and the recorded one did not are an error. The only value that may differ is the interface identifier of IPV6CP,
 *   whose last bit ours does not draw.
 * - Configure-Request of the server: once the recorded client had rejected options in it, those that ours rejected are left out
 *   of it as well (pppd lets l2tpns have its Endpoint Discriminator, we do not).
 * - Terminate-Ack and Echo-Reply: the identifier. An Echo-Reply that we have not asked for is left out.
 */
import type { ClientSettings } from '../../src/protocol/settings.ts';
import { concat, sameOctets, uint } from '../../src/wire/bytes.ts';
import { readDatagram, writeControl } from '../../src/wire/l2tp-header.ts';
import { LCP_CODE } from '../../src/wire/ppp-code-table.ts';
import { PROTOCOL } from '../../src/wire/ppp-frame.ts';
import { type PppOption, readOptions, writeOptions } from '../../src/wire/ppp-option.ts';
import { type PppPacket, writePacket } from '../../src/wire/ppp-packet.ts';
import { random } from '../random.ts';
import { Chance } from '../support/chance.ts';
import { ClientHost } from '../support/client-host.ts';
import { type Carried, GOOD_WIRE, Network } from '../support/network.ts';
import { World } from '../support/world.ts';
import { isHangUp, isPacket, lotsOf, nameOf, type Recording, type Said, saidIn, type Turn } from './recording.ts';

/** How long our client may take for what the recorded one said, ms of virtual time. */
const PATIENCE_MS = 20_000;

export class Replay {
  readonly world = new World();
  readonly host: ClientHost;
  /** All that our client sent. */
  readonly sent: Carried[] = [];
  /** Where our client did not say what the recorded one said, or not yet; then nothing more is fed. */
  stuck: { readonly frame: number; readonly waitingFor: string } | undefined;
  readonly #recording: Recording;
  readonly #network: Network;
  #next = 0;
  readonly #names = new Set<string>();
  #nextNs = 0;
  /** Our Configure-Requests by protocol, repetitions left out. */
  readonly #requests = new Map<number, PppPacket[]>();
  #terminateId = 0;
  #echoId: number | undefined;

  constructor(recording: Recording, settings: ClientSettings) {
    this.#recording = recording;
    this.#network = new Network(this.world, new Chance(1), { ...GOOD_WIRE, latencyMs: 0 });
    const { address } = recording.client;
    this.host = new ClientHost(this.world, this.#network, settings, drawing(lotsOf(recording)), { address });
    this.#network.tap = (carried) => {
      if (carried.from.address === address) this.#note(carried);
    };
  }

  /** Dials, and plays everything before the first hang-up of either end, or before a frame. */
  dial(before?: number): void {
    this.host.input({ type: 'connect' });
    const end = this.#recording.turns.findIndex(({ said, frame }) => isHangUp(said) || frame === before);
    this.#play(end === -1 ? undefined : end);
  }
  /** Plays the rest. */
  finish(): void {
    this.#play();
  }

  /** Stops when our client has ended the call: what follows in the recording is another conversation. */
  #play(end = this.#recording.turns.length): void {
    for (; this.#next < end && this.stuck === undefined && !this.#isOver(); this.#next++) {
      const turn = this.#recording.turns[this.#next] as Turn;
      if (turn.byServer) this.#feed(turn);
      else this.#await(turn.frame, nameOf(turn.said));
    }
  }

  #isOver(): boolean {
    return this.host.failures.length > 0;
  }

  #await(
    frame: number,
    name: string | undefined,
    isThere = () => name === undefined || this.#names.has(name),
  ): boolean {
    this.world.until(() => isThere() || this.#isOver(), PATIENCE_MS);
    if (!isThere() && !this.#isOver()) this.stuck = { frame, waitingFor: name ?? '' };
    return isThere();
  }

  #feed(turn: Turn): void {
    const request = this.#requestBefore(turn);
    const ours = () => request && this.#requests.get(request.protocol)?.[request.order];
    if (request !== undefined && !this.#await(turn.frame, 'a Configure-Request', () => ours() !== undefined)) return;
    this.world.until(() => this.#isOver(), turn.pauseMs);
    if (this.#isOver()) return;
    const bytes = this.#translate(turn, request?.packet, ours());
    if (bytes === undefined) return;
    this.#network.send(turn.from, this.#recording.client, bytes);
    this.world.run(0);
  }

  /** The recorded client's Configure-Request that this answers, and how many others it had sent before. */
  #requestBefore({ frame, said }: Turn): { protocol: number; packet: PppPacket; order: number } | undefined {
    if (said.type !== 'packet' || !NEGOTIATED.includes(said.protocol) || !ANSWERS.includes(said.packet.code))
      return undefined;
    const { protocol } = said;
    const requests: PppPacket[] = [];
    for (const turn of this.#recording.turns)
      if (!turn.byServer && turn.frame < frame) keepNew(requests, turn.said, protocol);
    const order = requests.findIndex(({ id }) => id === said.packet.id);
    const packet = requests[order];
    if (packet === undefined) throw new Error(`frame ${frame} answers nothing`);
    return { protocol, packet, order };
  }

  #translate({ bytes, said, frame }: Turn, theirs?: PppPacket, ours?: PppPacket): Uint8Array | undefined {
    const datagram = readDatagram(bytes);
    if (datagram.kind === 'control') return writeControl({ ...datagram.header, nr: this.#nextNs }, datagram.body);
    if (said.type !== 'packet') return bytes;
    const { protocol, packet } = said;
    if (theirs !== undefined && ours !== undefined) {
      const answer = answerTo(ours, packet, theirs, protocol === PROTOCOL.ipv6cp);
      if (answer === undefined) throw new Error(`frame ${frame} does not say what it makes of our request`);
      return withPacket(bytes, packet, answer);
    }
    if (NEGOTIATED.includes(protocol) && packet.code === LCP_CODE.configureRequest)
      return withPacket(bytes, packet, this.#withoutRejected(frame, protocol, packet));
    if (protocol !== PROTOCOL.lcp) return bytes;
    if (packet.code === LCP_CODE.terminateAck) return withPacket(bytes, packet, { ...packet, id: this.#terminateId });
    if (packet.code !== LCP_CODE.echoReply) return bytes;
    const id = this.#echoId;
    this.#echoId = undefined;
    return id === undefined ? undefined : withPacket(bytes, packet, { ...packet, id });
  }

  #withoutRejected(frame: number, protocol: number, request: PppPacket): PppPacket {
    const hasGivenIn = this.#recording.turns.some(
      (turn) => turn.frame < frame && !turn.byServer && isPacket(turn.said, protocol, LCP_CODE.configureReject),
    );
    const rejected = this.sent
      .map(({ bytes }) => saidIn(bytes))
      .flatMap((said) =>
        said.type === 'packet' && isPacket(said, protocol, LCP_CODE.configureReject) ? [said.packet] : [],
      )
      .flatMap(({ data }) => readOptions(data).map(({ code }) => code));
    if (!hasGivenIn || rejected.length === 0) return request;
    return { ...request, data: writeOptions(readOptions(request.data).filter(({ code }) => !rejected.includes(code))) };
  }

  #note(carried: Carried): void {
    this.sent.push(carried);
    const said = saidIn(carried.bytes);
    this.#names.add(nameOf(said) ?? '');
    if (said.type === 'control' && said.kind !== 'ZLB') this.#nextNs = Math.max(this.#nextNs, said.ns + 1);
    if (said.type !== 'packet') return;
    const requests = this.#requests.get(said.protocol) ?? [];
    keepNew(requests, said, said.protocol);
    this.#requests.set(said.protocol, requests);
    if (said.protocol !== PROTOCOL.lcp) return;
    if (said.packet.code === LCP_CODE.terminateRequest) this.#terminateId = said.packet.id;
    if (said.packet.code === LCP_CODE.echoRequest) this.#echoId = said.packet.id;
  }
}

const NEGOTIATED: readonly number[] = [PROTOCOL.lcp, PROTOCOL.ipcp, PROTOCOL.ipv6cp];
const ANSWERS: readonly number[] = [LCP_CODE.configureAck, LCP_CODE.configureNak, LCP_CODE.configureReject];

function keepNew(requests: PppPacket[], said: Said, protocol: number): void {
  if (said.type !== 'packet' || said.protocol !== protocol || said.packet.code !== LCP_CODE.configureRequest) return;
  if (!requests.some(({ id }) => id === said.packet.id)) requests.push(said.packet);
}

/**
 * What the server would have said to our request, from what it said to theirs; undefined: that cannot be known.
 * @param mayDiffer whether ours may ask for other values than theirs
 */
function answerTo(ours: PppPacket, answer: PppPacket, theirs: PppPacket, mayDiffer: boolean): PppPacket | undefined {
  const [asked, recorded] = [readOptions(ours.data), readOptions(theirs.data)];
  const isKnown = ({ code, data }: PppOption) =>
    recorded.some((each) => each.code === code && (mayDiffer || sameOctets(each.data, data)));
  if (!asked.every(isKnown)) return undefined;
  const ack = { code: LCP_CODE.configureAck, id: ours.id, data: ours.data };
  if (answer.code === LCP_CODE.configureAck) return ack;
  const options = readOptions(answer.data).filter(({ code }) => asked.some((each) => each.code === code));
  return options.length === 0 ? ack : { code: answer.code, id: ours.id, data: writeOptions(options) };
}

/** The same data message with another packet in it. */
function withPacket(bytes: Uint8Array, old: PppPacket, packet: PppPacket): Uint8Array {
  const header = bytes.slice(0, bytes.length - writePacket(old).length);
  const whole = concat(header, writePacket(packet));
  const hasLength = ((header[0] as number) & 0x40) !== 0; // RFC 2661 §3.1
  if (hasLength) whole.set(uint(2, whole.length), 2);
  return whole;
}

/** Entropy that gives the recorded lots first. */
function drawing(lots: Map<number, Uint8Array[]>): (count: number) => Uint8Array {
  const others = random(1);
  return (count) => lots.get(count)?.shift() ?? others.octets(count);
}
