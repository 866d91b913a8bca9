import { describe, expect, it } from 'vitest';
import { octets } from '../../../test/codec-vectors.ts';
import { hex } from '../../wire/bytes.ts';
import { readFrame } from '../../wire/ppp-frame.ts';
import type { LinkSettings } from '../settings.ts';
import { Link, type LinkEffect, type LinkInput } from './link.ts';

const SETTINGS: LinkSettings = {
  username: 'alice',
  password: 's3cret',
  auth: ['chap-md5', 'pap'],
  mru: 1410,
  ipv6: false,
  echoIntervalMs: 10_000,
  echoFailures: 3,
};

/** A client's link, told and watched in hexadecimal digits: a frame is `protocol packet`. Our magic number is 0a0a0a0a. */
class Conversation {
  readonly link: Link;
  now = 0;
  /** Identifier of our last PAP request. */
  papId = '';

  constructor(settings: Partial<LinkSettings> = {}) {
    let octet = 0x09;
    this.link = new Link({ ...SETTINGS, ...settings }, (length) => new Uint8Array(length).fill(++octet));
  }
  tell(input: LinkInput): string[] {
    return this.link.handle(input, this.now).map(wordsOf);
  }
  /** @param frame a whole PPP frame, as in the captures */
  hear(frame: string): string[] {
    return this.tell({ type: 'frame', bytes: octets(frame) });
  }
  wait(): string[] {
    this.now = this.link.deadline ?? Number.NaN;
    return this.tell({ type: 'tick' });
  }
  /** LCP open: the server wants PAP. */
  authenticating(): this {
    this.tell({ type: 'lower-up' });
    this.hear(`ff03c021 02 01 000e 01040582 05060a0a0a0a`);
    const effects = this.hear('ff03c021 01 07 000e 0304c023 0506715fa8cc');
    expect(effects).toContain('phase authenticate');
    this.papId = /^c023 01(..)/.exec(effects.at(-1) ?? '')?.[1] ?? '';
    return this;
  }
  /** The network phase has begun. */
  authenticated(): this {
    this.authenticating();
    expect(this.hear(`ff03c023 02 ${this.papId} 0007 02 6f6b`)).toContain('phase network');
    return this;
  }
  up(): this {
    this.authenticated();
    this.hear('ff038021 01 01 000a 03060a400001');
    this.hear('ff038021 03 01 0016 03060a40000a 8106cb007135 8306cb007136');
    expect(this.hear('ff038021 02 02 0016 03060a40000a 8106cb007135 8306cb007136').at(-1)).toMatch(
      /^ipv4-up 10.64.0.10/,
    );
    return this;
  }
}

const wordsOf = (effect: LinkEffect): string => {
  switch (effect.type) {
    case 'frame': {
      const { protocol, payload } = readFrame(effect.bytes);
      return `${protocol.toString(16)} ${hex(payload)}`;
    }
    case 'phase':
      return `phase ${effect.phase}`;
    case 'ipv4-up':
      return `ipv4-up ${effect.agreed.localAddress} ${effect.agreed.peerAddress} ${effect.agreed.dns}`;
    case 'framing':
      return `framing ${effect.addressControl ? 'long' : 'short'} address, ${effect.shortProtocol ? 'short' : 'long'} protocol`;
    case 'peer-mru':
      return `peer-mru ${effect.mru}`;
    case 'authenticated':
      return `authenticated ${effect.method} "${effect.message}"`;
    case 'ended':
      return `ended ${effect.failure?.code ?? 'well'}`;
    case 'dropped':
      return `dropped ${effect.why}`;
    default:
      return effect.type;
  }
};

const REQUEST = 'c021 0101000e' + '01040582' + '05060a0a0a0a';

