import { describe, expect, it } from 'vitest';
import { PEER, PEER_ID, SCCRP, SCCRQ, TunnelTalk } from '../../../test/support/tunnel-talk.ts';
import { concat } from '../../wire/bytes.ts';
import { writeMessage } from '../../wire/message.ts';
import type { ControlMessage, MessageOf } from '../../wire/message-table.ts';

const ICRQ: MessageOf<'ICRQ'> = { kind: 'ICRQ', assignedSessionId: 500, callSerialNumber: 1 };
const ICRP: MessageOf<'ICRP'> = { kind: 'ICRP', assignedSessionId: 900 };
const STOPCCN: MessageOf<'StopCCN'> = { kind: 'StopCCN', assignedTunnelId: PEER_ID, resultCode: { result: 1 } };
const CDN: MessageOf<'CDN'> = { kind: 'CDN', resultCode: { result: 3 }, assignedSessionId: 900 };
const elsewhere = (address: string, port = 1701) => ({ from: { address, port } });
const submit = (message: ControlMessage, sessionId = 0) => ({ type: 'submit', message, sessionId }) as const;
const close = { type: 'close', cause: { result: 6 } } as const;

describe('a dial', () => {
  it('sends SCCCN and ICRQ together, in the turn of the SCCRP', () => {
    const talk = new TunnelTalk();
    expect(talk.do({ type: 'open' })).toEqual(['-> SCCRQ 0/0 to 0/0']);
    talk.now = 20;
    expect(talk.say(SCCRP)).toEqual(['-> SCCCN 1/1 to 77/0', 'established']);
    expect(talk.do(submit(ICRQ))).toEqual(['-> ICRQ 2/1 to 77/0']);
    expect([talk.tunnel.state, talk.tunnel.peerId, talk.tunnel.peerHostName]).toEqual(['established', 77, 'lns']);
    // Nothing is owed: both carried the acknowledgement.
    expect(talk.wait(900)).toEqual([]);
  });

  it('waits with the ICRQ when the server takes one message at a time', () => {
    const talk = new TunnelTalk();
    talk.do({ type: 'open' });
    expect(talk.say({ ...SCCRP, receiveWindowSize: 1 })).toEqual(['-> SCCCN 1/1 to 77/0', 'established']);
    expect(talk.do(submit(ICRQ))).toEqual([]);
    expect(talk.say('ZLB')).toEqual(['-> ICRQ 2/1 to 77/0']);
  });

  it('tells the session that its request has arrived, and brings the answer', () => {
    const talk = TunnelTalk.open();
    talk.do(submit(ICRQ));
    expect(talk.say('ZLB', { sessionId: 500 })).toEqual(['session 500: ICRQ acknowledged']);
    expect(talk.say(ICRP, { sessionId: 500 })).toEqual(['session 500 gets ICRP']);
    expect(talk.do(submit({ kind: 'ICCN', txConnectSpeed: 1, framingType: 1 }, 900))).toEqual([
      '-> ICCN 3/2 to 77/900',
    ]);
    expect(talk.say('ZLB', { sessionId: 1234 })).toEqual(['session 500: ICCN acknowledged']); // any session id will do
  });

  it('does not mind when both ends chose the same id', () => {
    const talk = new TunnelTalk();
    talk.do({ type: 'open' });
    const { localId } = talk.tunnel;
    expect(talk.say({ ...SCCRP, assignedTunnelId: localId })[0]).toBe(`-> SCCCN 1/1 to ${localId}/0`);
  });

  it('acknowledges a repeated SCCRP again, and takes it once', () => {
    const talk = TunnelTalk.open();
    expect(talk.say(SCCRP, { ns: 0 })).toEqual(['dropped: duplicate control message']);
    expect(talk.wait(50)).toEqual(['50 -> ZLB 2/1 to 77/0']);
  });

  it('puts in order what comes out of order', () => {
    const talk = new TunnelTalk();
    talk.do({ type: 'open' });
    expect(talk.say({ kind: 'HELLO' }, { ns: 1 })).toEqual([]);
    expect(talk.say(SCCRP)).toEqual(['-> SCCCN 1/2 to 77/0', 'established']);
  });

  it('chooses ids at random, never 0', () => {
    const id = (...octets: number[]) =>
      new TunnelTalk({ entropy: (count) => Uint8Array.from(octets).slice(0, count) }).tunnel.localId;
    expect([id(0, 0), id(0xff, 0xff), id(0xff, 0xfe), id(0x12, 0x34)]).toEqual([1, 1, 65535, 0x1235]);
  });
});

