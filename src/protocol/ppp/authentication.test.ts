import { describe, expect, it } from 'vitest';
import { octets } from '../../../test/codec-vectors.ts';
import { random } from '../../../test/random.ts';
import { hex } from '../../wire/bytes.ts';
import { type ChapMessage, readChap, writeChap } from '../../wire/chap-message.ts';
import { type PapMessage, readPap, writePap } from '../../wire/pap-message.ts';
import { PROTOCOL, readFrame } from '../../wire/ppp-frame.ts';
import { utf8Of } from '../../wire/text.ts';
import type { AuthMethod } from '../settings.ts';
import { type AuthEffect, authentication, type Credentials } from './authentication.ts';

const ALICE: Credentials = { username: 'alice', password: 's3cret' };

/** One login, seen from both ends of the wire: `tell` is what the server sends, the return value what we do about it. */
class Login {
  readonly #machine;
  readonly #protocol: number;
  now = 0;

  constructor(method: AuthMethod, credentials = ALICE, entropy = random(1).octets) {
    this.#machine = authentication(method, credentials, entropy);
    this.#protocol = method === 'pap' ? PROTOCOL.pap : PROTOCOL.chap;
  }
  get deadline() {
    return this.#machine.deadline;
  }
  start() {
    return this.#machine.handle({ type: 'start' }, this.now);
  }
  hear(bytes: Uint8Array, protocol = this.#protocol) {
    return this.#machine.handle({ type: 'packet', protocol, bytes }, this.now);
  }
  tellChap(message: ChapMessage) {
    return this.hear(writeChap(message));
  }
  tellPap(message: PapMessage) {
    return this.hear(writePap(message));
  }
  challenge(id: number, value: Uint8Array) {
    return this.tellChap({ kind: 'challenge', id, value, name: utf8Of('lns') });
  }
  verdict(kind: 'success' | 'failure', id: number, text = '') {
    return this.tellChap({ kind, id, message: utf8Of(text) });
  }
  /** Lets time pass, ringing every alarm on the way. */
  wait(ms: number): AuthEffect[] {
    const end = this.now + ms;
    const effects: AuthEffect[] = [];
    while (this.deadline !== undefined && this.deadline <= end) {
      this.now = this.deadline;
      effects.push(...this.#machine.handle({ type: 'tick' }, this.now));
    }
    this.now = end;
    return effects;
  }
}

const packetIn = (effects: AuthEffect[]): Uint8Array => {
  expect(effects).toHaveLength(1);
  const [effect] = effects;
  if (effect?.type !== 'packet') throw new Error(`no packet but ${JSON.stringify(effect)}`);
  return effect.bytes;
};
const chapIn = (effects: AuthEffect[]) => readChap(packetIn(effects)) as Extract<ChapMessage, { value: Uint8Array }>;
const papIn = (effects: AuthEffect[]) => readPap(packetIn(effects)) as Extract<PapMessage, { peerId: Uint8Array }>;
const failureIn = (effects: AuthEffect[]) => {
  expect(effects).toMatchObject([{ type: 'failed' }]);
  return (effects[0] as Extract<AuthEffect, { type: 'failed' }>).failure;
};
const dropped = (why: string): AuthEffect[] => [{ type: 'dropped', why: expect.stringContaining(why) as string }];

describe('captured logins', () => {
  // capture, what the server sent, what pppd as client answered, what the server said to that, what it means
  it.each<[string, AuthMethod, string, string, string, string]>([
    [
      'xl2tpd-pty-chap',
      'chap-md5',
      'ff03c223011a0024152b6fda5cfdd86c5d0e937f5e60c468bfc99f557d796c6e732d786c32747064',
      'ff03c223021a001a105289a40c8ed97dcd235c4ee099657f29616c696365',
      'ff03c223031a0012416363657373206772616e746564',
      'Access granted',
    ],
    [
      'xl2tpd-ccp-vj',
      'chap-md5',
      'ff03c22301ae002314191a95ce27ecd4daa4bae0c1b9e6f104f92aaca06c6e732d786c32747064',
      'ff03c22302ae001a10e8bca349ad8a33b88907375406f1d8a8616c696365',
      'ff03c22303ae0012416363657373206772616e746564',
      'Access granted',
    ],
    [
      'xl2tpd-ipv6',
      'chap-md5',
      'ff03c22301b70025166982fecf51f7ad5f24bb5cb67359dcfe49131814966b6c6e732d786c32747064',
      'ff03c22302b7001a1063c1d89af7467f1ae86c11c9c1c1d4cf616c696365',
      'ff03c22303b70012416363657373206772616e746564',
      'Access granted',
    ],
    [
      'l2tpns-chap',
      'chap-md5',
      'ff03c2230101001f108965a7a2edce7733befc620d7863f7446c6e732d6c3274706e73',
      'ff03c2230201001a10febd84fee6e04f243a60d6eec6dc4412616c696365',
      'ff03c22303010004',
      '',
    ],
  ])('%s', (_, method, challenge, response, success, message) => {
    const login = new Login(method);
    login.start();
    expect(packetIn(login.hear(readFrame(octets(challenge)).payload))).toEqual(readFrame(octets(response)).payload);
    expect(login.hear(readFrame(octets(success)).payload)).toEqual([{ type: 'succeeded', message }]);
  });

  it.each([
    [
      'softether-mschapv2',
      2,
      '7b301b9d5c57aec9f4381d7cce061079',
      '17238353e8c0609d17e5e526776637e2',
      'fd061aa5bcdd72c704eb368843558f072c86a81e6ac6f829',
      'S=F3B22B5831A97BFA73E42F958ABC8C8CD635F6B2',
      '',
    ],
    [
      'xl2tpd-mschapv2',
      158,
      '18b8c643e27de6907345406905b28805',
      'f20557478d22b112ca4931ac9c05e791',
      '7a98850074da60f94d6e227cd70ffebeb7ff3c395efa433e',
      'S=E9E6D8152318440EB81E220F8526FB09ED0EE267 M=Access granted',
      'Access granted',
    ],
  ])('%s', (_, id, challenge, peerChallenge, ntResponse, success, message) => {
    const login = new Login('ms-chap-v2', ALICE, () => octets(peerChallenge));
    login.start();
    const response = chapIn(login.challenge(id, octets(challenge)));
    expect(response).toEqual({
      kind: 'response',
      id,
      value: octets(`${peerChallenge} 0000000000000000 ${ntResponse} 00`),
      name: utf8Of('alice'),
    });
    expect(login.verdict('success', id, success)).toEqual([{ type: 'succeeded', message }]);
  });

  it('xl2tpd-pap, but for the identifier, which is ours to choose', () => {
    const login = new Login('pap', ALICE, () => Uint8Array.of(1));
    expect(packetIn(login.start())).toEqual(octets('0101001105616c69636506733363726574'));
    expect(login.hear(octets('0201000d084c6f67696e206f6b'))).toEqual([{ type: 'succeeded', message: 'Login ok' }]);
  });

  it('softether-pap, whose Ack has no message field', () => {
    const login = new Login('pap', ALICE, () => Uint8Array.of(1));
    login.start();
    expect(login.hear(octets('02010004'))).toEqual([{ type: 'succeeded', message: '' }]);
  });

  it('xl2tpd-wrongpass-pap', () => {
    const login = new Login('pap', { username: 'alice', password: 'bad' }, () => Uint8Array.of(1));
    expect(packetIn(login.start())).toEqual(octets('0101000e05616c69636503626164'));
    expect(failureIn(login.hear(octets('030100140f4c6f67696e20696e636f7272656374')))).toEqual({
      code: 'auth-rejected',
      detail: 'PAP Authenticate-Nak',
      peer: { message: 'PAP Nak', text: 'Login incorrect' },
    });
  });

  it('xl2tpd-wrongpass-chap', () => {
    const login = new Login('chap-md5', { username: 'alice', password: 'bad' });
    login.start();
    const response = chapIn(login.challenge(9, octets('3641a41064840b1689568c4234fe37872f')));
    expect(hex(response.value)).toBe('d89ba8fd014c6d092133c4fcc6d260f8');
    expect(failureIn(login.verdict('failure', 9, 'Access denied'))).toEqual({
      code: 'auth-rejected',
      detail: 'chap-md5: CHAP Failure',
      peer: { message: 'CHAP Failure', text: 'Access denied' },
    });
  });

  it('softether-wrongpass-mschapv2', () => {
    const login = new Login('ms-chap-v2', { username: 'alice', password: 'bad' }, () =>
      octets('f9be90fd3b985dab4f9bf99ba0aa74c3'),
    );
    login.start();
    const response = chapIn(login.challenge(2, octets('ef10d60df05b52e5292c0c597b89a975')));
    expect(hex(response.value.slice(24, 48))).toBe('7acf0a95591ee24e8219909b06ad0cb412e8a3d178e43a1e');
    const text = 'E=691 R=0 C=EF10D60DF05B52E5292C0C597B89A975 V=3';
    expect(failureIn(login.verdict('failure', 2, text))).toEqual({
      code: 'auth-rejected',
      detail: 'ms-chap-v2: error 691, the user name is unknown or the password wrong',
      peer: { message: 'CHAP Failure', error: 691, text },
    });
  });
});

describe('PAP', () => {
  it('asks every 3 s, with a new identifier each time, and gives up after 10 requests', () => {
    const login = new Login('pap', ALICE, () => Uint8Array.of(250));
    const first = login.start();
    const rest = login.wait(60_000);
    const ids = [...first, ...rest.slice(0, -1)].map((effect) => papIn([effect]).id);
    expect(ids).toEqual([250, 251, 252, 253, 254, 255, 0, 1, 2, 3]);
    expect(failureIn(rest.slice(-1))).toEqual({ code: 'auth-silent', detail: '10 PAP requests in 30 s had no answer' });
    expect(login.deadline).toBeUndefined();
  });

  it('asks again after exactly 3 s', () => {
    const login = new Login('pap');
    login.start();
    expect(login.wait(2999)).toEqual([]);
    expect(login.wait(1)).toHaveLength(1);
  });

  it('takes the answer to an earlier request, but none to a request it never made', () => {
    const login = new Login('pap', ALICE, () => Uint8Array.of(7));
    login.start();
    login.wait(3000);
    const ack = (id: number) => login.tellPap({ kind: 'authenticate-ack', id, message: utf8Of('') });
    expect(ack(6)).toEqual(dropped('no request of ours'));
    expect(ack(9)).toEqual(dropped('no request of ours'));
    expect(ack(7)).toEqual([{ type: 'succeeded', message: '' }]);
    expect(ack(8)).toEqual(dropped('accepted'));
    expect(login.deadline).toBeUndefined();
  });

  it('sends name and password as they are, in UTF-8', () => {
    const login = new Login('pap', { username: 'SX/x@ZJUA.XY', password: '"pä#ss wörd\\ 😀' });
    const request = papIn(login.start());
    expect(Buffer.from(request.peerId).toString()).toBe('SX/x@ZJUA.XY');
    expect(Buffer.from(request.password).toString()).toBe('"pä#ss wörd\\ 😀');
  });

  it('carries 255 octets of password, and says so when there are more', () => {
    expect(papIn(new Login('pap', { username: 'alice', password: 'x'.repeat(255) }).start()).password).toHaveLength(
      255,
    );
    for (const credentials of [
      { username: 'alice', password: 'ü'.repeat(128) },
      { username: 'a'.repeat(256), password: '' },
    ]) {
      const login = new Login('pap', credentials);
      expect(failureIn(login.start())).toEqual({
        code: 'auth-method-refused',
        detail: 'PAP carries at most 255 octets of user name and of password',
      });
      expect(login.deadline).toBeUndefined();
    }
  });

  it('does not let itself be asked for a verdict', () => {
    const login = new Login('pap');
    login.start();
    const request = { kind: 'authenticate-request', id: 1, peerId: utf8Of('eve'), password: utf8Of('') } as const;
    expect(login.tellPap(request)).toEqual(dropped('never asked'));
  });
});

describe.each<[AuthMethod, number]>([
  ['chap-md5', 16],
  ['ms-chap', 8],
  ['ms-chap-v2', 16],
])('%s', (method, size) => {
  const challenge = (fill: number) => new Uint8Array(size).fill(fill);
  const welcome = method === 'ms-chap-v2' ? undefined : 'welcome';
  const silent = (login: Login) => {
    login.start();
    return login;
  };

  it('answers a repeated challenge with the same response', () => {
    const login = silent(new Login(method));
    const response = packetIn(login.challenge(5, challenge(1)));
    expect(packetIn(login.challenge(5, challenge(1)))).toEqual(response);
  });

  it('answers another challenge anew, under the same identifier too', () => {
    const login = silent(new Login(method));
    const first = chapIn(login.challenge(5, challenge(1)));
    const second = chapIn(login.challenge(5, challenge(2)));
    const third = chapIn(login.challenge(6, challenge(3)));
    expect([first.id, second.id, third.id]).toEqual([5, 5, 6]);
    expect(new Set([first, second, third].map(({ value }) => hex(value))).size).toBe(3);
  });

  it('sends the whole name', () => {
    const login = silent(new Login(method, { username: 'BIGCO\\jöhn "x" #1', password: 'pw' }));
    expect(Buffer.from(chapIn(login.challenge(5, challenge(1))).name).toString()).toBe('BIGCO\\jöhn "x" #1');
  });

  it('gives up when no challenge comes in 30 s', () => {
    const login = silent(new Login(method));
    expect(login.wait(29_999)).toEqual([]);
    expect(failureIn(login.wait(1))).toEqual({ code: 'auth-silent', detail: `${method}: no challenge in 30 s` });
    expect(login.deadline).toBeUndefined();
    expect(login.challenge(5, challenge(1))).toEqual(dropped('failed'));
  });

  it('repeats its response every 5 s and gives up when no verdict comes in 30 s', () => {
    const login = silent(new Login(method));
    login.wait(10_000);
    const response = packetIn(login.challenge(5, challenge(1)));
    const effects = login.wait(30_000);
    expect(effects.slice(0, -1)).toEqual(
      new Array(5).fill({ type: 'packet', protocol: PROTOCOL.chap, bytes: response }),
    );
    expect(failureIn(effects.slice(-1))).toEqual({
      code: 'auth-silent',
      detail: `${method}: no verdict on our response in 30 s`,
    });
  });

  it('cannot be kept waiting by repeated challenges', () => {
    const login = silent(new Login(method));
    const effects: AuthEffect[] = [];
    for (let second = 0; second < 40; second++) {
      effects.push(...login.challenge(second, challenge(second)), ...login.wait(1000));
    }
    expect(effects.filter(({ type }) => type === 'failed')).toHaveLength(1);
  });

  it('ends in a failure that shows what the server says', () => {
    const login = silent(new Login(method));
    login.challenge(5, challenge(1));
    expect(failureIn(login.verdict('failure', 5, 'account\u001b[31m locked\n'))).toMatchObject({
      code: 'auth-rejected',
      peer: { message: 'CHAP Failure', text: 'account [31m locked' },
    });
    expect(login.deadline).toBeUndefined();
    expect(login.verdict('success', 5, welcome)).toEqual(dropped('failed'));
  });

  it('drops verdicts on what it never said', () => {
    const login = silent(new Login(method));
    expect(login.verdict('success', 5, welcome)).toEqual(dropped('no response of ours'));
    login.challenge(5, challenge(1));
    expect(login.verdict('success', 6, welcome)).toEqual(dropped('no response of ours'));
    expect(login.verdict('failure', 6)).toEqual(dropped('no response of ours'));
  });

  it('does not challenge, so it takes no response', () => {
    const login = silent(new Login(method));
    const response = { kind: 'response', id: 5, value: challenge(1), name: utf8Of('eve') } as const;
    expect(login.tellChap(response)).toEqual(dropped('never asked'));
  });

  it('drops what comes before LCP is open, what belongs to another protocol and what cannot be read', () => {
    const login = new Login(method);
    expect(login.challenge(5, challenge(1))).toEqual(dropped('initial'));
    login.start();
    expect(login.hear(octets('02010004'), PROTOCOL.pap)).toEqual(dropped('not agreed'));
    expect(login.hear(octets('0105'))).toEqual(dropped('RFC 1661'));
    expect(login.hear(octets('01050005 00'))).toEqual(dropped('RFC 1994'));
    expect(login.hear(octets('07050004'))).toEqual(dropped('no code 7'));
  });

  it('starts afresh when LCP opens again', () => {
    const login = silent(new Login(method));
    login.challenge(5, challenge(1));
    login.wait(29_000);
    login.start();
    expect(login.wait(29_999)).toEqual([]);
    expect(login.verdict('failure', 5)).toEqual(dropped('no response of ours'));
    expect(failureIn(login.wait(1)).detail).toContain('no challenge');
  });
});

describe('a challenge after success', () => {
  it('is answered, silently accepted, and never timed', () => {
    const login = new Login('chap-md5');
    login.start();
    login.challenge(1, octets('01'));
    expect(login.verdict('success', 1, 'hello')).toEqual([{ type: 'succeeded', message: 'hello' }]);
    expect(login.deadline).toBeUndefined();
    for (const id of [1, 2, 77]) {
      expect(chapIn(login.challenge(id, octets('0202'))).id).toBe(id);
      expect(login.deadline).toBeUndefined();
      expect(login.verdict('success', id, 'hello again')).toEqual([]);
    }
    expect(login.verdict('success', 77)).toEqual(dropped('no response of ours'));
  });

  // A copy of the challenge that was late: the server repeats its verdict on the first response, and proves nothing else.
  it('that is the old one again gets the old response, though it be MS-CHAPv2', () => {
    const peerChallenges = [octets('21402324255E262A28295F2B3A337C7E'), new Uint8Array(16)];
    const entropy = () => peerChallenges.shift() ?? new Uint8Array(16);
    const login = new Login('ms-chap-v2', { username: 'User', password: 'clientPass' }, entropy);
    login.start();
    const first = packetIn(login.challenge(1, octets('5B5D7C7D7B3F2F3E3C2C602132262628')));
    const proof = 'S=407A5589115FD0D6209F510FE9C04566932CDA56';
    expect(login.verdict('success', 1, proof)).toMatchObject([{ type: 'succeeded' }]);
    expect(packetIn(login.challenge(1, octets('5B5D7C7D7B3F2F3E3C2C602132262628')))).toEqual(first);
    expect(login.verdict('success', 1, proof)).toEqual(dropped('no response of ours'));
  });

  it('can still be failed', () => {
    const login = new Login('chap-md5');
    login.start();
    login.challenge(1, octets('01'));
    login.verdict('success', 1);
    login.challenge(2, octets('02'));
    expect(failureIn(login.verdict('failure', 2, 'expired')).code).toBe('auth-rejected');
  });

  it('under MS-CHAPv2 asks the server for its proof again', () => {
    const login = new Login('ms-chap-v2', ALICE, () => octets('f20557478d22b112ca4931ac9c05e791'));
    login.start();
    login.challenge(158, octets('18b8c643e27de6907345406905b28805'));
    login.verdict('success', 158, 'S=E9E6D8152318440EB81E220F8526FB09ED0EE267');
    login.challenge(159, octets('18b8c643e27de6907345406905b28805'));
    expect(failureIn(login.verdict('success', 159, 'M=fine')).code).toBe('peer-not-trusted');
  });
});

describe('MS-CHAP', () => {
  it('leaves the LAN Manager response empty (RFC 2433 §B.2, §6)', () => {
    const login = new Login('ms-chap', { username: 'User', password: 'MyPw' });
    login.start();
    const { value } = chapIn(login.challenge(1, octets('102DB5DF085D3041')));
    expect(value).toEqual(octets(`${'00'.repeat(24)} 4E9D3C8F9CFD385D5BF4D3246791956CA4C351AB409A3D61 01`));
  });

  // RFC 2759 §9.2, with and without a domain: only the account is hashed
  it.each(['User', 'DOMAIN\\User'])('version 2 hashes the account of %s', (username) => {
    const login = new Login('ms-chap-v2', { username, password: 'clientPass' }, () =>
      octets('21402324255E262A28295F2B3A337C7E'),
    );
    login.start();
    const { value, name } = chapIn(login.challenge(1, octets('5B5D7C7D7B3F2F3E3C2C602132262628')));
    expect(value.slice(24, 48)).toEqual(octets('82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF'));
    expect(Buffer.from(name).toString()).toBe(username);
    expect(login.verdict('success', 1, 'S=407A5589115FD0D6209F510FE9C04566932CDA56 M=hi')).toEqual([
      { type: 'succeeded', message: 'hi' },
    ]);
  });

  it.each(['S=407A5589115FD0D6209F510FE9C04566932CDA57', 'S=407A', 'M=Welcome', ''])(
    'version 2 does not trust a server that says %j',
    (text) => {
      const login = new Login('ms-chap-v2', { username: 'User', password: 'clientPass' }, () =>
        octets('21402324255E262A28295F2B3A337C7E'),
      );
      login.start();
      login.challenge(1, octets('5B5D7C7D7B3F2F3E3C2C602132262628'));
      expect(failureIn(login.verdict('success', 1, text))).toEqual({
        code: 'peer-not-trusted',
        detail: 'ms-chap-v2: the proof in its Success is missing or wrong',
      });
    },
  );

  it('trusts no proof that fits another login', () => {
    const login = new Login('ms-chap-v2', { username: 'User', password: 'clientPass' }, random(2).octets);
    login.start();
    login.challenge(1, octets('5B5D7C7D7B3F2F3E3C2C602132262628'));
    const text = 'S=407A5589115FD0D6209F510FE9C04566932CDA56';
    expect(failureIn(login.verdict('success', 1, text)).code).toBe('peer-not-trusted');
  });

  it.each([
    [646, 'hour'],
    [647, 'disabled'],
    [648, 'expired'],
    [649, 'permission'],
    [691, 'password wrong'],
    [709, 'could not be changed'],
    [712, 'unknown meaning'],
  ])('puts error %i into words', (error, words) => {
    const login = new Login('ms-chap');
    login.start();
    login.challenge(1, new Uint8Array(8));
    const text = `E=${error} R=1 C=0123456789ABCDEF V=2 M=see the help desk`;
    const failure = failureIn(login.verdict('failure', 1, text));
    expect(failure.detail).toContain(words);
    expect(failure.peer).toEqual({ message: 'CHAP Failure', error, text });
  });

  it.each<[AuthMethod, number]>([
    ['ms-chap', 16],
    ['ms-chap-v2', 8],
  ])('%s cannot answer a challenge of %i octets, and says so in the end', (method, size) => {
    const login = new Login(method);
    login.start();
    expect(login.challenge(1, new Uint8Array(size))).toEqual(dropped(`a challenge of ${size} octets`));
    expect(failureIn(login.wait(30_000)).detail).toContain(`no challenge in 30 s, only a challenge of ${size} octets`);
  });
});

describe('secrets', () => {
  it('are in no failure and no reason, not even when the server repeats them', () => {
    const { password } = ALICE;
    for (const method of ['pap', 'chap-md5', 'ms-chap', 'ms-chap-v2'] as const) {
      const login = new Login(method, ALICE, () => new Uint8Array(16));
      const said: AuthEffect[] = [];
      const collect = (effects: AuthEffect[]) => said.push(...effects.filter(({ type }) => type !== 'packet'));
      collect(login.start());
      collect(login.challenge(1, new Uint8Array(method === 'ms-chap' ? 8 : 16)));
      const text = `E=691 R=0 V=3 M=no user has the password ${password}`;
      if (method === 'pap') collect(login.tellPap({ kind: 'authenticate-nak', id: 0, message: utf8Of(text) }));
      else collect(login.verdict('failure', 1, text));
      collect(login.challenge(2, utf8Of(password)));
      expect(JSON.stringify(said)).toContain('auth-rejected');
      expect(JSON.stringify(said)).toContain('no user has the password ***');
      expect(JSON.stringify(said)).not.toContain(password);
    }
  });

  it('do not disturb the proof when they are a part of it', () => {
    const login = new Login('ms-chap-v2', { username: 'alice', password: '15B4' }, () => new Uint8Array(16));
    login.start();
    login.challenge(1, new Uint8Array(16));
    const proof = '23291456F3BFEEE5CB51DB7CE15B4A8362F12A5B';
    expect(proof).toContain('15B4');
    expect(login.verdict('success', 1, `S=${proof} M=15B4 is right`)).toEqual([
      { type: 'succeeded', message: '*** is right' },
    ]);
  });
});
