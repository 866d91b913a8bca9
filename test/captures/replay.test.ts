// Every captured dial again, with our client in place of the recorded one: the server says what it said then (replay.ts tells what
// has to be rewritten), and our client must come as far as the recorded one came, and understand why where that one came no further.
// What is expected is what tshark reads in the captures, and how the lab was set up when they were made.
import { describe, expect, it } from 'vitest';
import type { Stage } from '../../src/protocol/client-io.ts';
import type { FailureCode, PeerWords } from '../../src/protocol/failure.ts';
import { AUTH_METHODS, type AuthMethod } from '../../src/protocol/settings.ts';
import { hex } from '../../src/wire/bytes.ts';
import { readDatagram } from '../../src/wire/l2tp-header.ts';
import { readMessage } from '../../src/wire/message.ts';
import { type ClientChanges, clientSettings } from '../support/sim.ts';
import { type Dial, dialOf } from './dials.ts';
import { captureNames } from './pcap.ts';
import { recordingOf } from './recording.ts';
import { Replay } from './replay.ts';

/** How the recorded client was set up; by default it knew the right password and every method. */
interface Given {
  readonly auth?: readonly AuthMethod[];
  readonly password?: string;
  readonly secret?: string;
  readonly ipv6?: boolean;
}
/** How the dial, or the call, ended: our failure, and whose words it must quote. */
interface End {
  readonly code: FailureCode;
  readonly stage: Stage;
  readonly words?: PeerWords['message'];
}

const [MD5, V2, PAP] = [['chap-md5'], ['ms-chap-v2'], ['pap']] as const;
const BAD = { password: 'bad' };
const CALL_CLOSED: End = { code: 'call-closed', stage: 'up', words: 'CDN' };
const TUNNEL_CLOSED: End = { code: 'tunnel-closed', stage: 'up', words: 'StopCCN' };
const CRASHED: End = { code: 'echo-lost', stage: 'up' };
const rejected = (words: PeerWords['message']): End => ({ code: 'auth-rejected', stage: 'authentication', words });

// biome-ignore format: a table
const HUNG_UP_BY_US: Readonly<Record<string, Given>> = {
  'l2tpns-chap':               {},
  'l2tpns-hop':                {},
  'l2tpns-ipv6':               { ipv6: true },
  'l2tpns-pap':                {},
  'l2tpns-peersame':           {},
  'l2tpns-secret':             { secret: 'tunn3l' },
  'softether-hop':             { auth: PAP },
  'softether-ipv6':            { auth: PAP, ipv6: true },
  'softether-mschapv2':        { auth: V2 },
  'softether-noeap':           {},
  'softether-pap':             { auth: PAP },
  'xl2tpd-ccp-vj':             { auth: MD5 },
  'xl2tpd-chap':               { auth: MD5 },
  'xl2tpd-hop':                { auth: MD5 },
  'xl2tpd-ipv6':               { auth: MD5, ipv6: true },
  'xl2tpd-localsame':          { auth: MD5 },
  'xl2tpd-mschapv2':           { auth: V2 },
  'xl2tpd-pap':                { auth: PAP },
  'xl2tpd-pty-both-localsame': { auth: V2 },
  'xl2tpd-pty-chap':           { auth: MD5 },
  'xl2tpd-secret':             { auth: MD5, secret: 'tunn3l' },
  'xl2tpd-secret-clientonly':  { auth: MD5, secret: 'tunn3l' },
  'xl2tpd-secret-hidden':      { auth: MD5, secret: 'tunn3l' },
};

