// Anything at all is told to a link, as noise and as conversations that are nearly right: it never throws, never says more than is
// sensible, never forgets an alarm, and keeps its promises about what follows what.
import { describe, expect, it } from 'vitest';
import { PppServer } from '../../src/lab/ppp-server.ts';
import { earliest, type Instant } from '../../src/protocol/deadlines.ts';
import { Link, type LinkEffect, type LinkInput } from '../../src/protocol/ppp/link.ts';
import { AUTH_METHODS } from '../../src/protocol/settings.ts';
import { concat, uint } from '../../src/wire/bytes.ts';
import { PLAIN_FRAMING, PROTOCOL, writeFrame } from '../../src/wire/ppp-frame.ts';
import { writeOptions } from '../../src/wire/ppp-option.ts';
import { writePacket } from '../../src/wire/ppp-packet.ts';
import { type Random, random } from '../random.ts';
import { CLIENT, SERVER } from '../support/ppp-pair.ts';

const SEED = Number(process.env.FUZZ_SEED ?? 1);
const INPUTS = Number(process.env.FUZZ_ROUNDS ?? 150_000);
const SERVERS = Math.ceil(INPUTS / 500);
/** A turn's worth: the network down, a phase, a few packets, the end. */
const MOST_EFFECTS = 20;
const MOST_OCTETS = 1600;

const pick = <T>(chance: Random, choices: readonly T[]): T => choices[chance.below(choices.length)] as T;

/** A link under observation: every turn is checked. */
class Watched {
  readonly link: Link;
  readonly frames: Uint8Array[] = [];
  now: Instant = 0;
  hasEnded = false;
  /** Kinds of effects that there have been. */
  readonly seen = new Set<LinkEffect['type']>();
  #ipv4 = false;
  #ipv6 = false;

  constructor(chance: Random) {
    const auth = AUTH_METHODS.filter(() => chance.next() < 0.6);
    const settings = {
      auth: auth.length > 0 ? auth : AUTH_METHODS,
      ipv6: chance.next() < 0.5,
      mru: 576 + chance.below(1000),
    };
    this.link = new Link({ ...CLIENT, ...settings }, chance.octets);
  }

  tell(input: LinkInput): void {
    const effects = this.link.handle(input, this.now);
    must(effects.length <= MOST_EFFECTS, `${effects.length} effects`);
    for (const effect of effects) this.#check(effect);
    const { deadline } = this.link;
    if (this.hasEnded) must(deadline === undefined, 'an alarm after the end');
    if (deadline === undefined) return;
    // A tick takes care of all that was due: no host is ever made to spin.
    must(input.type !== 'tick' || deadline > this.now, 'an alarm in the past');
    must(deadline - this.now <= 60_000, 'an alarm in the far future');
  }

