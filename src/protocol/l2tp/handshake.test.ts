import { describe, expect, it } from 'vitest';
import { chapMd5Response } from '../../crypto/chap-md5.ts';
import { hex } from '../../wire/bytes.ts';
import type { MessageOf } from '../../wire/message-table.ts';
import { utf8Of } from '../../wire/text.ts';
import type { TunnelSettings } from '../settings.ts';
import { Handshake } from './handshake.ts';

const octets = (digits: string) => Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));

// What two xl2tpd said to each other with the secret `tunn3l` (test/fixtures/pcaps/xl2tpd-secret.pcap, as tshark reads it).
const CLIENT_CHALLENGE = octets('9b60390ae4dce30a38210e027deda331');
const SCCRP_RESPONSE = octets('2c7da2c65c8c078d51f3e45fa58ca411');
const SERVER_CHALLENGE = octets('32c058cca013052624c0f458c8176a79');
const SCCCN_RESPONSE = octets('1de70f70ef2f1df523f1e64e6f7b4528');

const SETTINGS: TunnelSettings = {
  hostName: 'router',
  vendorName: 'l2tpwan',
  secret: undefined,
  receiveWindow: 8,
  helloIntervalMs: 60_000,
  hideAvps: false,
  tolerateUnknownMandatory: false,
};
const SCCRQ: MessageOf<'SCCRQ'> = {
  kind: 'SCCRQ',
  protocolVersion: 0x0100,
  hostName: 'lac',
  framingCapabilities: 3,
  assignedTunnelId: 7,
};
const SCCRP: MessageOf<'SCCRP'> = { ...SCCRQ, kind: 'SCCRP', hostName: 'lns' };
const handshake = (secret?: string, tieBreaker?: string) =>
  new Handshake(
    { ...SETTINGS, secret },
    42,
    () => CLIENT_CHALLENGE,
    tieBreaker === undefined ? undefined : octets(tieBreaker),
  );

describe('the words of the handshake', () => {
  it('are an introduction', () => {
    expect(handshake().request()).toEqual({
      kind: 'SCCRQ',
      protocolVersion: 0x0100,
      hostName: 'router',
      framingCapabilities: 3,
      assignedTunnelId: 42,
      receiveWindowSize: 8,
      vendorName: 'l2tpwan',
    });
    expect(handshake().reply(SCCRQ)).toEqual({ ...handshake().request(), kind: 'SCCRP' });
    expect(handshake().connected(SCCRP)).toEqual({ kind: 'SCCCN' });
  });

  it('say no vendor when there is none, and ask for the only tunnel when told to', () => {
    expect(new Handshake({ ...SETTINGS, vendorName: '' }, 42, () => CLIENT_CHALLENGE).request()).not.toHaveProperty(
      'vendorName',
    );
    expect(handshake(undefined, '0000000000000001').request().tieBreaker).toEqual(octets('0000000000000001'));
  });
});

describe('tunnel authentication (RFC 2661 §5.1.1)', () => {
  it('computes what xl2tpd computes', () => {
    expect(hex(chapMd5Response(2, utf8Of('tunn3l'), CLIENT_CHALLENGE))).toBe(hex(SCCRP_RESPONSE));
    expect(hex(chapMd5Response(3, utf8Of('tunn3l'), SERVER_CHALLENGE))).toBe(hex(SCCCN_RESPONSE));
  });

  it('challenges with the SCCRQ and accepts the right answer', () => {
    const ours = handshake('tunn3l');
    expect(ours.request().challenge).toEqual(CLIENT_CHALLENGE);
    expect(ours.judge({ ...SCCRP, challengeResponse: SCCRP_RESPONSE })).toBeUndefined();
  });

  it('answers the challenge of an SCCRP with the SCCCN, of an SCCRQ with the SCCRP', () => {
    const ours = handshake('tunn3l');
    expect(ours.connected({ ...SCCRP, challenge: SERVER_CHALLENGE }).challengeResponse).toEqual(SCCCN_RESPONSE);
    expect(ours.reply({ ...SCCRQ, challenge: CLIENT_CHALLENGE }).challengeResponse).toEqual(SCCRP_RESPONSE);
  });

  it('challenges with the SCCRP as a responder, and accepts the right SCCCN', () => {
    const ours = new Handshake({ ...SETTINGS, secret: 'tunn3l' }, 42, () => SERVER_CHALLENGE);
    expect(ours.reply(SCCRQ).challenge).toEqual(SERVER_CHALLENGE);
    expect(ours.judgeResponse({ kind: 'SCCCN', challengeResponse: SCCCN_RESPONSE })).toBeUndefined();
    expect(ours.judgeResponse({ kind: 'SCCCN', challengeResponse: SCCRP_RESPONSE })?.code).toBe('tunnel-secret-wrong');
    expect(ours.judgeResponse({ kind: 'SCCCN' })?.code).toBe('tunnel-secret-wrong');
  });

  it('does not take a wrong answer, a missing one, or the right one to the wrong question', () => {
    const ours = handshake('tunn3l');
    expect(ours.judge({ ...SCCRP, challengeResponse: SCCCN_RESPONSE })?.code).toBe('tunnel-secret-wrong');
    expect(ours.judge(SCCRP)?.code).toBe('tunnel-secret-wrong');
  });

  it('cannot answer a challenge without a secret', () => {
    expect(handshake().judge({ ...SCCRP, challenge: SERVER_CHALLENGE })?.code).toBe('tunnel-secret-needed');
    expect(handshake().judge({ ...SCCRQ, challenge: SERVER_CHALLENGE })?.code).toBe('tunnel-secret-needed');
  });

  it('never says the secret', () => {
    const said = JSON.stringify([handshake('tunn3l').judge(SCCRP), handshake('tunn3l').request()]);
    expect(said).not.toContain('tunn3l');
  });
});

describe('what cannot be accepted', () => {
  it('is another version: ours is 1, whatever its revision', () => {
    expect(handshake().judge({ ...SCCRP, protocolVersion: 0x0105 })).toBeUndefined();
    expect(handshake().judge({ ...SCCRP, protocolVersion: 0x0200 })?.code).toBe('version-unsupported');
    expect(handshake().judge({ ...SCCRP, protocolVersion: 0 })?.code).toBe('version-unsupported');
  });
  it('is the tunnel id 0', () => {
    expect(handshake().judge({ ...SCCRP, assignedTunnelId: 0 })?.code).toBe('malformed-message');
  });
});

// §4.4.3: "The lower value wins"; one that includes the AVP beats one that does not; equal values discard both.
describe('the tie breaker', () => {
  it.each([
    ['0000000000000001', '0000000000000002', 'win'],
    ['0100000000000000', '00ffffffffffffff', 'lose'],
    ['8000000000000000', '7fffffffffffffff', 'lose'],
    ['0000000000000005', '0000000000000005', 'equal'],
    ['ffffffffffffffff', undefined, 'win'],
    [undefined, 'ffffffffffffffff', 'lose'],
    [undefined, undefined, 'none'],
  ])('%s against %s: %s', (ours, theirs, result) => {
    const request = theirs === undefined ? SCCRQ : { ...SCCRQ, tieBreaker: octets(theirs) };
    expect(handshake(undefined, ours).compareTies(request)).toBe(result);
  });
});