describe('silence', () => {
  it('of everybody is no answer, after 31 seconds', () => {
    const talk = new TunnelTalk();
    talk.do({ type: 'open' });
    expect(talk.wait(60_000)).toEqual([
      '1000 -> SCCRQ 0/0 to 0/0',
      '3000 -> SCCRQ 0/0 to 0/0',
      '7000 -> SCCRQ 0/0 to 0/0',
      '15000 -> SCCRQ 0/0 to 0/0',
      '23000 -> SCCRQ 0/0 to 0/0',
      '31000 closed: no-answer, SCCRQ was sent 6 times to 10.0.2.72 port 1701 without any answer',
    ]);
    expect(talk.tunnel.finished).toBe(true);
  });

  it('about the SCCRQ, from somebody who speaks, is not called no answer', () => {
    const talk = new TunnelTalk();
    talk.do({ type: 'open' });
    talk.say({ kind: 'HELLO' }, { nr: 0 });
    expect(talk.wait(31_000).at(-1)).toBe('31000 closed: control-lost, SCCRQ was sent 6 times and never acknowledged');
  });

  it('after an acknowledgement is another thing', () => {
    const talk = new TunnelTalk();
    talk.do({ type: 'open' });
    talk.say('ZLB');
    expect(talk.wait(29_999)).toEqual([]);
    expect(talk.wait(1)).toEqual([
      '30000 -> StopCCN 1/0 to 0/0 result 6 error 0',
      '30000 closed: tunnel-silent, SCCRQ was acknowledged, but no SCCRP followed within 30 s',
    ]);
  });

  it('on an open tunnel is lost control, naming the message; the peer is told in case it hears us', () => {
    const talk = TunnelTalk.open();
    talk.do(submit(ICRQ));
    expect(talk.wait(40_000).slice(-2)).toEqual([
      '31000 -> StopCCN 3/1 to 77/0 result 6 error 0',
      '31000 closed: control-lost, ICRQ was sent 6 times and never acknowledged',
    ]);
    expect(talk.tunnel.finished).toBe(true);
  });

  it('of a responder’s peer is told apart in the same way', () => {
    const talk = new TunnelTalk({ role: 'responder' });
    expect(talk.say(SCCRQ, { tunnelId: 0 })).toEqual(['-> SCCRP 0/1 to 77/0']);
    talk.say('ZLB');
    expect(talk.wait(30_000).at(-1)).toMatch(/^30000 closed: tunnel-silent, SCCRP was acknowledged, but no SCCCN/);
  });
});

describe('HELLO', () => {
  it('goes out after a minute without any control message, and again a minute after the answer', () => {
    const talk = TunnelTalk.open();
    talk.now = 30_000;
    talk.say({ kind: 'HELLO' }); // the peer's counts as life
    expect(talk.wait(60_000)).toEqual(['30050 -> ZLB 2/2 to 77/0', '90000 -> HELLO 2/2 to 77/0']);
    talk.now = 90_010;
    talk.say('ZLB');
    expect(talk.wait(60_000)).toEqual(['150010 -> HELLO 3/2 to 77/0']);
  });

  it('finds a dead peer', () => {
    const talk = TunnelTalk.open({ settings: { helloIntervalMs: 5000 } });
    const lines = talk.wait(60_000);
    expect(lines.slice(0, 2)).toEqual(['5000 -> HELLO 2/1 to 77/0', '6000 -> HELLO 2/1 to 77/0']);
    expect(lines.at(-1)).toBe('36000 closed: control-lost, HELLO was sent 6 times and never acknowledged');
  });

  it('is not sent while another message waits for its acknowledgement, or where nobody wants it', () => {
    const talk = TunnelTalk.open({ settings: { helloIntervalMs: 500 } });
    talk.do(submit(ICRQ));
    expect(talk.wait(1000)).toEqual(['1000 -> ICRQ 2/1 to 77/0']);
    expect(TunnelTalk.open({ settings: { helloIntervalMs: 0 } }).wait(1e9)).toEqual([]);
  });
});

