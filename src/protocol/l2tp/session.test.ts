import { describe, expect, it } from 'vitest';
import type { ControlMessage, MessageOf } from '../../wire/message-table.ts';
import { Session, type SessionEffect, type SessionInput } from './session.ts';

const ICRQ: MessageOf<'ICRQ'> = { kind: 'ICRQ', assignedSessionId: 500, callSerialNumber: 1 };
const ICRP: MessageOf<'ICRP'> = { kind: 'ICRP', assignedSessionId: 900 };
const ICCN: MessageOf<'ICCN'> = { kind: 'ICCN', txConnectSpeed: 1, framingType: 1 };
const CDN: MessageOf<'CDN'> = { kind: 'CDN', assignedSessionId: 900, resultCode: { result: 3 } };
const CLOSE = { type: 'close', cause: { result: 3 }, text: 'bye' } as const;

const entropy = (count: number) => new Uint8Array(count).fill(7); // our id is 1 + 0x0707 = 1800
const lac = (more: { rxConnectSpeed?: number } = {}) => new Session({ role: 'lac', entropy, callSerial: 12, ...more });
const lns = (refuse?: (request: MessageOf<'ICRQ'>) => { cause: { result: number }; text?: string } | undefined) =>
  new Session({ role: 'lns', entropy, ...(refuse && { refuse }) });

function inWords(effect: SessionEffect): string {
  switch (effect.type) {
    case 'submit': {
      const { kind, ...values } = effect.message;
      return `-> ${kind} to ${effect.sessionId} ${JSON.stringify(values)}`;
    }
    case 'closed':
      return effect.failure === undefined ? 'closed' : `closed: ${effect.failure.code}, ${effect.failure.detail}`;
    case 'dropped':
      return `dropped: ${effect.why}`;
    default:
      return effect.type;
  }
}
const tell = (session: Session, input: SessionInput, now = 0) => session.handle(input, now).map(inWords);
const say = (session: Session, message: ControlMessage) => tell(session, { type: 'message', message });

describe('a call of the LAC (RFC 2661 §7.4.1)', () => {
  const ringing = () => {
    const session = lac();
    tell(session, { type: 'open' });
    return session;
  };
  const connected = () => {
    const session = ringing();
    say(session, ICRP);
    return session;
  };

  it('is asked for, answered and connected in one turn', () => {
    const session = lac();
    expect(session.state).toBe('wait-tunnel');
    expect(tell(session, { type: 'open' })).toEqual(['-> ICRQ to 0 {"assignedSessionId":1800,"callSerialNumber":12}']);
    expect(say(session, ICRP)).toEqual(['-> ICCN to 900 {"txConnectSpeed":1000000000,"framingType":1}', 'established']);
    expect([session.state, session.localId, session.peerId]).toEqual(['established', 1800, 900]);
  });

  it('says an Rx Connect Speed only when told to', () => {
    const session = lac({ rxConnectSpeed: 64_000 });
    tell(session, { type: 'open' });
    expect(say(session, ICRP)[0]).toContain('"rxConnectSpeed":64000');
  });

  it.each([
    [3, 1],
    [1, 1],
    [0, 2],
    [2, 2],
    [undefined, 1],
  ])('asks for a framing that the peer has: %s gives %d', (framing, framingType) => {
    const session = lac();
    tell(session, { type: 'open', framing });
    expect(say(session, ICRP)[0]).toContain(`"framingType":${framingType}`);
  });

  it('may be refused, with the words kept', () => {
    const [line] = say(ringing(), { ...CDN, resultCode: { result: 4, error: 0, text: 'all lines busy' } });
    expect(line).toMatch(/^closed: call-busy, CDN came while we waited for ICRP: .*"all lines busy"$/);
    const session = ringing();
    const [closed] = session.handle({ type: 'message', message: CDN }, 0);
    expect(closed).toMatchObject({ failure: { code: 'call-refused', peer: { message: 'CDN', result: 3 } } });
    expect(session.state).toBe('closed');
  });

  it('may be ended by the peer, and nothing is answered to that', () => {
    expect(say(connected(), CDN)).toEqual([expect.stringMatching(/^closed: call-closed, CDN came during the call/)]);
  });

  it('is ended with a CDN that names our id, before and after the peer has said its own', () => {
    const words = '{"resultCode":{"result":3,"text":"bye"},"assignedSessionId":1800}';
    expect(tell(ringing(), CLOSE)).toEqual([`-> CDN to 0 ${words}`, 'closed']);
    expect(tell(connected(), CLOSE)).toEqual([`-> CDN to 900 ${words}`, 'closed']);
    expect(tell(lac(), CLOSE)).toEqual(['closed']); // nobody knows of it
  });

  it('ends in silence with its tunnel', () => {
    for (const session of [lac(), ringing(), connected()])
      expect(tell(session, { type: 'tunnel-closed' })).toEqual(['closed']);
  });

  it('does not outlive messages out of place', () => {
    expect(say(ringing(), ICRQ)[0]).toMatch(/^-> CDN to 0 .*"result":2,"error":1/);
    expect(say(ringing(), ICCN)).toEqual(['closed: unexpected-message, ICCN came while we waited for ICRP']);
    for (const message of [ICRQ, ICRP, ICCN])
      expect(say(connected(), message)).toEqual([
        expect.stringMatching(/^-> CDN to 900/),
        `closed: unexpected-message, ${message.kind} came during the call`,
      ]);
  });

  it('is not connected to the session id 0', () => {
    expect(say(ringing(), { ...ICRP, assignedSessionId: 0 })).toEqual([
      expect.stringMatching(/^-> CDN to 0 .*"result":2,"error":3/),
      'closed: malformed-message, its ICRP assigns the session id 0',
    ]);
  });

  it('is given up when the request was acknowledged but is not answered within 30 seconds', () => {
    const session = ringing();
    expect(session.deadline).toBeUndefined(); // until then the tunnel repeats it
    tell(session, { type: 'acknowledged', message: 'ICRQ' }, 1000);
    expect(session.deadline).toBe(31_000);
    expect(tell(session, { type: 'tick' }, 30_999)).toEqual([]);
    expect(tell(session, { type: 'tick' }, 31_000)).toEqual([
      expect.stringMatching(/^-> CDN to 0/),
      'closed: call-silent, ICRQ was acknowledged, but no ICRP followed within 30 s',
    ]);
    expect(session.deadline).toBeUndefined();
  });

  it('is not given up once it is answered, whatever else is acknowledged', () => {
    const session = ringing();
    tell(session, { type: 'acknowledged', message: 'ICRQ' }, 1000);
    say(session, ICRP);
    tell(session, { type: 'acknowledged', message: 'ICCN' }, 2000);
    expect(session.deadline).toBeUndefined();
  });

  it('is not interested in modems and lines', () => {
    const session = connected();
    expect(say(session, { kind: 'SLI', accm: { send: 0, receive: 0 } })).toEqual(['dropped: SLI says nothing to us']);
    expect(session.state).toBe('established');
  });

  it('hears nothing after the end', () => {
    const session = connected();
    tell(session, CLOSE);
    expect(say(session, CDN)).toEqual(['dropped: CDN for a call that has ended']);
    expect(tell(session, CLOSE)).toEqual(['dropped: close for a call in state closed']);
  });
});

