import { describe, expect, it } from 'vitest';
import { octets } from '../../../test/codec-vectors.ts';
import { hex } from '../../wire/bytes.ts';
import { readPacket } from '../../wire/ppp-packet.ts';
import { Lcp, type LcpEffect, type LcpInput, type LcpOptions } from './lcp.ts';

/** LCP of a client, told and watched in hexadecimal digits. Our magic numbers are a1a1a1a1, a2a2a2a2, … */
class Conversation {
  readonly lcp: Lcp;
  now = 0;

  constructor(options: Partial<LcpOptions> = {}) {
    let count = 0;
    const entropy = (length: number) => new Uint8Array(length).fill(0xa0 + ++count);
    const echo = { intervalMs: 10_000, failures: 3 };
    this.lcp = new Lcp({ mru: 1460, accepts: ['chap-md5', 'pap'], demands: [], echo, entropy, ...options });
  }
  tell(input: LcpInput): string[] {
    return this.lcp.handle(input, this.now).map(wordsOf);
  }
  hear(packet: string): string[] {
    return this.tell({ type: 'packet', packet: readPacket(octets(packet)) });
  }
  /** The next thing it does by itself. */
  wait(): string[] {
    this.now = this.lcp.deadline ?? Number.NaN;
    return this.tell({ type: 'tick' });
  }
  up(): this {
    expect(this.tell({ type: 'up' })).toEqual([REQUEST]);
    return this;
  }
  opened(theirs = '0506715fa8cc'): this {
    this.up().hear(`02${REQUEST.slice(2)}`);
    const length = (4 + octets(theirs).length).toString(16).padStart(4, '0');
    expect(this.hear(`0107${length}${theirs}`)).toEqual([`0207${length}${theirs}`, 'this-layer-up']);
    return this;
  }
}

const wordsOf = (effect: LcpEffect): string => {
  switch (effect.type) {
    case 'packet':
      return hex(effect.bytes);
    case 'dropped':
      return `dropped ${effect.why}`;
    case 'protocol-rejected':
      return `protocol-rejected ${effect.protocol.toString(16)}`;
    case 'incompatible':
      return `incompatible: ${effect.why}`;
    case 'this-layer-finished':
      return `finished: ${effect.finish}`;
    default:
      return effect.type;
  }
};

const REQUEST = '0101000e' + '010405b4' + '0506a1a1a1a1';