  #check(effect: LinkEffect): void {
    if (this.hasEnded) must(effect.type === 'dropped', `${effect.type} after the end`);
    this.seen.add(effect.type);
    switch (effect.type) {
      case 'frame':
        must(effect.bytes.length <= MOST_OCTETS, `a frame of ${effect.bytes.length} octets`);
        this.frames.push(effect.bytes);
        break;
      case 'ipv4-up':
      case 'ipv4-down':
        must(this.#ipv4 === (effect.type === 'ipv4-down'), `${effect.type} twice`);
        this.#ipv4 = effect.type === 'ipv4-up';
        if (effect.type === 'ipv4-up') must(effect.agreed.localAddress !== '0.0.0.0', 'an address that is none');
        break;
      case 'ipv6-up':
      case 'ipv6-down':
        must(this.#ipv6 === (effect.type === 'ipv6-down'), `${effect.type} twice`);
        this.#ipv6 = effect.type === 'ipv6-up';
        break;
      case 'ended':
        must(!this.#ipv4 && !this.#ipv6, 'the end while IP is up');
        must(!effect.failure?.detail.includes(CLIENT.password), 'the password is told');
        this.hasEnded = true;
        break;
    }
  }
}

/** Plain, for it is asked a million times. */
function must(condition: boolean, otherwise: string): void {
  if (!condition) throw new Error(otherwise);
}

function naming(what: string, run: () => void): void {
  try {
    run();
  } catch (error) {
    throw new Error(what, { cause: error });
  }
}

/** A lab server whose every tenth frame is damaged. */
function converse(watched: Watched, chance: Random): void {
  const server = new PppServer({ ...SERVER, auth: [pick(chance, AUTH_METHODS)] }, chance.octets);
  const toServer = (input: LinkInput): void => {
    for (const effect of server.handle(input, watched.now)) {
      if (effect.type !== 'frame') continue;
      watched.tell({ type: 'frame', bytes: chance.next() < 0.1 ? damaged(effect.bytes, chance) : effect.bytes });
    }
  };
  watched.tell({ type: 'lower-up' });
  toServer({ type: 'lower-up' });
  for (let i = 0; i < 200; i++) {
    const frame = watched.frames.shift();
    if (frame !== undefined) toServer({ type: 'frame', bytes: frame });
    else {
      watched.now = earliest(watched.link.deadline, server.deadline) ?? watched.now;
      watched.tell({ type: 'tick' });
      toServer({ type: 'tick' });
    }
  }
}

const PROTOCOLS = Object.values(PROTOCOL);

function noise(chance: Random): Uint8Array {
  return chance.octets(chance.below(60));
}

/** A frame with the right outlines: a protocol we know, a packet of a known code, options of known codes. */
function plausible(chance: Random): Uint8Array {
  const options = Array.from({ length: chance.below(5) }, () => ({
    code: pick(chance, [1, 2, 3, 3, 5, 7, 8, 13, 17, 19, 129, 131]),
    data: pick(chance, [
      chance.octets(chance.below(10)),
      Uint8Array.of(0xc2, 0x23, 5),
      Uint8Array.of(0xc0, 0x23),
      uint(4, 0),
      uint(2, 1400),
    ]),
  }));
  const body = pick(chance, [writeOptions(options), chance.octets(chance.below(30)), new Uint8Array()]);
  const packet = writePacket({ code: 1 + chance.below(14), id: chance.below(4), data: body });
  const framing = { addressControl: chance.next() < 0.8, shortProtocol: chance.next() < 0.2 };
  return writeFrame(pick(chance, PROTOCOLS), packet, framing);
}

/** Our own last words, acknowledged, refused, or just come back. */
const replyTo =
  (frames: readonly Uint8Array[]) =>
  (chance: Random): Uint8Array => {
    const last = frames.findLast((frame) => frame[4] === CONFIGURE_REQUEST);
    if (last === undefined) return plausible(chance);
    const code = pick(chance, [1, 2, 2, 2, 2, 2, 3, 4]);
    const reply = last.map((octet, i) => (i === 4 ? code : octet));
    return chance.next() < 0.1 ? damaged(reply, chance) : reply;
  };
const CONFIGURE_REQUEST = 1;

/** An octet changed, added or cut. */
function damaged(frame: Uint8Array, chance: Random): Uint8Array {
  const at = chance.below(frame.length + 1);
  switch (chance.below(3)) {
    case 0:
      return frame.map((octet, i) => (i === at ? chance.below(256) : octet));
    case 1:
      return frame.slice(0, at);
    default:
      return concat(frame.subarray(0, at), chance.octets(1), frame.subarray(at));
  }
}

function otherInput(chance: Random): LinkInput {
  const choice = chance.next();
  if (choice < 0.9) return { type: 'heard' };
  if (choice < 0.96) return { type: 'lower-up' };
  return choice < 0.98 ? { type: 'close', why: 'fuzz' } : { type: 'lower-down' };
}

describe('a link', () => {
  it(`bears ${INPUTS} inputs of noise`, () => {
    const chance = random(SEED);
    const seen = new Set<LinkEffect['type']>();
    let inputs = 0;
    for (let round = 0; inputs < INPUTS; round++) {
      const watched = new Watched(chance);
      const makers = [noise, plausible, plausible, plausible, replyTo(watched.frames), replyTo(watched.frames)];
      const fresh = (): LinkInput => ({ type: 'frame', bytes: pick(chance, makers)(chance) });
      watched.tell({ type: 'lower-up' });
      naming(`seed ${SEED}, link ${round}`, () => {
        for (let i = 0; i < 500 && !(watched.hasEnded && i % 10 === 0); i++, inputs++) {
          watched.now += chance.below(4) * chance.below(500);
          const isDue = watched.now >= (watched.link.deadline ?? Number.POSITIVE_INFINITY);
          watched.tell(isDue ? { type: 'tick' } : chance.next() < 0.02 ? otherInput(chance) : fresh());
        }
      });
      for (const type of watched.seen) seen.add(type);
    }
    // The noise gets somewhere: it is not all dropped at the door.
    expect([...seen]).toEqual(expect.arrayContaining(['frame', 'framing', 'authenticated', 'ended', 'dropped']));
  });

  it(`bears ${SERVERS} servers that are nearly right`, () => {
    const seen = new Map<LinkEffect['type'], number>();
    for (let seed = SEED; seed < SEED + SERVERS; seed++) {
      const chance = random(seed);
      const watched = new Watched(chance);
      naming(`seed ${seed}`, () => converse(watched, chance));
      for (const type of watched.seen) seen.set(type, (seen.get(type) ?? 0) + 1);
    }
    expect(seen.get('ipv4-up')).toBeGreaterThan(SERVERS / 4);
    expect(seen.get('ended')).toBeGreaterThan(0);
  });

  it('keeps nothing of what it hears: its answers after a million octets are as short as before', () => {
    const chance = random(7);
    const watched = new Watched(chance);
    watched.tell({ type: 'lower-up' });
    const unknown = writeFrame(
      PROTOCOL.lcp,
      writePacket({ code: 200, id: 1, data: chance.octets(1000) }),
      PLAIN_FRAMING,
    );
    for (let i = 0; i < 1000; i++) watched.tell({ type: 'frame', bytes: unknown });
    expect(new Set(watched.frames.slice(1).map(({ length }) => length))).toEqual(new Set([128 + 4]));
    expect(JSON.stringify(watched.link.negotiated).length).toBeLessThan(200);
  });
});