describe('a link', () => {
  it('is dead until the call stands, and then asks at once', () => {
    const conversation = new Conversation();
    expect(conversation.link.phase).toBe('dead');
    expect(conversation.link.deadline).toBeUndefined();
    expect(conversation.tell({ type: 'lower-up' })).toEqual(['phase establish', REQUEST]);
  });

  it('comes up as with xl2tpd, the first packet of each phase in the turn that ended the one before', () => {
    const conversation = new Conversation();
    conversation.tell({ type: 'lower-up' });
    // The server's octets are those of a capture, but for our own magic number, address and digest.
    expect(conversation.hear('ff03c02101010019010405820206000000000305c223050506715fa8cc')).toEqual([
      REQUEST,
      'c021 02010019010405820206000000000305c223050506715fa8cc',
    ]);
    expect(conversation.hear(`ff03${REQUEST.replace(' 01', '02')}`)).toEqual([
      'framing long address, long protocol',
      'peer-mru 1410',
      'phase authenticate',
    ]);
    expect(conversation.hear('ff03c02109000008715fa8cc')).toEqual(['c021 0a0000080a0a0a0a']);
    const [response] = conversation.hear('ff03c22301040021125df810b13faccde99138dc7a82307e3554fe6c6e732d786c32747064');
    // MD5(04 "s3cret" 5df8…54fe), the digest of the reference client in the same capture
    expect(response).toBe('c223 0204001a10edd4483ece5176f5175818bac588ec87616c696365');
    expect(conversation.hear('ff03c22303040012416363657373206772616e746564')).toEqual([
      'authenticated chap-md5 "Access granted"',
      'phase network',
      '8021 01010016030600000000810600000000830600000000',
    ]);
    expect(conversation.hear('ff0380210101000a03060a400001')).toEqual([
      '8021 01010016030600000000810600000000830600000000',
      '8021 0201000a03060a400001',
    ]);
    expect(conversation.hear('ff0380210301001603060a40000a8106cb0071358306cb007136')).toEqual([
      '8021 0102001603060a40000a8106cb0071358306cb007136',
    ]);
    expect(conversation.hear('ff0380210202001603060a40000a8106cb0071358306cb007136')).toEqual([
      'ipv4-up 10.64.0.10 10.64.0.1 203.0.113.53,203.0.113.54',
    ]);
    expect(conversation.link.negotiated).toEqual({
      lcp: {
        ours: ['MRU 1410', 'magic number 0x0a0a0a0a'],
        theirs: ['MRU 1410', 'ACCM 0x00000000', 'authentication CHAP-MD5', 'magic number 0x715fa8cc'],
      },
      ipcp: {
        ours: ['address 10.64.0.10', 'primary DNS 203.0.113.53', 'secondary DNS 203.0.113.54'],
        theirs: ['address 10.64.0.1'],
      },
      ipv6cp: { ours: [], theirs: [] },
    });
    expect(conversation.hear('ff03c02105020010557365722072657175657374')).toEqual([
      'phase terminate',
      'ipv4-down',
      'c021 06020004',
    ]);
    expect(conversation.tell({ type: 'lower-down' })).toEqual(['phase dead', 'ended ppp-terminated']);
  });

  it('comes up as with SoftEther, which rejects our magic number and offers EAP first', () => {
    const conversation = new Conversation({ auth: ['ms-chap-v2', 'pap'] });
    conversation.tell({ type: 'lower-up' });
    expect(conversation.hear('ff03c0210401000a05060a0a0a0a')).toEqual(['c021 0102000801040582']);
    expect(conversation.hear('ff03c021010000080304c227')).toEqual(['c021 030000090305c22381']);
    expect(conversation.hear('ff03c021090000180000000041686f2042616b61204d616e756b6500')).toEqual([
      'dropped LCP: Echo-Request before it is open',
    ]);
    conversation.hear('ff03c0210202000801040582');
    expect(conversation.hear('ff03c021010100090305c22381')).toEqual([
      'c021 020100090305c22381',
      'framing long address, long protocol',
      'peer-mru 1500',
      'phase authenticate',
    ]);
  });

  it('sends PAP together with the Ack that opens LCP', () => {
    const conversation = new Conversation();
    conversation.tell({ type: 'lower-up' });
    conversation.hear(`ff03${REQUEST.replace(' 01', '02')}`);
    const effects = conversation.hear('ff03c021 01 07 0008 0304c023');
    expect(effects.slice(0, 1)).toEqual(['c021 020700080304c023']);
    expect(effects.at(-1)).toMatch(/^c023 01..001105616c69636506733363726574$/);
  });

  it('needs no authentication when nobody asks for it', () => {
    const conversation = new Conversation();
    conversation.tell({ type: 'lower-up' });
    conversation.hear('ff03c021 01 07 0004');
    expect(conversation.hear(`ff03${REQUEST.replace(' 01', '02')}`).slice(2, 4)).toEqual([
      'authenticated none ""',
      'phase network',
    ]);
  });

  it('sends data as the peer asked for it, and reads whatever comes', () => {
    const conversation = new Conversation();
    conversation.tell({ type: 'lower-up' });
    conversation.hear(`ff03${REQUEST.replace(' 01', '02')}`);
    expect(conversation.hear('c021 01 07 0008 0702 0802')).toContain('framing short address, short protocol');
  });
});

