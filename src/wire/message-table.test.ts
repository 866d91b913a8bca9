import { describe, expect, expectTypeOf, it } from 'vitest';
import { AVP, type AvpName } from './avp-table.ts';
import { MESSAGE, type MessageKind, type MessageOf, messageKindOf } from './message-table.ts';

const kinds = Object.keys(MESSAGE) as MessageKind[];

// RFC 2661 says twice who carries what: message by message in §6, which is the table, and behind the name of every AVP in §4.4:
// biome-ignore format: a table
const CARRIERS: Partial<Record<AvpName, string>> = {
  resultCode: 'CDN, StopCCN',
  protocolVersion: 'SCCRP, SCCRQ', framingCapabilities: 'SCCRP, SCCRQ', bearerCapabilities: 'SCCRP, SCCRQ', tieBreaker: 'SCCRQ',
  firmwareRevision: 'SCCRP, SCCRQ', hostName: 'SCCRP, SCCRQ', vendorName: 'SCCRP, SCCRQ',
  assignedTunnelId: 'SCCRP, SCCRQ, StopCCN', receiveWindowSize: 'SCCRQ, SCCRP',
  challenge: 'SCCRP, SCCRQ', challengeResponse: 'SCCCN, SCCRP',
  q931CauseCode: 'CDN', assignedSessionId: 'CDN, ICRP, ICRQ, OCRP, OCRQ', callSerialNumber: 'ICRQ, OCRQ',
  minimumBps: 'OCRQ', maximumBps: 'OCRQ', bearerType: 'ICRQ, OCRQ', framingType: 'ICCN, OCCN, OCRQ',
  calledNumber: 'ICRQ, OCRQ', callingNumber: 'ICRQ', subAddress: 'ICRQ, OCRQ', txConnectSpeed: 'ICCN, OCCN', rxConnectSpeed: 'ICCN, OCCN',
  physicalChannelId: 'ICRQ, OCRP', privateGroupId: 'ICCN', sequencingRequired: 'ICCN, OCCN',
  initialReceivedLcpConfreq: 'ICCN', lastSentLcpConfreq: 'ICCN', lastReceivedLcpConfreq: 'ICCN',
  proxyAuthenType: 'ICCN', proxyAuthenName: 'ICCN', proxyAuthenChallenge: 'ICCN', proxyAuthenId: 'ICCN', proxyAuthenResponse: 'ICCN',
  callErrors: 'WEN', accm: 'SLI',
};

describe('message table', () => {
  it('has the message types of RFC 2661 §3.2', () => {
    expect(Object.fromEntries(kinds.map((kind) => [MESSAGE[kind].type, kind]))).toEqual({
      1: 'SCCRQ',
      2: 'SCCRP',
      3: 'SCCCN',
      4: 'StopCCN',
      6: 'HELLO',
      7: 'OCRQ',
      8: 'OCRP',
      9: 'OCCN',
      10: 'ICRQ',
      11: 'ICRP',
      12: 'ICCN',
      14: 'CDN',
      15: 'WEN',
      16: 'SLI',
    });
    for (const kind of kinds) expect(messageKindOf(MESSAGE[kind].type)).toBe(kind);
    for (const type of [0, 5, 13, 17, 65535]) expect(messageKindOf(type)).toBeUndefined();
  });

  it.each(kinds)('%s names no AVP twice', (kind) => {
    const named: AvpName[] = [...MESSAGE[kind].must, ...MESSAGE[kind].may];
    expect(new Set(named).size).toBe(named.length);
  });

  it.each(Object.keys(AVP) as AvpName[])('%s is carried by the messages that §4.4 says', (name) => {
    const carriers = kinds.filter((kind) =>
      ([...MESSAGE[kind].must, ...MESSAGE[kind].may] as AvpName[]).includes(name),
    );
    expect(carriers.sort()).toEqual((CARRIERS[name]?.split(', ') ?? []).sort());
  });

  it('makes the types of the messages', () => {
    expectTypeOf<keyof MessageOf<'HELLO'>>().toEqualTypeOf<'kind' | 'randomVector'>();
    expectTypeOf<MessageOf<'ICRP'>['assignedSessionId']>().toEqualTypeOf<number>();
    expectTypeOf<MessageOf<'ICCN'>['sequencingRequired']>().toEqualTypeOf<true | undefined>();
    // @ts-expect-error an AVP that must be there is missing
    ({ kind: 'CDN', assignedSessionId: 1 }) satisfies MessageOf<'CDN'>;
    // @ts-expect-error an AVP of another message
    ({ kind: 'HELLO', hostName: 'x' }) satisfies MessageOf<'HELLO'>;
  });
});
