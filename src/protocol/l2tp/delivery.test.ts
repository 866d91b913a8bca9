import { describe, expect, it } from 'vitest';
import { textOf, utf8Of } from '../../wire/text.ts';
import { Delivery, type DeliveryEffect, type DeliveryInput, type Outgoing } from './delivery.ts';

// One end of a control connection, told and answering in words: `SCCRQ 0/0` is a message with its Ns and Nr.
class End {
  readonly delivery: Delivery<Outgoing>;
  /** Everything that happened, each line with its time in ms. */
  readonly log: string[] = [];

  constructor(receiveWindow?: number) {
    this.delivery = new Delivery(receiveWindow);
  }
  submit(words: string, now = 0, type: 'submit' | 'finish' = 'submit'): string[] {
    return this.#handle({ type, message: { sessionId: 0, body: utf8Of(words) } }, now);
  }
  hear(line: string, now = 0): string[] {
    const [words = '', numbers = ''] = line.split(' ');
    const [ns, nr] = numbers.split('/').map(Number) as [number, number];
    return this.#handle({ type: 'received', sessionId: 7, ns, nr, body: utf8Of(words === 'ZLB' ? '' : words) }, now);
  }
  /** Lets time pass, deadline by deadline. */
  wait(untilMs: number): string[] {
    const from = this.log.length;
    for (let at = this.delivery.deadline; at !== undefined && at <= untilMs; at = this.delivery.deadline)
      this.#handle({ type: 'tick' }, at);
    return this.log.slice(from);
  }
  #handle(input: DeliveryInput<Outgoing>, now: number): string[] {
    const lines = this.delivery.handle(input, now).map((effect) => `${now} ${inWords(effect)}`);
    this.log.push(...lines);
    return lines;
  }
}

function inWords(effect: DeliveryEffect<Outgoing>): string {
  switch (effect.type) {
    case 'transmit':
      return `-> ${textOf(effect.body) || 'ZLB'} ${effect.ns}/${effect.nr}`;
    case 'deliver':
      return `got ${textOf(effect.body)}`;
    case 'acknowledged':
      return `done ${textOf(effect.message.body)}`;
    case 'lost':
      return `lost ${textOf(effect.message.body)} sent ${effect.times} times`;
    case 'dropped':
      return `dropped ${effect.why}`;
    default:
      return effect satisfies never;
  }
}

describe('retransmission (RFC 2661 §5.8)', () => {
  it('comes after 1, 2, 4, 8, 8 seconds, and the peer is given up after 31', () => {
    const end = new End();
    end.submit('SCCRQ');
    end.wait(60_000);
    expect(end.log).toEqual([
      '0 -> SCCRQ 0/0',
      '1000 -> SCCRQ 0/0',
      '3000 -> SCCRQ 0/0',
      '7000 -> SCCRQ 0/0',
      '15000 -> SCCRQ 0/0',
      '23000 -> SCCRQ 0/0',
      '31000 lost SCCRQ sent 6 times',
    ]);
    expect(end.delivery.deadline).toBeUndefined();
    expect(end.delivery.pending).toBe(0);
  });

  it('keeps Ns and brings Nr up to date', () => {
    const end = new End();
    end.submit('SCCRQ');
    end.hear('SCCRP 0/0', 400); // the peer's acknowledgement of SCCRQ is missing
    expect(end.wait(1000)).toEqual(['450 -> ZLB 1/1', '1000 -> SCCRQ 0/1']);
  });

  it('starts from one second again after an acknowledgement', () => {
    const end = new End();
    end.submit('one');
    end.wait(3000);
    expect(end.hear('ZLB 0/1', 3500)).toEqual(['3500 done one']);
    end.submit('two', 4000);
    expect(end.wait(8000)).toEqual(['5000 -> two 1/0', '7000 -> two 1/0']);
  });

  it('takes everything on its way for lost, sends the oldest first and the rest as acknowledgements come', () => {
    const end = openedTo(4);
    for (const words of ['a', 'b', 'c']) end.submit(words, 1000);
    expect(end.wait(2000)).toEqual(['2000 -> a 3/0']);
    expect(end.hear('ZLB 0/4', 2100)).toEqual(['2100 done a', '2100 -> b 4/0', '2100 -> c 5/0']);
    expect(end.hear('ZLB 0/6', 2200)).toEqual(['2200 done b', '2200 done c']);
    expect(end.delivery.deadline).toBeUndefined();
  });

  it('sends nothing twice that the peer had kept', () => {
    const end = openedTo(4);
    for (const words of ['a', 'b', 'c']) end.submit(words, 1000);
    end.wait(2000);
    expect(end.hear('ZLB 0/6', 2100)).toEqual(['2100 done a', '2100 done b', '2100 done c']);
    expect(end.wait(60_000)).toEqual([]);
  });

  it('ignores an acknowledgement of what was never sent', () => {
    const end = new End();
    end.submit('SCCRQ');
    expect(end.hear('ZLB 0/2')).toEqual(['0 dropped acknowledgement of a message that was never sent']);
    expect(end.hear('ZLB 0/65535')).toEqual([]); // an old one
    expect(end.delivery.pending).toBe(1);
  });
});