describe('hanging up', () => {
  it('is over when the StopCCN is acknowledged, and what comes late is answered for 31 seconds', () => {
    const talk = TunnelTalk.open();
    expect(talk.do({ ...close, text: 'bye' })).toEqual(['-> StopCCN 2/1 to 77/0 result 6 error 0']);
    expect(talk.sent.at(-1)).toMatchObject({ assignedTunnelId: talk.tunnel.localId, resultCode: { text: 'bye' } });
    expect([talk.tunnel.state, talk.do(submit(ICRQ))]).toEqual(['closing', ['dropped: our ICRQ outside a tunnel']]);
    expect(talk.say('ZLB')).toEqual(['closed']);
    expect(talk.say({ kind: 'HELLO' })).toEqual([]);
    expect(talk.wait(30_999)).toEqual(['50 -> ZLB 3/2 to 77/0']);
    expect(talk.tunnel.finished).toBe(false);
    talk.wait(1);
    expect([talk.tunnel.finished, talk.tunnel.deadline]).toEqual([true, undefined]);
    expect(talk.say('ZLB')).toEqual(['dropped: control message for a tunnel that is gone']);
  });

  it('is over when nobody acknowledges', () => {
    const talk = TunnelTalk.open();
    talk.do(close);
    expect(talk.wait(40_000).at(-1)).toBe('31000 closed');
    expect(talk.tunnel.finished).toBe(true);
  });

  it('takes a StopCCN for an answer', () => {
    const talk = TunnelTalk.open();
    talk.do(close);
    expect(talk.say(STOPCCN)).toEqual(['closed', '-> ZLB 3/2 to 77/0']);
  });

  it('takes a StopCCN that crosses ours for the end', () => {
    const talk = TunnelTalk.open();
    talk.do(close);
    expect(talk.say(STOPCCN, { nr: 2 })).toEqual(['-> ZLB 3/2 to 77/0', 'closed']);
    expect(talk.wait(5000)).toEqual([]);
  });

  it('before the SCCRP has no id to name, until the SCCRP comes after all', () => {
    const talk = new TunnelTalk();
    talk.do({ type: 'open' });
    expect(talk.do(close)).toEqual(['-> StopCCN 1/0 to 0/0 result 6']);
    expect(talk.say(SCCRP, { nr: 1 })).toEqual(['dropped: SCCRP on a tunnel that is closed']);
    expect(talk.wait(1000)).toEqual(['50 -> ZLB 2/1 to 77/0', '1000 -> StopCCN 1/1 to 77/0 result 6']);
    expect(talk.say('ZLB')).toEqual(['closed']);
  });

  it('before anything was sent is nothing', () => {
    const talk = new TunnelTalk();
    expect(talk.do(close)).toEqual(['closed']);
    expect([talk.tunnel.finished, talk.do(close)]).toEqual([true, ['dropped: close in state closed']]);
  });
});