// biome-ignore format: a table
const ENDED_BY_THE_SERVER: Readonly<Record<string, readonly [Given, End]>> = {
  'l2tpns-lns-drop':      [{},            CALL_CLOSED],
  'l2tpns-lns-quit':      [{},            TUNNEL_CLOSED],
  'l2tpns-lns-crash':     [{},            CRASHED],
  'softether-lns-drop':   [{ auth: PAP }, CALL_CLOSED],
  'softether-lns-crash':  [{ auth: PAP }, CRASHED],
  'xl2tpd-lns-pppd-term': [{ auth: MD5 }, { code: 'ppp-terminated', stage: 'up', words: 'LCP Terminate-Request' }],
  'xl2tpd-lns-stop':      [{ auth: MD5 }, TUNNEL_CLOSED],
  'xl2tpd-lns-crash':     [{ auth: MD5 }, CRASHED],
};

// biome-ignore format: a table
const NEVER_UP: Readonly<Record<string, readonly [Given, End]>> = {
  'l2tpns-mschapv2':              [{ auth: V2 },                { code: 'auth-method-refused', stage: 'link', words: 'CDN' }],
  'l2tpns-wrongpass-chap':        [BAD,                         rejected('CDN')],
  'l2tpns-wrongpass-pap':         [BAD,                         rejected('CDN')],
  'l2tpns-wrongsecret':           [{ secret: 'bad' },           { code: 'tunnel-secret-wrong', stage: 'tunnel' }],
  'softether-chapmd5':            [{ auth: MD5 },               { code: 'auth-method-refused', stage: 'link', words: 'LCP Terminate-Request' }],
  'softether-secret':             [{ secret: 'tunn3l' },        { code: 'tunnel-secret-wrong', stage: 'tunnel' }],
  'softether-wrongpass-mschapv2': [{ auth: V2, ...BAD },        rejected('CHAP Failure')],
  'softether-wrongpass-pap':      [{ auth: PAP, ...BAD },       rejected('LCP Terminate-Request')],
  'xl2tpd-authmismatch':          [{ auth: PAP },               { code: 'auth-method-refused', stage: 'network', words: 'LCP Terminate-Request' }],
  'xl2tpd-mppe-refused':          [{ auth: V2 },                { code: 'encryption-required', stage: 'network', words: 'LCP Terminate-Request' }],
  'xl2tpd-nosecret-client':       [{ auth: MD5 },               { code: 'tunnel-secret-needed', stage: 'tunnel' }],
  'xl2tpd-wrongpass-chap':        [{ auth: MD5, ...BAD },       rejected('CHAP Failure')],
  'xl2tpd-wrongpass-mschapv2':    [{ auth: V2, ...BAD },        rejected('CHAP Failure')],
  'xl2tpd-wrongpass-pap':         [{ auth: PAP, ...BAD },       rejected('PAP Nak')],
  'xl2tpd-wrongsecret':           [{ auth: MD5, secret: 'bad' }, { code: 'tunnel-secret-wrong', stage: 'tunnel' }],
};

/**
 * Where our client must not say what the recorded one said, so that there is no telling what the server would have said next: that
 * one agreed to EAP or to MPPE. The last thing we say before is the Nak or the Protocol-Reject, as octets of the PPP frame.
 */
// biome-ignore format: a table
const PARTED: Readonly<Record<string, readonly [Given, waitingFor: string, instead: RegExp]>> = {
  'softether-eap': [{},            'c021 code 2 to 0', /^ff03c021030000090305c22305$/],
  'xl2tpd-any':    [{},            'c021 code 2 to 1', /^ff03c021030100090305c22305$/],
  'xl2tpd-mppe':   [{ auth: V2 },  '80fd code 1',      /^ff03c02108..001080fd0101000a120601000040$/],
};

/** The server answered from another address than was called; the recorded client never found the way back to it. */
const ANSWERED_FROM_ELSEWHERE = 'softether-asym';
/** The first frame that shows that nothing of what the server said in PPP had come. */
const WENT_ASTRAY = 24;

const UPLINK_MTU = 1500;
const HEADERS = 38; // IPv4, UDP, L2TP, PPP, as in all of these calls
const CLIENT_MTU = 1410; // the recorded client's
const OUR_PATIENCE_MS = 2500; // after that we are gone, whatever the server says