describe('the send window', () => {
  it('opens with the first acknowledgement: SCCCN and ICRQ leave together', () => {
    const end = new End();
    end.submit('SCCRQ');
    end.hear('SCCRP 0/1', 10);
    end.delivery.announce(4);
    expect([...end.submit('SCCCN', 10), ...end.submit('ICRQ', 10)]).toEqual(['10 -> SCCCN 1/1', '10 -> ICRQ 2/1']);
  });

  it('never has more on its way than the peer can take', () => {
    const end = new End();
    end.submit('SCCRQ');
    end.hear('SCCRP 0/1', 10);
    end.delivery.announce(1);
    expect([...end.submit('SCCCN', 10), ...end.submit('ICRQ', 10)]).toEqual(['10 -> SCCCN 1/1']);
    expect(end.hear('ZLB 1/2', 20)).toEqual(['20 done SCCCN', '20 -> ICRQ 2/1']);
  });

  it('holds back what exceeds the congestion window', () => {
    const end = openedTo(4);
    const sent = ['a', 'b', 'c', 'd', 'e', 'f'].flatMap((words) => end.submit(words, 1000));
    expect(sent).toEqual(['1000 -> a 3/0', '1000 -> b 4/0', '1000 -> c 5/0', '1000 -> d 6/0']);
    expect(end.hear('ZLB 0/5', 1100)).toEqual(['1100 done a', '1100 done b', '1100 -> e 7/0', '1100 -> f 8/0']);
  });

  it('does not hold back the last message, and forgets what was never sent', () => {
    const end = new End();
    for (const words of ['SCCRQ', 'unsent']) end.submit(words);
    expect(end.submit('StopCCN', 100, 'finish')).toEqual(['100 -> StopCCN 1/0']);
    expect(end.submit('late', 100)).toEqual(['100 dropped message after the last one']);
    expect(end.wait(1000)).toEqual(['1000 -> SCCRQ 0/0', '1000 -> StopCCN 1/0']);
    expect(end.hear('ZLB 0/2', 1100)).toEqual(['1100 done SCCRQ', '1100 done StopCCN']);
  });

  it('holds even the last message back when the peer has no room for it', () => {
    const end = new End();
    end.delivery.announce(1);
    end.submit('HELLO');
    expect(end.submit('StopCCN', 100, 'finish')).toEqual([]);
    expect(end.hear('ZLB 0/1', 200)).toEqual(['200 done HELLO', '200 -> StopCCN 1/0']);
  });
});

