import { describe, expect, it } from 'vitest';
import { type AuthEffect, type AuthInput, authentication } from '../../src/protocol/ppp/authentication.ts';
import type { AuthMethod } from '../../src/protocol/settings.ts';
import { readChap } from '../../src/wire/chap-message.ts';
import { readDatagram } from '../../src/wire/l2tp-header.ts';
import { readMsChapV2Value } from '../../src/wire/ms-chap-field.ts';
import { readPap } from '../../src/wire/pap-message.ts';
import { PROTOCOL, readFrame } from '../../src/wire/ppp-frame.ts';
import { captureNames, l2tpOf } from './pcap.ts';

type Packet = Extract<AuthInput, { type: 'packet' }> & { fromServer: boolean };

/** The PAP and CHAP packets of a capture, in order. */
const packetsOf = (name: string): Packet[] =>
  l2tpOf(name).flatMap(({ from, payload }) => {
    const datagram = readDatagram(payload);
    if (datagram.kind !== 'data') return [];
    const { protocol, payload: bytes } = readFrame(datagram.payload);
    if (protocol !== PROTOCOL.pap && protocol !== PROTOCOL.chap) return [];
    return [{ type: 'packet', protocol, bytes, fromServer: from.address !== CLIENT }];
  });

const CLIENT = '10.0.2.2';
const LOGINS = captureNames()
  .map((name) => ({ name, packets: packetsOf(name) }))
  .filter(({ packets }) => packets.some(({ fromServer }) => !fromServer));

/** The method and what the client's entropy must have been, from what it sent. */
function replayOf(sent: Packet): { method: AuthMethod; entropy: Uint8Array } {
  if (sent.protocol === PROTOCOL.pap) return { method: 'pap', entropy: Uint8Array.of(readPap(sent.bytes).id) };
  const response = readChap(sent.bytes);
  if (response.kind !== 'response') throw new Error(`the client sent a ${response.kind}`);
  if (response.value.length === 16) return { method: 'chap-md5', entropy: new Uint8Array() };
  return { method: 'ms-chap-v2', entropy: readMsChapV2Value(response.value).peerChallenge };
}

describe('every login in the captures', () => {
  it.each(LOGINS)('$name: we send what pppd sent, and understand what it was told', ({ name, packets }) => {
    const sent = packets.filter(({ fromServer }) => !fromServer);
    const { method, entropy } = replayOf(sent[0] as Packet);
    const wrong = name.includes('wrongpass');
    const credentials = { username: 'alice', password: wrong ? 'bad' : 's3cret' };
    const machine = authentication(method, credentials, () => entropy);

    const effects: AuthEffect[] = machine.handle({ type: 'start' }, 0);
    for (const packet of packets.filter(({ fromServer }) => fromServer)) effects.push(...machine.handle(packet, 0));

    const ours = effects.filter(({ type }) => type === 'packet').map((effect) => ({ ...effect, fromServer: false }));
    expect(ours).toEqual(sent);
    const outcome = effects.filter(({ type }) => type !== 'packet');
    // l2tpns and SoftEther's PAP hang up on a wrong password without a word
    const told = packets.some(({ fromServer }, i) => fromServer && i === packets.length - 1);
    expect(outcome).toMatchObject(!told ? [] : wrong ? [{ type: 'failed' }] : [{ type: 'succeeded' }]);
  });

  it('there were some of every kind', () => {
    const count = (method: AuthMethod) =>
      LOGINS.filter(
        ({ packets }) => replayOf(packets.find(({ fromServer }) => !fromServer) as Packet).method === method,
      ).length;
    // as tshark counts the captures with `pap.code == 1`, and with `chap.code == 2` by chap.value_size 16 and 49
    expect({ pap: count('pap'), md5: count('chap-md5'), v2: count('ms-chap-v2') }).toEqual({ pap: 10, md5: 22, v2: 8 });
  });
});