function replayOf(
  name: string,
  { auth = AUTH_METHODS, password = 's3cret', secret, ipv6 = false }: Given,
  changes: ClientChanges = {},
): Replay {
  return new Replay(
    recordingOf(name),
    clientSettings({
      servers: [{ host: dialOf(name).called, port: 1701 }],
      sourcePort: 1701,
      mtu: UPLINK_MTU,
      tunnel: { secret },
      link: { username: 'alice', password, auth, mru: CLIENT_MTU, ipv6 },
      ...changes,
    }),
  );
}

/** Dials, and holds what came of it against what came of it then. */
function dialAgain(name: string, given: Given): Replay {
  const dial = dialOf(name);
  const replay = replayOf(name, given);
  replay.dial();
  expect(replay.stuck).toBeUndefined();
  expect(replay.host.failures).toEqual([]);
  const { host, world } = replay;
  const snapshot = host.client.snapshot(world.now);
  expect(snapshot).toMatchObject({
    stage: 'up',
    tunnel: { localId: dial.tunnel[0], peerId: dial.tunnel[1], peerHostName: dial.hostName },
    session: { localId: dial.session?.[0], peerId: dial.session?.[1] },
    authentication: { method: methodIn(dial), message: (dial.welcome ?? '').replace(/^S=[0-9A-F]{40}( M=)?/, '') },
    link: {
      localAddress: dial.address,
      peerAddress: dial.peerAddress,
      dns: dial.dns,
      server: { address: dial.answeredFrom },
    },
    mtu: Math.min(UPLINK_MTU - HEADERS, dial.mru ?? 1500),
  });
  // Drawn like the recorded client's, but for the last bit; or given by the server.
  const withoutLastBit = (id: string | undefined) =>
    id?.replace(/.$/, (digit) => (Number.parseInt(digit, 16) >> 1).toString());
  const { ipv6InterfaceId } = snapshot;
  expect(withoutLastBit(ipv6InterfaceId && hex(ipv6InterfaceId))).toBe(withoutLastBit(dial.interfaceId));
  expect(challengeResponseOf(replay)).toBe(dial.challengeResponse);
  return replay;
}

const methodIn = ({ authentication: [protocol, algorithm] = ['', null] }: Dial) =>
  protocol === '0xc023'
    ? 'pap'
    : ({ 5: 'chap-md5', 128: 'ms-chap', 129: 'ms-chap-v2' } as Record<string, string>)[algorithm ?? ''];

function challengeResponseOf({ sent }: Replay): string | undefined {
  for (const { bytes } of sent) {
    const datagram = readDatagram(bytes);
    const read = datagram.kind === 'control' && datagram.body.length > 0 ? readMessage(datagram.body) : undefined;
    if (read?.kind === 'message' && read.message.kind === 'SCCCN')
      return read.message.challengeResponse && hex(read.message.challengeResponse);
  }
  throw new Error('we sent no SCCCN');
}

function expectPackets(name: string, { host }: Replay): void {
  const versions = host.received.map((packet) => (packet[0] as number) >> 4);
  const count = (version: number) => versions.filter((each) => each === version).length;
  expect({ ipv4: count(4), ipv6: count(6) }).toEqual(dialOf(name).packets);
}

function expectEnd(name: string, { code, stage, words }: End, { host, world }: Replay): void {
  const { lastFailure } = host.client.snapshot(world.now);
  expect(lastFailure).toMatchObject({ stage, failure: { code } });
  const { text, ...codes } = dialOf(name).lastWords[words ?? ''] ?? {};
  const said = words && {
    message: words,
    ...codes,
    ...errorIn(words, text),
    ...(text !== '' && text !== undefined && { text }),
  };
  expect(lastFailure?.failure.peer).toEqual(said);
}

/** MS-CHAP has its error code in the text (RFC 2759 §6). */
function errorIn(words: string, text: string | undefined): { error?: number } {
  const [, error] = /^E=(\d+)/.exec(words === 'CHAP Failure' ? (text ?? '') : '') ?? [];
  return error === undefined ? {} : { error: Number(error) };
}