describe('LCP', () => {
  it('knows what the peer asked for, once it is open', () => {
    const { lcp } = new Conversation().opened('01040582' + '0305c22305' + '0506715fa8cc' + '0702' + '0802');
    expect(lcp.peerMru).toBe(1410);
    expect(lcp.authentication).toBe('chap-md5');
    expect(lcp.framing).toEqual({ addressControl: false, shortProtocol: true });
    expect(lcp.agreed).toEqual({
      ours: ['MRU 1460', 'magic number 0xa1a1a1a1'],
      theirs: [
        'MRU 1410',
        'authentication CHAP-MD5',
        'magic number 0x715fa8cc',
        'protocol field compression',
        'address and control field compression',
      ],
    });
  });

  it('takes the defaults for what the peer does not say', () => {
    const { lcp } = new Conversation().opened('');
    expect(lcp.peerMru).toBe(1500);
    expect(lcp.authentication).toBeUndefined();
    expect(lcp.framing).toEqual({ addressControl: true, shortProtocol: false });
  });

  it('says when the peer will not be talked out of its method: five Naks, a Reject, and still', () => {
    const conversation = new Conversation().up();
    const answers = Array.from({ length: 7 }, (_, i) => conversation.hear(`01 2${i} 0009 0305c22381`).slice(-2));
    expect(answers.map((each) => each.at(-1)?.slice(0, 2))).toEqual(['03', '03', '03', '03', '03', '04', 'au']);
    expect(answers.at(-1)).toEqual(['04260009' + '0305c22381', 'auth-refused']);
    expect(conversation.lcp.authRefused).toBe('MS-CHAPv2');
    conversation.hear('01 30 0008 0304c023');
    expect(conversation.lcp.authRefused).toBeUndefined();
  });

  it('has nothing to say to Discard-Request, Identification and Time-Remaining', () => {
    const conversation = new Conversation().up();
    for (const code of ['0b', '0c', '0d']) expect(conversation.hear(`${code} 05 000c 00000000 61626364`)).toEqual([]);
    expect(conversation.lcp.state).toBe('req-sent');
  });

  it('rejects protocols that are not spoken here, when it is open (RFC 1661 §5.7)', () => {
    const conversation = new Conversation().up();
    const ccp = { type: 'unknown-protocol', protocol: 0x80fd, payload: octets('0101000a120601000060') } as const;
    const [why = ''] = conversation.tell(ccp);
    expect(conversation.tell(ccp)).toEqual([why]);
    expect(why).toContain('0x80fd');
    const open = new Conversation().opened();
    expect(open.tell(ccp)).toEqual([why, '08020010' + '80fd' + '0101000a120601000060']);
    const [, long = ''] = open.tell({ ...ccp, payload: new Uint8Array(2000) });
    expect(octets(long)).toHaveLength(128);
    expect(octets(long).subarray(0, 4)).toEqual(octets('08030080'));
    open.hear('07 01 000e 0803000a 80fd 01010004');
    expect(open.tell(ccp)).toEqual([why]);
  });

  it('passes on what the peer does not speak, but only when it is open', () => {
    expect(new Conversation().up().hear('08 01 0006 8057')).toEqual(['dropped LCP: Protocol-Reject before it is open']);
    expect(new Conversation().opened().hear('08 01 000a 8057 01010004')).toEqual(['protocol-rejected 8057']);
  });

  it('cannot live with a rejection of LCP, or of its basic codes', () => {
    expect(new Conversation().opened().hear('08 01 0006 c021')).toEqual([
      'incompatible: it rejects LCP itself',
      'this-layer-down',
      '05020004',
    ]);
    expect(new Conversation().opened().hear('07 01 0008 01010004')[0]).toBe(
      'incompatible: it rejects LCP packets of code 1',
    );
    expect(new Conversation().up().hear('07 01 0008 01010004').at(-1)).toBe('finished: rejected');
  });
});