describe('acknowledgement', () => {
  it('waits 50 ms for a message to ride on', () => {
    const end = new End();
    expect(end.hear('HELLO 0/0', 1000)).toEqual(['1000 got HELLO']);
    expect(end.delivery.deadline).toBe(1050);
    expect(end.submit('ICRQ', 1020)).toEqual(['1020 -> ICRQ 0/1']);
    expect(end.wait(1900)).toEqual([]);
  });

  it('is one ZLB for everything since the last, never repeated, taking no number', () => {
    const end = new End();
    end.hear('a 0/0', 1000);
    end.hear('b 1/0', 1040);
    expect(end.wait(60_000)).toEqual(['1050 -> ZLB 0/2']);
    expect(end.submit('c', 60_000)).toEqual(['60000 -> c 0/2']);
  });

  it('rides on a retransmission that is due in the same instant', () => {
    const end = new End();
    end.submit('SCCRQ');
    end.hear('SCCRP 0/0', 950);
    expect(end.wait(1000)).toEqual(['1000 -> SCCRQ 0/1']);
  });

  it('is repeated for a duplicate, which is not delivered again', () => {
    const end = new End();
    end.hear('HELLO 0/0');
    expect(end.wait(50)).toEqual(['50 -> ZLB 0/1']);
    expect(end.hear('HELLO 0/0', 1000)).toEqual(['1000 dropped duplicate control message']);
    expect(end.wait(2000)).toEqual(['1050 -> ZLB 0/1']);
  });

  it('takes Nr of a ZLB, and nothing else', () => {
    const end = new End();
    end.submit('SCCRQ');
    expect(end.hear('ZLB 9/1', 10)).toEqual(['10 done SCCRQ']);
    expect(end.delivery.deadline).toBeUndefined();
    expect(end.delivery.sequence).toEqual({ ns: 1, nr: 0 });
  });
});

describe('reception in order', () => {
  it('keeps what is early, up to the window, and delivers it once the gap is filled', () => {
    const end = new End(4);
    expect(end.hear('d 3/0')).toEqual([]);
    expect(end.hear('b 1/0')).toEqual([]);
    expect(end.hear('b 1/0')).toEqual([]);
    expect(end.hear('e 4/0')).toEqual(['0 dropped control message beyond our receive window']);
    expect(end.delivery.deadline).toBeUndefined(); // nothing is acknowledged that is not in order
    expect(end.hear('a 0/0')).toEqual(['0 got a', '0 got b']);
    expect(end.hear('c 2/0')).toEqual(['0 got c', '0 got d']);
    expect(end.wait(50)).toEqual(['50 -> ZLB 0/4']);
  });

  it('takes the acknowledgement of an early message at once', () => {
    const end = new End();
    end.submit('SCCRQ');
    expect(end.hear('late 1/1', 5)).toEqual(['5 done SCCRQ']);
  });

  it('does not keep octets that belong to the host', () => {
    const { delivery } = new End();
    const body = utf8Of('early');
    delivery.handle({ type: 'received', sessionId: 0, ns: 1, nr: 0, body }, 0);
    body.fill(0);
    const effects = delivery.handle({ type: 'received', sessionId: 0, ns: 0, nr: 0, body: utf8Of('first') }, 0);
    expect(effects.map(inWords)).toEqual(['got first', 'got early']);
  });

  it('goes on across the wrap of the numbers, both ways', () => {
    const [left, right] = [new Delivery<Outgoing>(4), new Delivery<Outgoing>(4)];
    const got: number[] = [];
    for (let i = 0; i < 70_000; i++) {
      // Each message is answered by one that acknowledges it, as in a conversation.
      const [from, to] = i % 2 === 0 ? [left, right] : [right, left];
      const body = Uint8Array.of(i >> 16, i >> 8, i);
      for (const effect of from.handle({ type: 'submit', message: { sessionId: 0, body } }, i))
        if (effect.type === 'transmit')
          for (const taken of to.handle({ ...effect, type: 'received' }, i))
            if (taken.type === 'deliver') got.push(taken.body.reduce((sum, octet) => sum * 256 + octet, 0));
    }
    expect(got.length).toBe(70_000);
    expect(got.every((value, index) => value === index)).toBe(true);
    expect(left.sequence).toEqual({ ns: 35_000, nr: 35_000 });
  });

  it('knows early from late where the numbers wrap', () => {
    const end = new End();
    for (let ns = 0; ns < 65_535; ns++) end.hear(`x ${ns}/0`);
    expect(end.hear('next 0/0', 1)).toEqual([]);
    expect(end.hear('x 65534/0', 2)).toEqual(['2 dropped duplicate control message']);
    expect(end.hear('last 65535/0', 3)).toEqual(['3 got last', '3 got next']);
    expect(end.delivery.sequence.nr).toBe(1);
  });
});

/** An end whose slow start is over: three messages sent and acknowledged, window as wide as the peer's. */
function openedTo(peerWindow: number): End {
  const end = new End();
  end.delivery.announce(peerWindow);
  for (const ns of [0, 1, 2]) {
    end.submit('warm-up', 0);
    end.hear(`ZLB 0/${ns + 1}`, 0);
  }
  end.log.length = 0;
  return end;
}