describe('a StopCCN of the peer', () => {
  it('ends the tunnel at once, and is acknowledged for a full retransmission cycle', () => {
    const talk = TunnelTalk.open();
    talk.do(submit(ICRQ));
    expect(talk.say(STOPCCN)).toEqual([
      'session 500: ICRQ acknowledged',
      '-> ZLB 3/2 to 77/0',
      'closed: tunnel-refused, StopCCN came on an open tunnel: general request to clear control connection (StopCCN result 1)',
    ]);
    for (const at of [1000, 3000, 7000, 15_000, 23_000]) {
      talk.now = at;
      expect(talk.say(STOPCCN, { ns: 1 })).toEqual(['dropped: duplicate control message']);
      expect(talk.wait(50)).toEqual([`${at + 50} -> ZLB 3/2 to 77/0`]);
    }
    talk.now = 30_000;
    expect([talk.wait(1000), talk.tunnel.finished]).toEqual([[], true]);
  });

  it('stops what we were sending', () => {
    const talk = TunnelTalk.open();
    talk.do(submit(ICRQ));
    talk.say(STOPCCN, { nr: 2 });
    expect(talk.wait(20_000)).toEqual([]);
  });

  it('instead of an SCCRP is a refusal, whose words are kept', () => {
    const talk = new TunnelTalk();
    talk.do({ type: 'open' });
    const refusal = { result: 2, error: 4, text: 'too many tunnels' };
    const lines = talk.say({ ...STOPCCN, resultCode: refusal });
    expect(lines[0]).toBe('-> ZLB 1/1 to 77/0'); // it names the id that the answer goes to
    expect(lines.at(-1)).toMatch(/^closed: tunnel-busy, StopCCN came while we waited for SCCRP: .*"too many tunnels"$/);
  });

  it('closes a tunnel that has carried calls', () => {
    const talk = TunnelTalk.open();
    talk.do(submit(ICRQ));
    talk.say(ICRP, { sessionId: 500 });
    expect(talk.say(STOPCCN).at(-1)).toMatch(/^closed: tunnel-closed,/);
  });

  it.each([
    ['its own id', PEER_ID],
    ['our id', undefined],
  ])('may know no id of ours for the header, and name %s', (_, assignedTunnelId) => {
    const talk = TunnelTalk.open();
    const stop = { ...STOPCCN, assignedTunnelId: assignedTunnelId ?? talk.tunnel.localId };
    expect(talk.say(stop, { tunnelId: 0 }).at(-1)).toMatch(/^closed: tunnel-refused/);
  });

  it('without a header id is not ours when it names another tunnel', () => {
    const talk = TunnelTalk.open();
    const lines = talk.say({ ...STOPCCN, assignedTunnelId: 4242 }, { tunnelId: 0 });
    expect(lines).toEqual(['dropped: control message without a tunnel id']);
    expect(talk.tunnel.state).toBe('established');
  });
});

describe('the address of the peer (RFC 2661 §8.1)', () => {
  const opening = (accept: (from: { address: string }) => boolean = () => false) => {
    const talk = new TunnelTalk({ accept });
    talk.do({ type: 'open' });
    return talk;
  };

  it('may have another port in the SCCRP, which is used from then on', () => {
    const talk = opening();
    const [moved, ...rest] = talk.say(SCCRP, elsewhere('10.0.2.72', 40_123));
    expect([moved, rest]).toEqual([
      'peer moved to 10.0.2.72 40123',
      ['-> SCCCN 1/1 to 77/0 at 10.0.2.72 40123', 'established'],
    ]);
    expect(talk.tunnel.peer).toEqual({ address: '10.0.2.72', port: 40_123 });
    expect(talk.say({ kind: 'HELLO' })).toEqual(['dropped: control message from a stranger']); // from where it was before
  });

  it('may be another one where that is allowed', () => {
    const talk = opening(({ address }) => address === '10.0.2.1');
    expect(talk.say(SCCRP, elsewhere('10.0.2.1'))[0]).toBe('peer moved to 10.0.2.1 1701');
  });

  it('may not be another one otherwise: said once, dropped always, named when nobody else answers', () => {
    const talk = opening();
    expect(talk.say(SCCRP, { ns: 0, ...elsewhere('10.0.2.1') })).toEqual([
      'warning unexpected-address: an answer came from 10.0.2.1 port 1701 instead of 10.0.2.72 port 1701 and was not taken',
      'dropped: control message from a stranger',
    ]);
    expect(talk.say(SCCRP, { ns: 0, ...elsewhere('10.0.2.1') })).toEqual(['dropped: control message from a stranger']);
    expect(talk.wait(31_000).at(-1)).toMatch(
      /closed: no-answer, .*; an answer from 10\.0\.2\.1 port 1701 was not taken$/,
    );
  });

  it('never changes afterwards', () => {
    const talk = TunnelTalk.open({ accept: () => true });
    expect(talk.say(STOPCCN, elsewhere('10.0.2.72', 9))).toEqual(['dropped: control message from a stranger']);
    expect(talk.tunnel.state).toBe('established');
  });

  it('is not asked of what is for another tunnel, is data, or cannot be read', () => {
    const talk = opening();
    expect(talk.say(SCCRP, { tunnelId: talk.tunnel.localId ^ 1 })).toEqual([
      'dropped: control message for another tunnel',
    ]);
    expect(talk.do({ type: 'datagram', from: PEER, bytes: Uint8Array.of(0, 2, 0, 1, 0, 1, 0xff, 3) })).toEqual([
      'dropped: data message on the control connection',
    ]);
    expect(talk.do({ type: 'datagram', from: PEER, bytes: Uint8Array.of(0xc8, 2, 0) })[0]).toMatch(
      /^dropped: .*header/,
    );
    expect(talk.say('ZLB', { tunnelId: 0 })).toEqual(['dropped: acknowledgement without a tunnel id']);
  });
});

