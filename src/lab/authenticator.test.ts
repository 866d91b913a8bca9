import { describe, expect, it } from 'vitest';
import { octets } from '../../test/codec-vectors.ts';
import { random } from '../../test/random.ts';
import type { Machine } from '../protocol/machine.ts';
import { type AuthEffect, type AuthInput, authentication } from '../protocol/ppp/authentication.ts';
import { AUTH_METHODS, type AuthMethod } from '../protocol/settings.ts';
import { readChap, writeChap } from '../wire/chap-message.ts';
import { PROTOCOL } from '../wire/ppp-frame.ts';
import { utf8Of } from '../wire/text.ts';
import { authenticator } from './authenticator.ts';

type End = Machine<AuthInput, AuthEffect>;

const settings = (method: AuthMethod) => ({
  method,
  name: 'lns',
  passwordOf: (username: string) =>
    new Map([
      ['alice', 's3cret'],
      ['BIGCO\\jöhn', 'pä#"ß 😀'],
    ]).get(username),
});

/** Both ends over a wire that loses packets with some probability, until nothing moves or a virtual minute is over. */
function talk(ends: Record<'peer' | 'server', End>, loses: () => boolean = () => false) {
  const said: Record<'peer' | 'server', AuthEffect[]> = { peer: [], server: [] };
  let now = 0;
  const feed = (name: 'peer' | 'server', input: AuthInput): void => {
    for (const effect of ends[name].handle(input, now)) {
      if (effect.type !== 'packet') said[name].push(effect);
      else if (!loses()) feed(name === 'peer' ? 'server' : 'peer', effect);
    }
  };
  feed('server', { type: 'start' });
  feed('peer', { type: 'start' });
  for (;;) {
    const next = Math.min(ends.peer.deadline ?? Infinity, ends.server.deadline ?? Infinity);
    if (next > 60_000) break;
    now = next;
    if ((ends.server.deadline ?? Infinity) <= now) feed('server', { type: 'tick' });
    if ((ends.peer.deadline ?? Infinity) <= now) feed('peer', { type: 'tick' });
  }
  return said;
}

const pair = (method: AuthMethod, username: string, password: string, seed = 1) => ({
  peer: authentication(method, { username, password }, random(seed).octets),
  server: authenticator(settings(method), random(seed + 1).octets),
});
const ended = (effects: AuthEffect[]) => effects.filter(({ type }) => type === 'succeeded' || type === 'failed');

describe.each(AUTH_METHODS)('%s between our two ends', (method) => {
  it.each([
    ['alice', 's3cret'],
    ['BIGCO\\jöhn', 'pä#"ß 😀'],
  ])('lets %s in', (username, password) => {
    // CHAP's server challenges before the peer has started here: the repeated challenge must do.
    const said = talk(pair(method, username, password));
    expect(ended(said.server)).toEqual([{ type: 'succeeded', message: username }]);
    const message = method === 'pap' ? 'Login ok' : 'Access granted';
    expect(ended(said.peer)).toEqual([{ type: 'succeeded', message }]);
  });

  it.each([
    ['alice', 'S3cret'],
    ['bob', 's3cret'],
    ['', ''],
  ])('does not let %s in with %j', (username, password) => {
    const said = talk(pair(method, username, password));
    expect(ended(said.server)).toMatchObject([{ type: 'failed', failure: { code: 'auth-rejected' } }]);
    expect(ended(said.peer)).toMatchObject([{ type: 'failed', failure: { code: 'auth-rejected' } }]);
    const text = method === 'pap' ? 'Login incorrect' : 'Access denied';
    expect(JSON.stringify(said.peer)).toContain(text);
  });

  it('comes through where three packets of ten are lost, or says that nobody answered', () => {
    let silent = 0;
    for (let seed = 0; seed < 300; seed++) {
      const wire = random(seed + 1000);
      const said = talk(pair(method, 'alice', 's3cret', seed), () => wire.next() < 0.3);
      const [outcome] = ended(said.peer);
      if (outcome?.type === 'failed') expect(outcome.failure.code, `seed ${seed}`).toBe('auth-silent');
      if (outcome?.type !== 'succeeded') silent++;
      else expect(ended(said.server), `seed ${seed}`).toEqual([{ type: 'succeeded', message: 'alice' }]);
    }
    expect(silent).toBeLessThan(30);
  });
});

