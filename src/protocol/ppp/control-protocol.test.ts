import { describe, expect, it } from 'vitest';
import { octets } from '../../../test/codec-vectors.ts';
import { hex } from '../../wire/bytes.ts';
import { Malformed } from '../../wire/malformed.ts';
import { readPacket } from '../../wire/ppp-packet.ts';
import { ControlProtocol } from './control-protocol.ts';
import type { ProtocolEffect, ProtocolInput } from './control-protocol-io.ts';
import { IPCP_OPTION } from './option-table.ts';

/** IPCP of a client that wants an address and nothing else, told and watched in hexadecimal digits. */
class Conversation {
  readonly protocol = new ControlProtocol('IPCP', IPCP_OPTION, {
    address: '0.0.0.0',
    wantsDns: false,
    assigns: undefined,
  });
  now = 0;

  tell(input: ProtocolInput): string[] {
    return this.protocol.handle(input, this.now).map(wordsOf);
  }
  hear(packet: string): string[] {
    return this.tell({ type: 'packet', packet: readPacket(octets(packet)) });
  }
  /** Lets time pass until the protocol wants to be woken; what it does then. */
  wait(): string[] {
    this.now = this.protocol.deadline ?? Number.NaN;
    return this.tell({ type: 'tick' });
  }
  up(): this {
    this.tell({ type: 'open' });
    expect(this.tell({ type: 'up' })).toEqual([REQUEST]);
    return this;
  }
  /** Open: our request has id 1, the peer's id 5. */
  opened(): this {
    this.up().hear('02 01 000a 030600000000');
    expect(this.hear(PEER_REQUEST)).toEqual([PEER_ACK, 'this-layer-up']);
    return this;
  }
}

const wordsOf = (effect: ProtocolEffect): string => {
  switch (effect.type) {
    case 'packet':
      return hex(effect.bytes);
    case 'dropped':
      return `dropped ${effect.why}`;
    case 'this-layer-finished':
      return `finished: ${effect.finish}`;
    case 'terminated':
      return `terminated ${hex(effect.data)}`;
    case 'code-rejected':
      return `code-rejected ${effect.code}`;
    default:
      return effect.type;
  }
};

const REQUEST = '0101000a030600000000';
const PEER_REQUEST = '0105000a03060a400001';
const PEER_ACK = '0205000a03060a400001';

