import { describe, expect, it } from 'vitest';
import { authenticator } from '../../src/lab/authenticator.ts';
import { authentication } from '../../src/protocol/ppp/authentication.ts';
import { AUTH_METHODS } from '../../src/protocol/settings.ts';
import { readChap, writeChap } from '../../src/wire/chap-message.ts';
import {
  readMsChapFailure,
  readMsChapV2Success,
  readMsChapV2Value,
  readMsChapValue,
  writeMsChapV2Value,
  writeMsChapValue,
} from '../../src/wire/ms-chap-field.ts';
import { readPap, writePap } from '../../src/wire/pap-message.ts';
import { PLAIN_FRAMING, PROTOCOL, readFrame, writeFrame } from '../../src/wire/ppp-frame.ts';
import { readOptions, writeOptions } from '../../src/wire/ppp-option.ts';
import { readPacket, writePacket } from '../../src/wire/ppp-packet.ts';
import { textOf, utf8Of } from '../../src/wire/text.ts';
import { octets } from '../codec-vectors.ts';
import { type Random, random } from '../random.ts';
import { attempt } from '../support/attempt.ts';
import { roundsWith } from './rounds.ts';

const ROUNDS = Number(process.env.FUZZ_ROUNDS ?? 200_000);
const rounds = roundsWith(random);

/** Frames from captures: mutations of what is right get further than noise. */
const CORPUS = [
  'ff03c0210101001d010405820206000000000305c223050506494c26a907020802',
  'ff03c0210101001e010405b60305c2230505066b028c4f1104064e1307020a410001',
  'ff03c0210802001580fd0101000f1a0478001804780015032f',
  'ff0380210301001603060a40000a8106cb0071358306cb007136',
  'ff0380570101000e010a64347eaec6b71bad',
  'ff03c0230101001105616c69636506733363726574',
  'ff03c0230201000d084c6f67696e206f6b',
  'ff03c023030100140f4c6f67696e20696e636f7272656374',
  'ff03c2230101001f108965a7a2edce7733befc620d7863f7446c6e732d6c3274706e73',
  'ff03c2230201001a10febd84fee6e04f243a60d6eec6dc4412616c696365',
  'ff03c223031a0012416363657373206772616e746564',
  'ff03c2230402003845 3d36393120523d3020433d4546313044363044463035423532453532393243304335393742383941393735 20563d33',
].map(octets);

/** A frame: noise, or one of the corpus with octets changed, cut off, repeated or put in. */
function frame(chance: Random): Uint8Array {
  if (chance.below(4) === 0) return chance.octets(chance.below(64));
  const bytes = [...(CORPUS[chance.below(CORPUS.length)] as Uint8Array)];
  for (let changes = chance.below(4); changes > 0; changes--) {
    const at = chance.below(bytes.length + 1);
    const change = chance.below(4);
    if (change === 0) bytes[at] = chance.below(256);
    else if (change === 1) bytes.length = Math.min(at, bytes.length);
    else if (change === 2) bytes.splice(at, 0, ...chance.octets(chance.below(8)));
    else bytes.push(...bytes.slice(at, at + chance.below(300)));
  }
  return Uint8Array.from(bytes);
}

const same = (a: Uint8Array, b: Uint8Array): void => {
  if (Buffer.compare(a, b) !== 0)
    throw new Error(`${Buffer.from(a).toString('hex')} became ${Buffer.from(b).toString('hex')}`);
};

