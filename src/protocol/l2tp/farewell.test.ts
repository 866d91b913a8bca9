import { describe, expect, it } from 'vitest';
import { PEER, SCCRQ, TunnelTalk } from '../../../test/support/tunnel-talk.ts';
import { readDatagram, writeControl } from '../../wire/l2tp-header.ts';
import { readMessage, writeMessage } from '../../wire/message.ts';
import { Farewell, type FarewellEffect, type FarewellRecord } from './farewell.ts';

const RECORD: FarewellRecord = {
  local: { address: '192.0.2.2', port: 40_000 },
  peer: PEER,
  uplink: 'eth0',
  localTunnelId: 42,
  peerTunnelId: 77,
  localSessionId: 500,
  peerSessionId: 900,
  ns: 4,
  nr: 2,
};

class Parting {
  readonly farewell: Farewell;
  now = 0;
  constructor(record: FarewellRecord = RECORD) {
    this.farewell = new Farewell(record);
  }
  open(): string[] {
    return this.farewell.handle({ type: 'open' }, this.now).map(inWords);
  }
  /** An acknowledgement of the peer, or a message. */
  hear(ns: number, nr: number, body: Uint8Array = new Uint8Array(), tunnelId = 42, from = PEER): string[] {
    const bytes = writeControl({ tunnelId, sessionId: 0, ns, nr }, body);
    return this.farewell.handle({ type: 'datagram', from, bytes }, this.now).map(inWords);
  }
  wait(ms: number): string[] {
    const end = this.now + ms;
    const lines: string[] = [];
    for (let at = this.farewell.deadline; at !== undefined && at <= end; at = this.farewell.deadline) {
      this.now = at;
      lines.push(...this.farewell.handle({ type: 'tick' }, at).map((effect) => `${at} ${inWords(effect)}`));
    }
    this.now = end;
    return lines;
  }
}

function inWords(effect: FarewellEffect): string {
  if (effect.type === 'dropped') return `dropped: ${effect.why}`;
  if (effect.type === 'done') return effect.acknowledged ? 'done' : 'given up';
  const datagram = readDatagram(effect.bytes);
  if (datagram.kind === 'data') throw new Error('a farewell sends no data messages');
  const { tunnelId, ns, nr } = datagram.header;
  const read = datagram.body.length === 0 ? undefined : readMessage(datagram.body);
  return `-> ${read?.kind === 'message' ? read.message.kind : 'ZLB'} ${ns}/${nr} to ${tunnelId}`;
}