describe('packets that do not belong there', () => {
  it('are dropped with a reason', () => {
    const conversation = new Conversation();
    conversation.tell({ type: 'lower-up' });
    expect(conversation.hear('')).toEqual([expect.stringMatching(/^dropped .*RFC 1661 §2/)]);
    expect(conversation.hear('ff03c021 01')).toEqual([expect.stringMatching(/^dropped .*RFC 1661 §5/)]);
    expect(conversation.hear('ff03c021 01 01 0006 0500')).toEqual([expect.stringMatching(/^dropped .*RFC 1661 §6/)]);
    expect(conversation.hear('ff038021 01 01 000a 03060a400001')).toEqual([
      'dropped network protocol before the network phase',
    ]);
    expect(conversation.hear('ff03c223 01 04 0009 04 01020304')).toEqual([
      'dropped authentication that was not agreed on, or not yet',
    ]);
    expect(conversation.hear('ff0380fd 01 01 0004')).toEqual([expect.stringMatching(/^dropped LCP: .*0x80fd/)]);
  });

  it.each([
    ['CCP', 'ff0380fd 01 01 000a 120601000060'],
    ['ECP', 'ff038053 01 01 0004'],
    ['MPLSCP', 'ff038281 01 01 0004'],
    ['EAP', 'ff03c227 01 01 0005 01'],
    ['IPV6CP where it is not wanted', 'ff038057 01 01 000e 010a0000000000000001'],
    ['a protocol whose number breaks the rules', 'ff030200 00'],
  ])('get a Protocol-Reject: %s', (_, frame) => {
    const rejected = octets(frame).subarray(2);
    expect(new Conversation().up().hear(frame)).toEqual([
      expect.stringMatching(/^dropped /),
      `c021 0802${(4 + rejected.length).toString(16).padStart(4, '0')}${hex(rejected)}`,
    ]);
  });

  it('IPv6 that the server sends regardless (Linux) is dropped quietly', () => {
    expect(new Conversation().up().hear('ff030057 60000000')).toEqual(['dropped IPv6 while IPV6CP is not open']);
  });
});

describe('renegotiation', () => {
  it('takes everything down and up again, with another method if the server likes', () => {
    const conversation = new Conversation().up();
    conversation.now = 60_000;
    const effects = conversation.hear('ff03c021 01 14 000f 0305c22305 050677777777');
    expect(effects.slice(0, 2)).toEqual(['ipv4-down', 'phase establish']);
    expect(effects.slice(2)).toEqual(['c021 0102000e01040582' + '05060a0a0a0a', 'c021 0214000f0305c22305050677777777']);
    expect(conversation.hear('ff03c021 02 02 000e 01040582 05060a0a0a0a')).toContain('phase authenticate');
    expect(conversation.hear('ff03c223 01 02 0015 10 00112233445566778899aabbccddeeff')[0]).toMatch(/^c223 0202/);
    // The address is asked for as it was: if the server agrees, that saves a round trip and nobody notices.
    expect(conversation.hear('ff03c223 03 02 0004')).toEqual([
      'authenticated chap-md5 ""',
      'phase network',
      '8021 0103001603060a40000a8106cb0071358306cb007136',
    ]);
  });

  it('a second challenge is answered and changes nothing', () => {
    const conversation = new Conversation();
    conversation.tell({ type: 'lower-up' });
    conversation.hear(`ff03${REQUEST.replace(' 01', '02')}`);
    conversation.hear('ff03c021 01 07 0009 0305c22305');
    conversation.hear('ff03c223 01 01 0015 10 00112233445566778899aabbccddeeff');
    conversation.hear('ff03c223 03 01 0004');
    expect(conversation.hear('ff03c223 01 02 0015 10 ffeeddccbbaa99887766554433221100')).toEqual([
      expect.stringMatching(/^c223 0202/),
    ]);
    expect(conversation.hear('ff03c223 03 02 0004')).toEqual([]);
    expect(conversation.link.phase).toBe('network');
    conversation.hear('ff03c223 01 03 0015 10 ffeeddccbbaa99887766554433221100');
    expect(conversation.hear('ff03c223 04 03 0004').slice(0, 1)).toEqual(['phase terminate']);
  });
});