describe('LCP echo', () => {
  it('is answered with our magic number, when LCP is open (§5.8)', () => {
    const conversation = new Conversation();
    conversation.up();
    // SoftEther, before anything else
    const early = '09 00 0018 00000000 41686f2042616b61204d616e756b6500';
    expect(conversation.hear(early)).toEqual(['dropped LCP: Echo-Request before it is open']);
    expect(new Conversation().opened().hear(early)).toEqual([
      '0a000018' + 'a1a1a1a1' + '41686f2042616b61204d616e756b6500',
    ]);
  });

  it('is answered with magic number 0 where the peer rejects ours (§6.4)', () => {
    const conversation = new Conversation().up();
    conversation.hear('04 01 000a 0506a1a1a1a1');
    conversation.hear('02 02 0008 010405b4');
    conversation.hear('01 07 0004');
    expect(conversation.hear('09 33 0008 00000000')).toEqual(['0a33000800000000']);
  });

  it('is answered within the MRU of the peer', () => {
    const [reply = ''] = new Conversation().opened('01040080').hear(`09 01 0108 00000000 ${'00'.repeat(256)}`);
    expect(octets(reply)).toHaveLength(128);
  });

  it('asks every 10 s and measures the round trip', () => {
    const conversation = new Conversation().opened();
    expect(conversation.wait()).toEqual(['09020008a1a1a1a1']);
    expect(conversation.now).toBe(10_000);
    conversation.now += 37;
    expect(conversation.hear('0a 02 0008 715fa8cc')).toEqual([]);
    expect(conversation.lcp.echoRoundTripMs).toBe(37);
    expect(conversation.wait()).toEqual(['09030008a1a1a1a1']);
    expect(conversation.now).toBe(20_000);
  });

  it.each([
    ['a foreign magic number', '0a 02 0008 12345678'],
    ['our own magic number', '0a 02 0008 a1a1a1a1'],
    ['more data than we sent', '0a 02 0010 715fa8cc 0000000000000000'],
    ['no magic number', '0a 02 0004'],
  ])('takes a reply with %s', (_, reply) => {
    const conversation = new Conversation().opened();
    conversation.wait();
    conversation.now += 5;
    conversation.hear(reply);
    expect(conversation.lcp.echoRoundTripMs).toBe(5);
  });

  it('takes the link for dead after three unanswered ones', () => {
    const conversation = new Conversation().opened();
    for (let i = 0; i < 3; i++) expect(conversation.wait()).toHaveLength(1);
    expect(conversation.wait()).toEqual(['echo-lost']);
    expect(conversation.now).toBe(40_000);
  });

  it('does not, while data or anything else comes in', () => {
    const withData = new Conversation().opened();
    for (let i = 0; i < 3; i++) withData.wait();
    withData.tell({ type: 'data-came-in' });
    expect(withData.wait()).toEqual([]);
    for (let i = 0; i < 3; i++) expect(withData.wait()[0]).toMatch(/^09/);
    expect(withData.wait()).toEqual(['echo-lost']);
    const withEchoes = new Conversation().opened();
    for (let i = 0; i < 10; i++) {
      expect(withEchoes.wait()[0]).toMatch(/^09/);
      withEchoes.hear('09 05 0008 715fa8cc');
    }
  });

  it('is not sent while data flows in', () => {
    const conversation = new Conversation().opened();
    for (let i = 0; i < 5; i++) {
      conversation.tell({ type: 'data-came-in' });
      expect(conversation.wait()).toEqual([]);
    }
    expect(conversation.wait()).toEqual(['09020008a1a1a1a1']);
  });

  it('is not sent when switched off, before LCP is open, or to a peer that rejects it', () => {
    expect(new Conversation({ echo: { intervalMs: 0, failures: 3 } }).opened().lcp.deadline).toBeUndefined();
    const rejecting = new Conversation().opened();
    rejecting.wait();
    rejecting.hear('07 01 000c 09020008a1a1a1a1');
    expect(rejecting.lcp.deadline).toBeUndefined();
    const renegotiating = new Conversation().opened();
    renegotiating.hear('01 08 0004');
    expect(renegotiating.lcp.deadline).toBe(3000);
  });
});

describe('a loop', () => {
  /** What is sent comes back, as long as there is anything. */
  function loop(conversation: Conversation): string[] {
    const heard: string[] = [];
    let queue = conversation.tell({ type: 'up' });
    while (queue.length > 0 && heard.length < 1000) {
      const [first = '', ...rest] = queue;
      heard.push(first);
      queue = /^[0-9a-f]+$/.test(first) ? [...rest, ...conversation.hear(first)] : rest;
    }
    return heard;
  }

  it('is recognized by our magic numbers coming back (§6.4)', () => {
    const effects = loop(new Conversation());
    expect(effects).toContain('looped-back');
    const numbers = new Set(effects.flatMap((each) => /^01.*0506(a.a.a.a.)$/.exec(each)?.[1] ?? []));
    expect(numbers.size).toBeGreaterThanOrEqual(3);
  });

  it('is recognized by our echoes coming back', () => {
    const conversation = new Conversation().opened();
    const seen = Array.from({ length: 3 }, () => conversation.hear(conversation.wait()[0] ?? ''));
    expect(seen.map((effects) => effects.at(-1))).toEqual([
      'dropped LCP: our own Echo-Request came back',
      'dropped LCP: our own Echo-Request came back',
      'looped-back',
    ]);
  });

  it('is not suspected where two ends happen to choose the same number', () => {
    const conversation = new Conversation().up();
    expect(conversation.hear('01 07 000a 0506a1a1a1a1')).toEqual([REQUEST, '0307000a' + '05065e5e5e5e']);
    expect(conversation.hear('03 01 000a 0506bbbbbbbb')).toEqual(['0102000e' + '010405b4' + '0506bbbbbbbb']);
    expect(conversation.hear('01 08 000a 05065e5e5e5e').at(-1)).toBe('0208000a' + '05065e5e5e5e');
  });
});