describe('the farewell of a tunnel that nobody remembers', () => {
  it('is a StopCCN from the recorded numbers, naming our old id', () => {
    const [effect] = new Farewell(RECORD).handle({ type: 'open' }, 0);
    if (effect?.type !== 'send') throw new Error('nothing was sent');
    expect(effect.to).toEqual(PEER);
    const datagram = readDatagram(effect.bytes);
    expect(datagram).toMatchObject({ kind: 'control', header: { tunnelId: 77, sessionId: 0, ns: 4, nr: 2 } });
    const read = readMessage(datagram.kind === 'control' ? datagram.body : new Uint8Array());
    expect(read).toMatchObject({ message: { kind: 'StopCCN', assignedTunnelId: 42, resultCode: { result: 6 } } });
  });

  it('is repeated every half second, four times in all', () => {
    const parting = new Parting();
    expect(parting.open()).toEqual(['-> StopCCN 4/2 to 77']);
    expect(parting.wait(10_000)).toEqual([
      '500 -> StopCCN 4/2 to 77',
      '1000 -> StopCCN 4/2 to 77',
      '1500 -> StopCCN 4/2 to 77',
      '2000 given up',
    ]);
    expect(parting.farewell.deadline).toBeUndefined();
  });

  it('is acknowledged, and makes sure: the next number may be what the peer always expected', () => {
    const parting = new Parting();
    parting.open();
    expect(parting.hear(2, 5)).toEqual(['-> StopCCN 5/2 to 77']);
    expect(parting.hear(2, 6)).toEqual(['done']);
  });

  it('need not be acknowledged twice', () => {
    const parting = new Parting();
    parting.open();
    parting.hear(2, 5);
    expect(parting.wait(5000)).toEqual(['500 done']);
  });

  it('is sent again with the number that the peer expects, when the record is old', () => {
    const parting = new Parting();
    parting.open();
    expect(parting.hear(9, 11)).toEqual(['-> StopCCN 11/9 to 77']);
    expect(parting.hear(9, 12)).toEqual(['done']);
  });

  it('goes back, too, when the last message never arrived', () => {
    const parting = new Parting();
    parting.open();
    expect(parting.hear(2, 3)).toEqual(['-> StopCCN 3/2 to 77']);
    expect(parting.wait(500)).toEqual(['500 -> StopCCN 3/2 to 77']); // this one got lost, not understood
    expect(parting.hear(2, 4)).toEqual(['done']);
  });

  it('knows the numbers on both sides of the wrap', () => {
    const parting = new Parting({ ...RECORD, ns: 65_535 });
    parting.open();
    expect(parting.hear(2, 1)).toEqual(['-> StopCCN 1/2 to 77']);
    const exact = new Parting({ ...RECORD, ns: 65_535 });
    exact.open();
    expect(exact.hear(2, 0)).toEqual(['-> StopCCN 0/2 to 77']);
  });

  it('takes a StopCCN for understanding, and acknowledges it', () => {
    const parting = new Parting();
    parting.open();
    const body = writeMessage({ kind: 'StopCCN', assignedTunnelId: 77, resultCode: { result: 1 } });
    expect(parting.hear(2, 5, body)).toEqual(['-> ZLB 5/3 to 77', 'done']);
  });

  it('is not misled by other messages, strangers, other tunnels, noise, or somebody who never agrees', () => {
    const parting = new Parting();
    parting.open();
    expect(parting.hear(2, 4, writeMessage({ kind: 'HELLO' }))).toEqual([
      'dropped: the StopCCN is not acknowledged by this',
    ]);
    expect(parting.hear(2, 5, undefined, 42, { ...PEER, port: 9 })).toEqual(['dropped: datagram from a stranger']);
    expect(parting.hear(2, 5, undefined, 43)).toEqual(['dropped: message for another tunnel']);
    const noise = { type: 'datagram', from: PEER, bytes: Uint8Array.of(0xc8) } as const;
    expect(parting.farewell.handle(noise, 0).map(inWords)[0]).toMatch(/^dropped: message that cannot be read/);
    const sent = [100, 200, 300, 400, 500].flatMap((nr) => parting.hear(2, nr));
    expect(sent.filter((line) => line.startsWith('->')).length).toBe(3);
  });

  it('is said once', () => {
    const parting = new Parting();
    parting.open();
    expect(parting.open()).toEqual([]);
    parting.wait(10_000);
    expect(parting.hear(2, 5)).toEqual(['dropped: nothing is waited for']);
  });

  // Our own responder keeps the rules of §5.8: it is told 0, 1 or 5 messages later than the record knows.
  it.each([0, 1, 5])('ends a real tunnel whose numbers went on by %d', (messages) => {
    const peer = new TunnelTalk({ role: 'responder' });
    peer.say({ ...SCCRQ, assignedTunnelId: 42 }, { tunnelId: 0 });
    peer.say({ kind: 'SCCCN' });
    const record = { ...RECORD, peerTunnelId: peer.tunnel.localId, ns: peer.ns, nr: peer.nr };
    for (let i = 0; i < messages; i++) peer.say({ kind: 'HELLO' });
    peer.wait(50);

    const farewell = new Farewell(record);
    const answersOf = (bytes: Uint8Array) => {
      const said = peer.tunnel.handle({ type: 'datagram', from: PEER, bytes }, peer.now);
      peer.now += 50;
      return [...said, ...peer.tunnel.handle({ type: 'tick' }, peer.now)];
    };
    let heard = farewell.handle({ type: 'open' }, 0);
    for (let turn = 0; turn < 4 && !heard.some(({ type }) => type === 'done'); turn++)
      heard = heard
        .flatMap((effect) => (effect.type === 'send' ? answersOf(effect.bytes) : []))
        .flatMap((effect) =>
          effect.type === 'send' ? farewell.handle({ type: 'datagram', from: PEER, bytes: effect.bytes }, 0) : [],
        );
    expect(heard).toContainEqual({ type: 'done', acknowledged: true });
    expect(peer.tunnel.state).toBe('closed');
  });
});