describe('dials that were hung up by the client', () => {
  it.each(Object.entries(HUNG_UP_BY_US))('%s comes up, carries what was carried, and ends in peace', (name, given) => {
    const replay = dialAgain(name, given);
    expectPackets(name, replay);
    const { host, world } = replay;
    const hungUpAt = world.now;
    host.input({ type: 'disconnect', why: 'the recorded client hung up here' });
    replay.finish();
    expect(replay.stuck).toBeUndefined();
    expect(host.failures).toEqual([]);
    expect(host.stages.at(-1)?.stage).toBe('idle');
    expect(host.stages.at(-1)?.at).toBeLessThan(hungUpAt + OUR_PATIENCE_MS); // everything was acknowledged
    world.run(60_000);
    expect(host.openSockets).toBe(0);
  });
});

describe('dials that were ended by the server', () => {
  it.each(Object.entries(ENDED_BY_THE_SERVER))('%s comes up, and we know why it ended', (name, [given, end]) => {
    const replay = dialAgain(name, given);
    expectPackets(name, replay);
    if (end === CRASHED) replay.world.until(() => replay.host.failures.length > 0, 60_000);
    else replay.finish();
    expect(replay.stuck).toBeUndefined();
    expectEnd(name, end, replay);
  });
});

describe('dials that came to nothing', () => {
  it.each(Object.entries(NEVER_UP))('%s, and we know why', (name, [given, end]) => {
    const replay = replayOf(name, given);
    replay.dial();
    replay.finish();
    expect(replay.stuck).toBeUndefined();
    expect(replay.host.stages.map(({ stage }) => stage)).not.toContain('up');
    expectEnd(name, end, replay);
  });

  it.each(Object.entries(PARTED))('%s goes on without us', (name, [given, waitingFor, instead]) => {
    const replay = replayOf(name, given);
    replay.dial();
    expect(replay.stuck).toMatchObject({ waitingFor });
    const frames = replay.sent.map(({ bytes }) => readDatagram(bytes)).filter((datagram) => datagram.kind === 'data');
    expect(frames.map(({ payload }) => hex(payload)).filter((frame) => instead.test(frame))).toHaveLength(1);
  });
});

describe(ANSWERED_FROM_ELSEWHERE, () => {
  const { called, answeredFrom } = dialOf(ANSWERED_FROM_ELSEWHERE);

  it('is not taken for an answer when nobody has listed that address', () => {
    const replay = replayOf(ANSWERED_FROM_ELSEWHERE, { auth: PAP });
    replay.dial();
    replay.world.until(() => replay.host.failures.length > 0, 60_000);
    expectEnd(ANSWERED_FROM_ELSEWHERE, { code: 'no-answer', stage: 'tunnel' }, replay);
    const { lastFailure } = replay.host.client.snapshot(replay.world.now);
    expect(lastFailure?.failure.detail).toContain(answeredFrom);
  });

  it.each([
    ['any address will do', { acceptReplyFrom: 'any' }],
    ['it is one of the servers', { servers: [called, answeredFrom].map((host) => ({ host, port: 1701 })) }],
  ] as const)('is followed when %s', (_, changes) => {
    const replay = replayOf(ANSWERED_FROM_ELSEWHERE, { auth: PAP }, changes);
    replay.dial(WENT_ASTRAY);
    expect(replay.stuck).toBeUndefined();
    expect(replay.host.stage).toBe('link');
    expect(replay.host.pinned).toBe(answeredFrom);
    expect(new Set(replay.sent.slice(1).map(({ to }) => to.address))).toEqual(new Set([answeredFrom]));
  });
});

it('no capture is left out', () => {
  const replayed = [HUNG_UP_BY_US, ENDED_BY_THE_SERVER, NEVER_UP, PARTED].flatMap((group) => Object.keys(group));
  expect([...replayed, ANSWERED_FROM_ELSEWHERE].sort()).toEqual(captureNames());
});