describe('a CHAP authenticator', () => {
  const started = (method: AuthMethod = 'chap-md5') => {
    const machine = authenticator(settings(method), random(9).octets);
    const [effect] = machine.handle({ type: 'start' }, 0);
    const challenge = readChap((effect as Extract<AuthEffect, { type: 'packet' }>).bytes);
    return { machine, challenge };
  };
  const hear = (machine: End, bytes: Uint8Array) =>
    machine.handle({ type: 'packet', protocol: PROTOCOL.chap, bytes }, 0);

  it('believes the logins that real servers believed', () => {
    // l2tpns-chap and xl2tpd-mschapv2: identifier and challenge are what its entropy gives
    const rows: [AuthMethod, number, string, string, string][] = [
      ['chap-md5', 1, '8965a7a2edce7733befc620d7863f744', 'febd84fee6e04f243a60d6eec6dc4412', 'Access granted'],
      [
        'ms-chap-v2',
        158,
        '18b8c643e27de6907345406905b28805',
        'f20557478d22b112ca4931ac9c05e79100000000000000007a98850074da60f94d6e227cd70ffebeb7ff3c395efa433e00',
        'S=E9E6D8152318440EB81E220F8526FB09ED0EE267 M=Access granted',
      ],
    ];
    for (const [method, id, challenge, value, text] of rows) {
      const machine = authenticator(settings(method), (count) => (count === 1 ? Uint8Array.of(id) : octets(challenge)));
      machine.handle({ type: 'start' }, 0);
      const response = writeChap({ kind: 'response', id, value: octets(value), name: utf8Of('alice') });
      expect(hear(machine, response)).toEqual([
        { type: 'packet', protocol: PROTOCOL.chap, bytes: writeChap({ kind: 'success', id, message: utf8Of(text) }) },
        { type: 'succeeded', message: 'alice' },
      ]);
    }
  });

  it('gives a repeated response the same verdict, whatever is in it now', () => {
    const { machine, challenge } = started();
    const wrong = writeChap({ kind: 'response', id: challenge.id, value: octets('00'), name: utf8Of('alice') });
    const [verdict] = hear(machine, wrong);
    expect(hear(machine, wrong)).toEqual([verdict]);
  });

  it.each<[AuthMethod, string]>([
    ['chap-md5', 'Access denied'],
    ['ms-chap', 'E=691 R=0 C='],
    ['ms-chap-v2', 'E=691 R=0 C='],
  ])('of %s refuses a value of the wrong length', (method, text) => {
    const { machine, challenge } = started(method);
    const response = writeChap({ kind: 'response', id: challenge.id, value: octets('0102'), name: utf8Of('alice') });
    const effects = hear(machine, response);
    expect(effects).toMatchObject([{ type: 'packet' }, { type: 'failed' }]);
    expect(Buffer.from((effects[0] as { bytes: Uint8Array }).bytes).toString()).toContain(text);
  });

  it('challenges with another identifier and value each time it starts', () => {
    const { machine, challenge } = started();
    const [again] = machine.handle({ type: 'start' }, 5);
    const second = readChap((again as { bytes: Uint8Array }).bytes);
    expect(second.id).toBe((challenge.id + 1) & 0xff);
    expect(second).not.toMatchObject({ value: (challenge as { value: Uint8Array }).value });
    const late = writeChap({ kind: 'response', id: challenge.id, value: octets('00'), name: utf8Of('alice') });
    expect(hear(machine, late)).toEqual([{ type: 'dropped', why: 'a CHAP response to no challenge of ours' }]);
  });

  it('challenges ten times, 3 s apart', () => {
    const { machine } = started();
    const at: number[] = [];
    while (machine.deadline !== undefined) {
      at.push(machine.deadline);
      const [effect] = machine.handle({ type: 'tick' }, machine.deadline);
      if (effect?.type === 'failed') expect(effect.failure.code).toBe('auth-silent');
    }
    expect(at).toEqual(Array.from({ length: 10 }, (_, i) => 3000 * (i + 1)));
  });
});