describe('a call to the LNS (RFC 2661 §7.4.2)', () => {
  const asked = () => {
    const session = lns();
    say(session, ICRQ);
    return session;
  };

  it('is accepted and connected', () => {
    const session = lns();
    expect(say(session, ICRQ)).toEqual(['-> ICRP to 500 {"assignedSessionId":1800}']);
    expect(say(session, ICCN)).toEqual(['established']);
    expect(session.state).toBe('established');
  });

  it('may be refused', () => {
    expect(
      say(
        lns(() => ({ cause: { result: 4 }, text: 'no room' })),
        ICRQ,
      ),
    ).toEqual([
      '-> CDN to 500 {"resultCode":{"result":4,"text":"no room"},"assignedSessionId":1800}',
      'closed: call-refused, no room',
    ]);
    expect(say(lns(), { ...ICRQ, assignedSessionId: 0 })[1]).toMatch(/malformed-message/);
  });

  it('is given up when no ICCN follows', () => {
    const session = asked();
    tell(session, { type: 'acknowledged', message: 'ICRP' }, 0);
    expect(tell(session, { type: 'tick' }, 30_000)[1]).toMatch(
      /^closed: call-silent, ICRP was acknowledged, but no ICCN/,
    );
  });

  it('does not outlive messages out of place', () => {
    expect(say(lns(), ICCN)).toEqual(['closed: unexpected-message, ICCN came before any ICRQ']);
    expect(say(lns(), ICRP)[0]).toMatch(/^-> CDN/);
    expect(say(asked(), ICRQ)[0]).toMatch(/^-> CDN to 500/);
    expect(say(asked(), CDN)[0]).toMatch(/^closed: call-refused/);
  });

  it('is ended by either side', () => {
    expect(tell(asked(), CLOSE)[0]).toMatch(/^-> CDN to 500/);
    expect(tell(asked(), { type: 'tunnel-closed' })).toEqual(['closed']);
    expect(tell(lns(), CLOSE)).toEqual(['closed']);
  });
});
