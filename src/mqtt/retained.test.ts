import { beforeEach, describe, expect, it } from 'vitest';
import { RANK, Retained } from './retained.ts';

let retained: Retained;
const taken = () => {
  const messages: string[] = [];
  for (let each = retained.next(); each !== undefined; each = retained.next()) {
    messages.push(`${each.topic} ${each.payload}${each.retain ? '' : ' once'}`);
    retained.acknowledged(each);
  }
  return messages;
};
beforeEach(() => {
  retained = new Retained();
});

describe('what the broker is to keep', () => {
  it('is told by rank, the newest of each topic, and once', () => {
    retained.set('state', 'down', RANK.state);
    retained.set('bridge', 'online', RANK.bridge);
    retained.set('info', '1', RANK.info);
    retained.set('state', 'up', RANK.state);
    expect(taken()).toEqual(['info 1', 'state up', 'bridge online']);
    retained.set('state', 'up', RANK.state);
    expect(taken()).toEqual([]);
  });

  it('is not told when it is again what it was', () => {
    retained.set('state', 'up', RANK.state);
    taken();
    retained.set('state', 'down', RANK.state);
    retained.set('state', 'up', RANK.state);
    expect(taken()).toEqual([]);
  });

  it('is told again to a broker that may have forgotten', () => {
    retained.set('state', 'up', RANK.state);
    taken();
    retained.all();
    expect(taken()).toEqual(['state up']);
  });

  it('begins with a prelude, once', () => {
    retained.set('config', 'b', RANK.discovery, 'a');
    expect(taken()).toEqual(['config a', 'config b']);
    retained.all();
    expect(taken()).toEqual(['config b']);
  });

  it('is taken away when nobody wants it, until the broker has said yes', () => {
    retained.set('state', 'up', RANK.state);
    taken();
    retained.remove('state');
    expect(retained.topics).toEqual(['state']);
    expect(retained.next()).toMatchObject({ topic: 'state', payload: '', retain: true });
    expect(retained.next()).toBeUndefined();
    retained.all(); // it was lost on the way
    expect(taken()).toEqual(['state ']);
    expect(retained.topics).toEqual([]);
  });

  it('comes back', () => {
    retained.set('state', 'up', RANK.state);
    taken();
    retained.remove('state');
    retained.set('state', 'up', RANK.state);
    expect(taken()).toEqual(['state up']);
  });

  it('is nothing where nothing is to be kept', () => {
    retained.set('state', 'up', RANK.state);
    taken();
    retained.retain = false;
    retained.takeAway('state');
    retained.set('state', 'down', RANK.state);
    expect(taken()).toEqual(['state ', 'state down once']);
  });

  it('of others is left alone', () => {
    retained.set('state', 'up', RANK.state);
    retained.disown('state');
    retained.all();
    expect(taken()).toEqual([]);
  });
});