describe('messages out of place (RFC 2661 §7.2.1)', () => {
  it.each([[SCCRQ], [SCCRP], [{ kind: 'SCCCN' } as const]])('%o on an open tunnel ends it', (message) => {
    const talk = TunnelTalk.open();
    expect(talk.say(message)).toEqual([
      '-> StopCCN 2/2 to 77/0 result 7 error 0',
      `closed: unexpected-message, ${message.kind} came on an open tunnel`,
    ]);
    expect(talk.say('ZLB')).toEqual([]);
    talk.wait(31_000);
    expect(talk.tunnel.finished).toBe(true);
  });

  it('SCCCN, SCCRQ or a call instead of the SCCRP ends it', () => {
    for (const message of [{ kind: 'SCCCN' } as const, SCCRQ, ICRP, ICRQ]) {
      const talk = new TunnelTalk();
      talk.do({ type: 'open' });
      expect(talk.say(message).at(-1)).toBe(
        `closed: unexpected-message, ${message.kind} came while we waited for SCCRP`,
      );
    }
  });

  it('HELLO is welcome at any time', () => {
    const talk = new TunnelTalk();
    talk.do({ type: 'open' });
    expect(talk.say({ kind: 'HELLO' })).toEqual([]);
    expect(talk.say(SCCRP)).toEqual(['-> SCCCN 1/2 to 77/0', 'established']);
  });

  it('the StopCCN for a fault is sent until it is acknowledged, after `closed`', () => {
    const talk = TunnelTalk.open();
    talk.say(SCCRP);
    expect(talk.wait(3000)).toEqual([
      '1000 -> StopCCN 2/2 to 77/0 result 7 error 0',
      '3000 -> StopCCN 2/2 to 77/0 result 7 error 0',
    ]);
    talk.say('ZLB');
    expect([talk.wait(30_999), talk.tunnel.finished]).toEqual([[], false]);
    expect([talk.wait(1), talk.tunnel.finished]).toEqual([[], true]);
  });
});

/** An AVP of somebody's own: M bit or not, vendor, type, one octet. */
const avp = (mandatory: boolean, vendor: number, type: number) =>
  Uint8Array.of(mandatory ? 0x80 : 0, 7, vendor >> 8, vendor & 0xff, type >> 8, type & 0xff, 1);
const withAvp = (message: ControlMessage, extra: Uint8Array) => concat(writeMessage(message), extra);
const messageType = (type: number, mandatory: boolean) =>
  Uint8Array.of(mandatory ? 0x80 : 0, 8, 0, 0, 0, 0, type >> 8, type & 0xff);