describe('PPP readers', () => {
  const read = { frames: 0, packets: 0, options: 0, pap: 0, chap: 0 };

  it('give a value or Malformed, and what they took is written back', () => {
    rounds(ROUNDS, (chance) => {
      const bytes = frame(chance);
      const framed = attempt(() => readFrame(bytes));
      if (framed === undefined) return;
      read.frames++;
      same(readFrame(writeFrame(framed.protocol, framed.payload, PLAIN_FRAMING)).payload, framed.payload);

      const packet = attempt(() => readPacket(framed.payload));
      if (packet === undefined) return;
      read.packets++;
      same(writePacket(packet), framed.payload.subarray(0, packet.data.length + 4));

      const options = attempt(() => readOptions(packet.data));
      if (options !== undefined) {
        read.options++;
        same(writeOptions(options), packet.data);
      }
      const chap = attempt(() => readChap(framed.payload));
      if (chap !== undefined) {
        read.chap++;
        same(writeChap(chap), writePacket(packet));
        if ('message' in chap) {
          readMsChapFailure(textOf(chap.message));
          readMsChapV2Success(textOf(chap.message));
        }
      }
      const pap = attempt(() => readPap(framed.payload));
      if (pap !== undefined) {
        read.pap++;
        same(writePap(readPap(writePap(pap))), writePap(pap));
      }
    });
  });

  it('were given something to read', () => {
    expect(Object.entries(read).filter(([, count]) => count < ROUNDS / 50)).toEqual([]);
  });

  it('take every response of MS-CHAP of 49 octets, and no other', () => {
    rounds(ROUNDS / 10, (chance) => {
      const value = chance.octets(chance.below(3) === 0 ? 49 : chance.below(80));
      const v1 = attempt(() => readMsChapValue(value));
      const v2 = attempt(() => readMsChapV2Value(value));
      if ((v1 !== undefined) !== (value.length === 49) || (v2 !== undefined) !== (value.length === 49))
        throw new Error(`${value.length} octets`);
      if (v1 !== undefined) same(readMsChapValue(writeMsChapValue(v1)).ntResponse, v1.ntResponse);
      if (v2 !== undefined) same(readMsChapV2Value(writeMsChapV2Value(v2)).peerChallenge, v2.peerChallenge);
    });
  });

  it('find the fields in any text, in linear time', () => {
    rounds(ROUNDS / 10, (chance) => {
      const pieces = ['E=', 'R=', 'C=', 'V=', 'M=', 'S=', ' ', '691', 'ABCDEF', '0', 'x', '\u0000', 'é'];
      const text = Array.from({ length: chance.below(40) }, () => pieces[chance.below(pieces.length)]).join('');
      readMsChapFailure(text);
      readMsChapV2Success(text);
    });
    const long = `${'E=1 C='.repeat(20_000)}${'A'.repeat(65_000)}`;
    const before = performance.now();
    readMsChapFailure(long);
    readMsChapV2Success(long);
    expect(performance.now() - before).toBeLessThan(1000);
  });
});

describe.each(AUTH_METHODS)('authentication by %s', (method) => {
  const credentials = { username: 'alice', password: 's3cret-s3cret' };
  const passwordOf = () => credentials.password;

  it.each(['peer', 'authenticator'])('as %s survives whatever comes', (end) => {
    rounds(ROUNDS / 200, (chance) => {
      const machine =
        end === 'peer'
          ? authentication(method, credentials, chance.octets)
          : authenticator({ method, name: 'lns', passwordOf }, chance.octets);
      const own = method === 'pap' ? PROTOCOL.pap : PROTOCOL.chap;
      let now = 0;
      let ends = 0;
      for (let step = 0; step < 30; step++) {
        now += chance.below(4000);
        const what = chance.below(20);
        const bytes = attempt(() => readFrame(frame(chance)))?.payload ?? utf8Of(credentials.password);
        const protocol = chance.below(10) === 0 ? chance.below(65536) : own;
        const effects =
          what === 0
            ? machine.handle({ type: 'start' }, now)
            : what === 1
              ? machine.handle({ type: 'tick' }, now)
              : machine.handle({ type: 'packet', protocol, bytes }, now);
        if (what === 0) ends = 0;
        ends += effects.filter(({ type }) => type === 'failed').length;
        if (effects.length > 2 || ends > 1) throw new Error(`too much: ${JSON.stringify(effects)}`);
        if (effects.some((effect) => effect.type !== 'packet' && JSON.stringify(effect).includes(credentials.password)))
          throw new Error(`a secret got out: ${JSON.stringify(effects)}`);
        if (machine.deadline !== undefined && !(machine.deadline <= now + 30_000))
          throw new Error(`deadline ${machine.deadline}`);
      }
    });
  });
});