describe('a control protocol', () => {
  it('opens when both requests are acknowledged, whichever is first', () => {
    const theirsFirst = new Conversation().up();
    expect(theirsFirst.hear(PEER_REQUEST)).toEqual([REQUEST, PEER_ACK]);
    expect(theirsFirst.hear('02 01 000a 030600000000')).toEqual(['this-layer-up']);
    const oursFirst = new Conversation().up();
    expect(oursFirst.hear('02 01 000a 030600000000')).toEqual([]);
    expect(oursFirst.hear(PEER_REQUEST)).toEqual([PEER_ACK, 'this-layer-up']);
  });

  it('asks for what was suggested under a new identifier (§5.1)', () => {
    const conversation = new Conversation().up();
    expect(conversation.hear('03 01 000a 03060a40000a')).toEqual(['0102000a03060a40000a']);
    expect(conversation.hear('02 02 000a 03060a40000a')).toEqual([]);
    expect(conversation.protocol.negotiation.ours).toEqual({ ipAddress: '10.64.0.10' });
  });

  it('asks without what was rejected', () => {
    expect(new Conversation().up().hear('04 01 000a 030600000000')).toEqual(['01020004']);
  });

  it('repeats its request under the same identifier every 3 s, and finishes after ten', () => {
    const conversation = new Conversation().up();
    for (let i = 1; i < 10; i++) expect(conversation.wait()).toEqual([REQUEST]);
    expect(conversation.wait()).toEqual(['finished: silence']);
    expect(conversation.now).toBe(30_000);
  });

  it('says so when there was talk, but no agreement', () => {
    const conversation = new Conversation().up();
    conversation.hear(PEER_REQUEST);
    for (let i = 0; i < 8; i++) conversation.wait();
    expect(conversation.wait()).toEqual(['finished: no agreement']);
  });

  it('takes no reply that is not to its last request, and keeps waiting (§5.2)', () => {
    const conversation = new Conversation().up();
    expect(conversation.hear('02 07 000a 030600000000')).toEqual(['dropped IPCP: reply to an older request']);
    expect(conversation.hear('02 01 000a 03060a400009')).toEqual(['dropped IPCP: Configure-Ack of other options']);
    expect(conversation.hear('02 01 0010 030600000000 810600000000')).toEqual([
      'dropped IPCP: Configure-Ack of other options',
    ]);
    expect(conversation.hear('04 01 0008 2d040000')).toEqual(['dropped IPCP: Configure-Reject of other options']);
    expect(conversation.hear('03 01 0004')).toEqual(['dropped IPCP: Configure-Nak or -Reject of nothing']);
    expect(conversation.protocol.deadline).toBe(3000);
    expect(conversation.hear('02 01 000a 030600000000')).toEqual([]);
    expect(conversation.protocol.state).toBe('ack-rcvd');
  });

  it('takes a reply once', () => {
    const conversation = new Conversation().opened();
    expect(conversation.hear('02 01 000a 030600000000')).toEqual(['dropped IPCP: reply to an older request']);
    expect(conversation.protocol.state).toBe('opened');
  });

  it('discards a packet whose options cannot be read (§6)', () => {
    const conversation = new Conversation().up();
    expect(() => conversation.hear('01 05 0008 03060a40')).toThrow(Malformed);
    expect(() => conversation.hear('01 05 0008 03010a40')).toThrow(Malformed);
    expect(conversation.hear(PEER_REQUEST)).toEqual([REQUEST, PEER_ACK]);
  });

  it('hears nothing while the layer below is down', () => {
    const conversation = new Conversation();
    conversation.tell({ type: 'open' });
    expect(conversation.hear(PEER_REQUEST)).toEqual(['dropped IPCP: packet while it is down']);
  });

  it('rejects codes it does not know (§5.6), cut to what every peer can receive', () => {
    const conversation = new Conversation().up();
    expect(conversation.hear('0e 09 0008 00000000')).toEqual(['0702000c' + '0e09000800000000']);
    const [reject = ''] = conversation.hear(`0e 09 0404 ${'ab'.repeat(1024)}`);
    expect(reject.length / 2).toBe(128);
    expect(reject.slice(0, 16)).toBe('07030080' + '0e090404');
  });

  it('finishes when its own codes are rejected, and goes on when others are', () => {
    const conversation = new Conversation().opened();
    expect(conversation.hear('07 05 000c 0b07000800000000')).toEqual(['code-rejected 11']);
    expect(conversation.hear('07 06 000e 0101000a030600000000')).toEqual([
      'code-rejected 1',
      'this-layer-down',
      '05020004',
    ]);
    expect(new Conversation().up().hear('07 06 000e 0101000a030600000000')).toEqual([
      'code-rejected 1',
      'finished: rejected',
    ]);
  });
});

describe('the end of a control protocol', () => {
  it('is asked for, and over when it is acknowledged', () => {
    const conversation = new Conversation().opened();
    expect(conversation.tell({ type: 'close', why: 'bye' })).toEqual(['this-layer-down', '05020007627965']);
    expect(conversation.hear('06 02 0004')).toEqual(['finished: terminated']);
    expect(conversation.protocol.deadline).toBeUndefined();
  });

  it('is over after two requests without an answer', () => {
    const conversation = new Conversation().opened();
    conversation.tell({ type: 'close', why: '' });
    expect(conversation.wait()).toEqual(['05030004']);
    expect(conversation.wait()).toEqual(['finished: terminated']);
    expect(conversation.now).toBe(2000);
  });

  it('is granted, and over one Restart time later', () => {
    const conversation = new Conversation().opened();
    expect(conversation.hear('05 09 0007 627965')).toEqual(['terminated 627965', 'this-layer-down', '06090004']);
    expect(conversation.hear(PEER_REQUEST)).toEqual([]);
    expect(conversation.wait()).toEqual(['finished: terminated']);
    expect(conversation.now).toBe(1000);
  });

  it('needs no more than the peer being closed: a request is then answered with Terminate-Ack', () => {
    const conversation = new Conversation().opened();
    conversation.tell({ type: 'close', why: '' });
    conversation.hear('06 02 0004');
    expect(conversation.hear('0109000a03060a400001')).toEqual(['06090004']);
  });

  it('by the layer below is forgotten when that comes up again', () => {
    const conversation = new Conversation().opened();
    expect(conversation.tell({ type: 'down' })).toEqual(['this-layer-down']);
    expect(conversation.protocol.negotiation.ours).toEqual({});
    expect(conversation.tell({ type: 'up' })).toEqual(['0102000a030600000000']);
  });
});