describe('what we do not know (RFC 2661 §4.1, §4.2, §7.1)', () => {
  const opening = (settings = {}) => {
    const talk = new TunnelTalk({ settings });
    talk.do({ type: 'open' });
    return talk;
  };
  const calling = (settings = {}) => {
    const talk = TunnelTalk.open({ settings });
    talk.do(submit(ICRQ));
    return talk;
  };

  it('an AVP without M is passed over', () => {
    const lines = opening().say(withAvp(SCCRP, avp(false, 3561, 9)));
    expect(lines).toEqual([
      'dropped: AVP 9 of vendor 3561 in SCCRP (vendor), ignored',
      '-> SCCCN 1/1 to 77/0',
      'established',
    ]);
  });

  it('an AVP with M ends the tunnel, and is named', () => {
    expect(opening().say(withAvp(SCCRP, avp(true, 0, 46)))).toEqual([
      '-> StopCCN 1/1 to 77/0 result 2 error 8',
      'closed: unknown-mandatory, mandatory AVP 46 in SCCRP (unknown)',
    ]);
  });

  it('an AVP with M is only worth a warning where that is wished', () => {
    const talk = opening({ tolerateUnknownMandatory: true });
    expect(talk.say(withAvp(SCCRP, avp(true, 0, 46)))[0]).toBe(
      'warning unknown-avp: mandatory AVP 46 in SCCRP (unknown), ignored',
    );
    expect(talk.tunnel.state).toBe('established');
  });

  it('an AVP with M in a session’s message ends the session alone', () => {
    const talk = calling();
    const lines = talk.say(withAvp(ICRP, avp(true, 9, 1)), { sessionId: 500 });
    expect(lines.at(-1)).toBe('session 500 ends: unknown-mandatory, mandatory AVP 1 of vendor 9 in ICRP (vendor)');
    expect(talk.tunnel.state).toBe('established');
  });

  it('an AVP with M in a CDN or StopCCN does not keep us from hearing why', () => {
    const talk = calling();
    expect(talk.say(withAvp(CDN, avp(true, 9, 1)), { sessionId: 500 }).at(-1)).toBe('session 500 gets CDN');
    expect(talk.say(withAvp(STOPCCN, avp(true, 9, 1))).at(-1)).toMatch(/^closed: tunnel-closed/);
  });

  it('an AVP with M in a call for us refuses the call', () => {
    const talk = TunnelTalk.open({ role: 'responder' });
    expect(talk.say(withAvp(ICRQ, avp(true, 0, 46))).at(-1)).toBe('-> CDN 1/3 to 77/500 result 2 error 8');
    expect(talk.sent.at(-1)).toMatchObject({ resultCode: { text: 'mandatory AVP 46 in ICRQ (unknown)' } });
  });

  it('a message with M ends the tunnel, without M or for the tolerant it is passed over; both are acknowledged', () => {
    const tolerant = TunnelTalk.open({ settings: { tolerateUnknownMandatory: true } });
    expect(tolerant.say(messageType(99, true))).toEqual(['dropped: message type 99 is unknown']);
    const talk = TunnelTalk.open();
    expect(talk.say(messageType(99, false))).toEqual(['dropped: message type 99 is unknown']);
    expect(talk.wait(50)).toEqual(['50 -> ZLB 2/2 to 77/0']);
    expect(talk.say(messageType(99, true))).toEqual([
      '-> StopCCN 2/3 to 77/0 result 2 error 8',
      'closed: unknown-mandatory, message type 99 is unknown, and mandatory',
    ]);
  });

  it('a message that cannot be read ends the tunnel, or the session it is about', () => {
    expect(opening().say(messageType(2, true)).at(-1)).toMatch(/^closed: malformed-message, SCCRP without /);
    const talk = calling();
    expect(talk.say(messageType(11, true), { sessionId: 500 }).at(-1)).toMatch(
      /^session 500 ends: malformed-message, ICRP/,
    );
    expect(talk.say(messageType(11, true), { sessionId: 501 }).at(-1)).toMatch(/^dropped: ICRP for an unknown session/);
    expect(talk.tunnel.state).toBe('established');
  });

  it('an AVP that is hidden needs our secret, and the right one (§4.3)', () => {
    const randomVector = Uint8Array.of(0x80, 8, 0, 0, 0, 36, 1, 2);
    const hidden = (type: number) => concat(randomVector, Uint8Array.of(0xc0, 10, 0, 0, 0, type, 9, 9, 9, 9));
    expect(
      opening()
        .say(withAvp(SCCRP, hidden(11)))
        .at(-1),
    ).toBe('closed: tunnel-secret-needed, its SCCRP hides AVP 11 with a secret');
    expect(
      opening()
        .say(concat(messageType(2, true), hidden(9)))
        .at(-1),
    ).toMatch(/^closed: tunnel-secret-needed, SCCRP without/);
    const locked = withAvp({ ...SCCRP, challengeResponse: new Uint8Array(16) }, hidden(11));
    expect(opening({ secret: 'sesame', tolerateUnknownMandatory: true }).say(locked).at(-1)).toBe(
      'closed: tunnel-secret-wrong, our secret does not open the hidden AVP 11 in its SCCRP',
    );
  });

  it('another version of the protocol is refused with ours', () => {
    expect(opening().say({ ...SCCRP, protocolVersion: 0x0300 })).toEqual([
      '-> StopCCN 1/1 to 77/0 result 5 error 256',
      'closed: version-unsupported, its SCCRP says version 3, not 1',
    ]);
  });
});