describe('the end', () => {
  const ended = (conversation: Conversation, effects: string[]): string => {
    for (let i = 0; i < 30 && !effects.at(-1)?.startsWith('ended'); i++) effects.push(...conversation.wait());
    expect(conversation.link.deadline).toBeUndefined();
    expect(conversation.link.phase).toBe('dead');
    expect(conversation.hear('ff03c021 01 14 0004')).toEqual(['dropped frame after the end of the link']);
    return effects.at(-1) ?? '';
  };

  it('by us is told to the server and over when it agrees', () => {
    const conversation = new Conversation().up();
    expect(conversation.tell({ type: 'close', why: 'User request' })).toEqual([
      'phase terminate',
      'ipv4-down',
      'c021 05020010' + '557365722072657175657374',
    ]);
    expect(ended(conversation, conversation.hear('ff03c021 06 02 0004'))).toBe('ended well');
  });

  it('by us is over after 2 s when nobody answers, and at once when there is no call', () => {
    const conversation = new Conversation().up();
    expect(ended(conversation, conversation.tell({ type: 'close', why: '' }))).toBe('ended well');
    expect(conversation.now).toBe(2000);
    expect(new Conversation().tell({ type: 'close', why: '' })).toEqual(['ended well']);
  });

  it('by the server leaves it a second to take down the call', () => {
    const conversation = new Conversation().up();
    const effects = conversation.hear('ff03c021 05 09 0004');
    expect(effects).toEqual(['phase terminate', 'ipv4-down', 'c021 06090004']);
    expect(conversation.hear('ff03c021 01 0a 0004')).toEqual(['dropped LCP: packet after Terminate-Request']);
    expect(conversation.hear('ff03c021 05 09 0004')).toEqual(['c021 06090004']);
    expect(ended(conversation, effects)).toBe('ended ppp-terminated');
    expect(conversation.now).toBe(1000);
  });

  it('comes when LCP is not spoken, or to no end', () => {
    const silent = new Conversation();
    expect(ended(silent, silent.tell({ type: 'lower-up' }))).toBe('ended lcp-silent');
    expect(silent.now).toBe(30_000);
    const deaf = new Conversation();
    deaf.tell({ type: 'lower-up' });
    expect(ended(deaf, deaf.hear('ff03c021 01 07 0004'))).toBe('ended lcp-failed');
    const rejecting = new Conversation();
    rejecting.tell({ type: 'lower-up' });
    expect(ended(rejecting, rejecting.hear('ff03c021 07 07 0012 0101000e 01040582 05060a0a0a0a'))).toBe(
      'ended lcp-failed',
    );
  });

  it('comes when the server refuses our password, and is told politely', () => {
    const conversation = new Conversation().authenticating();
    const effects = conversation.hear(`ff03c023 03 ${conversation.papId} 0008 03 6e6f21`);
    expect(effects[0]).toBe('phase terminate');
    expect(effects[1]).toMatch(/^c021 05/);
    expect(ended(conversation, conversation.hear('ff03c021 06 02 0004'))).toBe('ended auth-rejected');
  });

  it('comes when the server answers our password by hanging up (SoftEther: LCP, l2tpns: CDN)', () => {
    const softEther = new Conversation().authenticating();
    expect(ended(softEther, softEther.hear('ff03c021 05 03 0004'))).toBe('ended auth-rejected');
    const l2tpns = new Conversation().authenticating();
    expect(ended(l2tpns, l2tpns.tell({ type: 'lower-down', peer: { message: 'CDN', result: 3 } }))).toBe(
      'ended auth-rejected',
    );
    const lost = new Conversation().authenticating();
    expect(ended(lost, lost.tell({ type: 'lower-down' }))).toBe('ended well');
  });

  it('comes when the server insists on a method that is not allowed', () => {
    const conversation = new Conversation();
    conversation.tell({ type: 'lower-up' });
    const effects = Array.from({ length: 7 }, (_, i) => conversation.hear(`ff03c021 01 1${i} 0009 0305c22381`)).flat();
    expect(effects.at(-1)).toMatch(/^c021 05/);
    expect(ended(conversation, conversation.hear('ff03c021 06 02 0004'))).toBe('ended auth-method-refused');
    const softEther = new Conversation({ auth: ['chap-md5'] });
    softEther.tell({ type: 'lower-up' });
    for (const [id, method] of [
      ['00', '04c227'],
      ['01', '05c22381'],
      ['02', '04c023'],
    ])
      softEther.hear(`ff03c021 01 ${id} 000${4 + Number(method?.slice(1, 2))} 03${method}`);
    expect(ended(softEther, softEther.hear('ff03c021 05 03 0004'))).toBe('ended auth-method-refused');
  });

  it('comes when the server wants encryption, with words or without', () => {
    const words = new Conversation().authenticated();
    const text = '4d505045207265717569726564206275742070656572206e65676f74696174696f6e206661696c6564';
    expect(ended(words, words.hear(`ff03c021 05 02 002d ${text}`))).toBe('ended encryption-required');
    const silent = new Conversation().authenticated();
    silent.hear('ff0380fd 01 01 000a 120601000060');
    expect(ended(silent, silent.hear('ff03c021 05 02 0004'))).toBe('ended encryption-required');
    const compression = new Conversation().authenticated();
    compression.hear('ff0380fd 01 01 000c 1a047800 18047800');
    expect(ended(compression, compression.hear('ff03c021 05 02 0004'))).toBe('ended ppp-terminated');
    const muchLater = new Conversation().up();
    muchLater.hear('ff0380fd 01 01 000a 120601000060');
    muchLater.now += 3_600_000;
    expect(ended(muchLater, muchLater.hear('ff03c021 05 02 0004'))).toBe('ended ppp-terminated');
  });

  it('comes when there is no address to be had', () => {
    const conversation = new Conversation().authenticated();
    const effects = conversation.hear('ff03c021 08 01 000a 8021 01010004');
    expect(effects[0]).toBe('phase terminate');
    expect(ended(conversation, conversation.hear('ff03c021 06 02 0004'))).toBe('ended no-address');
  });

  it('comes at once when nobody is there any more', () => {
    const conversation = new Conversation().up();
    expect(ended(conversation, conversation.wait())).toBe('ended echo-lost');
    expect(conversation.now).toBe(40_000);
  });

  it('does not come while data comes in', () => {
    const conversation = new Conversation().up();
    for (let i = 0; i < 100; i++) {
      conversation.tell({ type: 'heard' });
      conversation.wait();
    }
    expect(conversation.now).toBe(1_000_000);
    expect(conversation.link.phase).toBe('network');
  });

  it('comes when the server rejects its own authentication protocol', () => {
    const conversation = new Conversation().authenticating();
    expect(ended(conversation, conversation.hear('ff03c021 08 01 0008 c023 0101'))).toBe('ended auth-method-refused');
  });

  it('says in its detail which rule it was', () => {
    const conversation = new Conversation().up();
    let effects: LinkEffect[] = [];
    while (conversation.link.deadline !== undefined) {
      conversation.now = conversation.link.deadline;
      effects = conversation.link.handle({ type: 'tick' }, conversation.now);
    }
    const last = effects.at(-1);
    expect(last?.type === 'ended' && last.failure?.detail).toBe(
      '3 LCP echoes, one every 10 s, were not answered, and nothing else came in',
    );
  });
});