describe('over a wire that loses and repeats', () => {
  it('the request goes out again with the first request of the peer, once, and not at all when it has been answered', () => {
    const conversation = new Conversation().up();
    conversation.now = 250;
    expect(conversation.hear(PEER_REQUEST)).toEqual([REQUEST, PEER_ACK]);
    expect(conversation.protocol.deadline).toBe(3250);
    expect(conversation.hear(PEER_REQUEST)).toEqual([PEER_ACK]);
    const answered = new Conversation().up();
    answered.hear('03 01 000a 03060a40000a');
    expect(answered.hear(PEER_REQUEST)).toEqual([PEER_ACK]);
  });

  it('a request that is refused is answered so as well', () => {
    expect(new Conversation().up().hear('0105000a0206002d0f01')).toEqual([REQUEST, '0405000a0206002d0f01']);
  });

  it('a request that comes again gets its answer again: it is no new turn of the haggling', () => {
    const server = new ControlProtocol('IPCP', IPCP_OPTION, {
      address: undefined,
      wantsDns: false,
      assigns: { address: '10.64.0.10', dns: [] },
    });
    server.handle({ type: 'open' }, 0);
    server.handle({ type: 'up' }, 0);
    const request = { type: 'packet', packet: readPacket(octets(REQUEST)) } as const;
    const answers = Array.from({ length: 8 }, () => server.handle(request, 0).map(wordsOf).at(-1));
    expect(new Set(answers)).toEqual(new Set(['0301000a03060a40000a']));
  });

  it('the last request may come again while open: it is acknowledged again and nothing else happens', () => {
    const conversation = new Conversation().opened();
    expect(conversation.hear(PEER_REQUEST)).toEqual([PEER_ACK]);
    conversation.now = 9000;
    expect(conversation.hear(PEER_REQUEST)).toEqual([PEER_ACK]);
    expect(conversation.protocol.state).toBe('opened');
  });

  it('the same request much later is what the RFC says: a new negotiation', () => {
    const conversation = new Conversation().opened();
    conversation.now = 10_000;
    expect(conversation.hear(PEER_REQUEST)).toEqual(['this-layer-down', '0102000a030600000000', PEER_ACK]);
  });

  it('and so is any other request, at any time', () => {
    const conversation = new Conversation().opened();
    expect(conversation.hear('0106000a03060a400002')).toEqual([
      'this-layer-down',
      '0102000a030600000000',
      '0206000a03060a400002',
    ]);
    expect(conversation.hear('02 02 000a 030600000000')).toEqual(['this-layer-up']);
    expect(conversation.protocol.negotiation.theirs).toEqual({ ipAddress: '10.64.0.2' });
  });

  it('a stray Terminate-Ack makes it agree anew', () => {
    const conversation = new Conversation().opened();
    expect(conversation.hear('06 77 0004')).toEqual(['this-layer-down', '0102000a030600000000']);
    expect(conversation.hear('0207000a030600000000')).toEqual(['dropped IPCP: reply to an older request']);
  });

  it.each([
    ['Naks whatever we ask for', (id: string) => `03 ${id} 000a 03060a4000${id}`],
    ['asks for the same unacceptable thing again and again', (id: string) => `01 ${id} 0008 02040000`],
  ])('a peer that %s is noticed (§4.5)', (_, packetOf) => {
    const conversation = new Conversation().up();
    const last = Array.from({ length: 21 }, (_, i) =>
      conversation.hear(packetOf((i + 1).toString(16).padStart(2, '0'))).at(-1),
    );
    expect(last.at(-1)).toBe('diverged');
    expect(last.slice(0, -1)).not.toContain('diverged');
  });
});