describe('calls', () => {
  const withCall = () => {
    const talk = TunnelTalk.open();
    talk.do(submit(ICRQ));
    talk.say('ZLB');
    return talk;
  };
  const OCRQ: MessageOf<'OCRQ'> = {
    kind: 'OCRQ',
    assignedSessionId: 30,
    callSerialNumber: 1,
    minimumBps: 1,
    maximumBps: 2,
    bearerType: 1,
    framingType: 1,
    calledNumber: '1',
  };

  it.each([
    ['outgoing', OCRQ],
    ['incoming', { ...ICRQ, assignedSessionId: 30 }],
  ])('an %s one is refused by a LAC', (_, request) => {
    const talk = TunnelTalk.open();
    expect(talk.say(request).at(-1)).toBe('-> CDN 2/2 to 77/30 result 5 error 0');
    const cdn = talk.sent.at(-1);
    expect(cdn?.kind === 'CDN' && cdn.assignedSessionId).toBeGreaterThan(0);
    expect(talk.tunnel.state).toBe('established');
  });

  it('are not refused without end to a peer that acknowledges nothing', () => {
    const talk = TunnelTalk.open();
    for (let i = 0; i < 1000; i++) talk.say(OCRQ, { nr: 2 });
    expect(talk.say(OCRQ, { nr: 2 })).toEqual(['dropped: too many calls to refuse']);
  });

  it('of an unknown session are acknowledged and dropped', () => {
    const talk = withCall();
    for (const message of [ICRP, CDN, { kind: 'SLI', accm: { send: 0, receive: 0 } } as const])
      expect(talk.say(message, { sessionId: 999 })).toEqual([`dropped: ${message.kind} for an unknown session`]);
    expect(talk.wait(50)).toEqual(['50 -> ZLB 3/4 to 77/0']);
  });

  it('may be told of modems (WEN) and lines (SLI)', () => {
    const talk = withCall();
    expect(talk.say({ kind: 'SLI', accm: { send: 0, receive: 0 } }, { sessionId: 500 })).toEqual([
      'session 500 gets SLI',
    ]);
  });

  it('a CDN may name the call by its own id, by ours, or be the only answer there can be', () => {
    const nameless = (assignedSessionId: number, answered: boolean) => {
      const talk = withCall();
      if (answered) talk.say(ICRP, { sessionId: 500 });
      return talk.say({ ...CDN, assignedSessionId }, { sessionId: 0 });
    };
    expect(nameless(900, true)).toEqual(['session 500 gets CDN']);
    expect(nameless(500, true)).toEqual(['session 500 gets CDN']);
    expect(nameless(0, false)).toEqual(['session 500 gets CDN']);
    expect(nameless(0, true)).toEqual(['dropped: CDN for an unknown session']);
  });

  it('a CDN that answers a CDN is for nobody any more', () => {
    const talk = withCall();
    talk.say(ICRP, { sessionId: 500 });
    expect(talk.do(submit({ ...CDN, assignedSessionId: 500 }, 900))).toEqual(['-> CDN 3/2 to 77/900 result 3']);
    expect(talk.say(CDN, { sessionId: 500 })).toEqual([
      'session 500: CDN acknowledged',
      'dropped: CDN for an unknown session',
    ]);
  });

  it('an LNS is asked for them; an ICRP without one is refused (§7.4.2)', () => {
    const talk = TunnelTalk.open({ role: 'responder' });
    expect(talk.say(ICRQ)).toEqual(['session 0 gets ICRQ']);
    expect(talk.do(submit({ kind: 'ICRP', assignedSessionId: 61 }, 500))).toEqual(['-> ICRP 1/3 to 77/500']);
    expect(talk.say({ kind: 'ICCN', txConnectSpeed: 1, framingType: 1 }, { sessionId: 61 })).toEqual([
      'session 61: ICRP acknowledged',
      'session 61 gets ICCN',
    ]);
    expect(talk.say(ICRP, { sessionId: 62 }).at(-1)).toBe('-> CDN 2/5 to 77/900 result 2 error 5');
    expect(talk.say(OCRQ).at(-1)).toMatch(/^-> CDN/);
  });
});