describe('echoes of a chosen size', () => {
  const probe = (octets: number, mark = 1498) => ({ type: 'probe', octets, mark }) as const;
  const answered = (mark: number, isWhole: boolean) => ({ type: 'probe-answered', mark, isWhole });
  const hearAll = (talk: Conversation, packet: string) =>
    talk.lcp.handle({ type: 'packet', packet: readPacket(octets(packet)) }, talk.now);

  it('leave with our magic number and as long as wished, each with other octets', () => {
    const talk = new Conversation().opened();
    expect(talk.tell(probe(12))).toEqual(['0902000ca1a1a1a102030405']);
    expect(talk.tell(probe(8))).toEqual(['09030008a1a1a1a1']);
    expect(talk.tell(probe(11))).toEqual(['0904000ba1a1a1a1040506']);
  });

  it('are answered by the same octets, whatever the magic number, and whatever follows', () => {
    for (const reply of ['0a02000c715fa8cc02030405', '0a02000ca1a1a1a102030405', '0a0200100000000002030405ffffffff']) {
      const talk = new Conversation().opened();
      talk.tell(probe(12));
      expect(hearAll(talk, reply)).toEqual([answered(1498, true)]);
      expect(hearAll(talk, reply)).toEqual([]);
    }
  });

  it('are cut short by a server that sends back less, or something else', () => {
    for (const reply of ['0a02000b715fa8cc020304', '0a020008715fa8cc', '0a020004', '0a02000c715fa8cc02030400']) {
      const talk = new Conversation().opened();
      talk.tell(probe(12));
      expect(hearAll(talk, reply)).toEqual([answered(1498, false)]);
    }
  });

  it('are no questions whether the peer is alive, but their answers say that it is', () => {
    const talk = new Conversation().opened();
    for (const _ of [1, 2, 3, 4, 5, 6]) talk.tell(probe(12));
    expect(talk.wait()).toEqual(['09080008a1a1a1a1']);
    expect(talk.wait()).toHaveLength(1);
    expect(talk.wait()).toHaveLength(1);
    hearAll(talk, '0a07000c715fa8cc0708090a'); // of the sixth probe
    expect(talk.lcp.echoRoundTripMs).toBeUndefined();
    expect(talk.wait()).toHaveLength(1); // not dead
  });

  it('are not mistaken for the other echoes when the identifiers come round', () => {
    const talk = new Conversation().opened();
    talk.tell(probe(12));
    for (let id = 3; id < 256 + 2; id++) talk.tell(probe(8, 0));
    expect(talk.wait()[0]).toMatch(/^09020008/);
    expect(hearAll(talk, '0a020008715fa8cc')).toEqual([]);
    expect(talk.lcp.echoRoundTripMs).toBe(0);
  });

  it('are no longer than both ends can receive', () => {
    expect(new Conversation().opened().lcp.longestEcho).toBe(1460);
    expect(new Conversation().opened('010405780506715fa8cc').lcp.longestEcho).toBe(1400);
    expect(new Conversation({ mru: 1500 }).lcp.longestEcho).toBe(1500);
  });

  it('are not sent while the link is down, nor to a peer that knows no echoes', () => {
    const talk = new Conversation();
    expect(talk.up().tell(probe(12))).toEqual([]);
    const deaf = new Conversation().opened();
    deaf.hear('0705000c' + '09020008a1a1a1a1');
    expect(deaf.lcp.handle(probe(12), deaf.now)).toEqual([{ type: 'probe-rejected' }]);
  });
});
