import { beforeEach, describe, expect, it } from 'vitest';
import { FakeBroker } from '../../test/support/fake-broker.ts';
import { FakeClock } from '../../test/support/fake-host.ts';
import { brokerSettings } from '../../test/support/mqtt-ends.ts';
import { Keeper } from './keeper.ts';

let broker: FakeBroker;
let clock: FakeClock;
let keeper: Keeper;

beforeEach(() => {
  broker = new FakeBroker();
  clock = new FakeClock();
  keeper = new Keeper({
    clock,
    entropy: (count) => new Uint8Array(count).fill(255), // the longest waits: 1 s, 2 s, 4 s, …
    load: async () => broker,
    log: () => undefined,
    visit: () => ({
      broker: brokerSettings(1883),
      will: undefined,
      connected: () => undefined,
      message: () => undefined,
      over: () => undefined,
    }),
  });
  broker.refusal = { stage: 'tcp', words: 'nobody answers', detail: '' };
  keeper.begin();
});

const tries = () => broker.asked.length;

const passed = (ms: number) => new Promise<void>((resolve) => clock.alarm(resolve).set(clock.now() + ms));

/** Attempts in each of the next seconds. */
async function triesEachSecond(count: number): Promise<number[]> {
  const found: number[] = [];
  for (let second = 0; second < count; second++) {
    const before = tries();
    await clock.pass(1000);
    found.push(tries() - before);
  }
  return found;
}

describe('a tunnel that comes up', () => {
  it('makes waits short again, should the first attempt be too early', async () => {
    await clock.pass(1_000_000); // five minutes between attempts by now
    keeper.hurry();
    // At 0.5, 1.5, 3.5 and 7.5 s.
    expect(await triesEachSecond(9)).toEqual([1, 1, 0, 1, 0, 0, 0, 1, 0]);
    broker.refusal = undefined;
    await clock.pass(7000);
    expect(keeper.state).toBe('connected');
  });

  it('again before ten seconds are over is heeded then', async () => {
    await clock.pass(1_000_000);
    keeper.hurry();
    await clock.pass(9000); // the next attempt is due at 15.5 s
    keeper.hurry();
    keeper.hurry();
    await clock.pass(1499);
    const before = tries();
    await clock.pass(1);
    expect(tries() - before).toBe(1);
    expect(await triesEachSecond(4)).toEqual([1, 0, 1, 0]);
  });

  it('again and again does not keep attempts from being made', async () => {
    await clock.pass(1_000_000);
    const before = tries();
    for (let i = 0; i < 200; i++) {
      keeper.hurry();
      await clock.pass(100);
    }
    expect(tries() - before).toBe(8); // twice what the first test sees
  });

  it('ends an attempt that waits for an answer on the old way, once', async () => {
    broker.isStalled = true;
    await clock.pass(1_000_000);
    const before = tries();
    expect(keeper.state).toBe('connecting');
    keeper.hurry();
    await clock.pass(2000);
    expect(tries() - before).toBe(1);
    keeper.hurry();
    await clock.pass(8400);
    expect(tries() - before).toBe(1);
    await clock.pass(100);
    expect(tries() - before).toBe(2);
    await clock.pass(60_000);
    expect(tries() - before).toBe(2);
  });

  it('changes nothing where the broker is there', async () => {
    broker.refusal = undefined;
    await clock.pass(10_000);
    const before = tries();
    keeper.hurry();
    await clock.pass(20_000);
    expect(tries()).toBe(before);
  });

  it('does not cut the goodbye short of somebody who connects anew anyway', async () => {
    const connect = broker.connect.bind(broker);
    broker.connect = (...parts) => ({ ...connect(...parts), end: (withinMs) => passed(withinMs) });
    broker.refusal = undefined;
    broker.isStalled = true;
    await clock.pass(10_000);
    const before = tries();
    keeper.hurry();
    await clock.pass(200);
    keeper.again(); // takes leave for 500 ms
    await clock.pass(499);
    expect(tries()).toBe(before);
    await clock.pass(20_000);
    expect(tries() - before).toBe(1);
  });

  it('is no reason for anything after the end', async () => {
    await clock.pass(10_000);
    keeper.hurry();
    const before = tries();
    await keeper.end(0);
    await clock.pass(600_000);
    expect(tries()).toBe(before);
    expect(clock.pending).toBe(0);
  });
});