describe('a responder', () => {
  it('answers an SCCRQ once, and acknowledges it again', () => {
    const talk = new TunnelTalk({ role: 'responder' });
    expect(talk.say(SCCRQ, { tunnelId: 0 })).toEqual(['-> SCCRP 0/1 to 77/0']);
    expect(talk.say(SCCRQ, { tunnelId: 0, ns: 0 })).toEqual(['dropped: duplicate control message']);
    expect(talk.wait(50)).toEqual(['50 -> ZLB 1/1 to 77/0']);
    expect(talk.say({ kind: 'SCCCN' })).toEqual(['established']);
    expect(talk.say({ ...SCCRQ, assignedTunnelId: 78 }, { tunnelId: 0, ns: 0 })).toEqual([
      'dropped: control message without a tunnel id',
    ]);
  });

  it('may refuse, saying why', () => {
    const talk = new TunnelTalk({
      role: 'responder',
      refuse: () => ({ cause: { result: 2, error: 4 }, text: 'full' }),
    });
    expect(talk.say(SCCRQ, { tunnelId: 0 })).toEqual([
      '-> StopCCN 0/1 to 77/0 result 2 error 4',
      'closed: tunnel-refused, full',
    ]);
  });

  it('does not take the other messages for a beginning (§7.2.1)', () => {
    const late = (message: ControlMessage) => new TunnelTalk({ role: 'responder' }).say(message, { tunnelId: 0 });
    expect(late(SCCRP)[0]).toMatch(/^-> StopCCN 0\/1 to 77\/0 result 7/);
    expect(late({ kind: 'SCCCN' })).toEqual(['closed: unexpected-message, SCCCN came before any SCCRQ']);
    expect(late(STOPCCN).at(-1)).toMatch(/^closed: tunnel-refused/);
  });
});

describe('two SCCRQ at once (RFC 2661 §4.4.3)', () => {
  const TIE = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 5);
  const tie = (last: number) => ({ ...SCCRQ, tieBreaker: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, last) });
  const opening = (tieBreaker?: Uint8Array) => {
    const talk = new TunnelTalk(tieBreaker && { tieBreaker });
    talk.do({ type: 'open' });
    return talk;
  };

  it('the lower tie breaker wins: ours goes on', () => {
    const talk = opening(TIE);
    expect(talk.say(tie(6), { tunnelId: 0, ns: 0 })).toEqual(['dropped: control message without a tunnel id']);
    expect(talk.say(SCCRP).at(-1)).toBe('established');
  });

  it.each([
    ['has the lower tie breaker', TIE],
    ['alone has one', undefined],
  ])('theirs is answered when it %s, and ours is forgotten', (_, ours) => {
    const talk = opening(ours);
    talk.nr = 0;
    expect(talk.say(tie(4), { tunnelId: 0 })).toEqual(['-> SCCRP 0/1 to 77/0']);
    expect(talk.wait(1000)).toEqual(['1000 -> SCCRP 0/1 to 77/0']);
    expect(talk.say({ kind: 'SCCCN' })).toEqual(['established']);
    // We are still the LAC.
    expect(talk.do(submit(ICRQ))).toEqual(['-> ICRQ 1/2 to 77/0']);
  });

  it('equal ones lose both, in silence', () => {
    const talk = opening(TIE);
    expect(talk.say(tie(5), { tunnelId: 0 })).toEqual([
      'closed: tunnel-refused, both ends asked for a tunnel at the same moment, with the same tie breaker',
    ]);
    expect([talk.wait(60_000), talk.tunnel.finished]).toEqual([[], true]);
  });

  it('without any, two tunnels are opened: theirs is not for this one', () => {
    const talk = opening();
    expect(talk.say(SCCRQ, { tunnelId: 0, ns: 0 })).toEqual(['dropped: control message without a tunnel id']);
    expect(talk.say(SCCRP).at(-1)).toBe('established');
  });
});
