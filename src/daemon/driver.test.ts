import { describe, expect, it } from 'vitest';
import { FakeClock } from '../../test/support/fake-host.ts';
import type { Instant } from '../protocol/deadlines.ts';
import type { Machine } from '../protocol/machine.ts';
import { drive } from './driver.ts';

type Input = { type: 'say'; word: string } | { type: 'tick' };

class Parrot implements Machine<Input, string> {
  deadline: Instant | undefined;
  handle(input: Input, now: Instant): string[] {
    if (input.type === 'tick') {
      this.deadline = undefined;
      return [`tick at ${now}`];
    }
    if (input.word === 'bang') throw new TypeError('bang');
    if (input.word === 'alarm') this.deadline = now + 50;
    return [input.word, `${input.word}!`];
  }
}

function cage() {
  const clock = new FakeClock();
  const heard: string[] = [];
  const broken: unknown[] = [];
  const reactions = new Map<string, () => void>();
  const machine = new Parrot();
  const perform = (effect: string) => {
    heard.push(effect);
    reactions.get(effect)?.();
  };
  const driver = drive<Input, string>(machine, perform, clock, (error) => broken.push(error));
  return { clock, heard, broken, reactions, driver, say: (word: string) => driver.push({ type: 'say', word }) };
}

describe('drive', () => {
  it('runs one input to its end before the next, though an effect causes one', () => {
    const { heard, reactions, say } = cage();
    reactions.set('a', () => say('b'));
    say('a');
    expect(heard).toEqual(['a', 'a!', 'b', 'b!']);
  });

  it('ticks when the machine wants it, once', async () => {
    const { clock, heard, say } = cage();
    say('alarm');
    await clock.pass(49);
    expect(heard).toEqual(['alarm', 'alarm!']);
    await clock.pass(1000);
    expect(heard).toEqual(['alarm', 'alarm!', 'tick at 1050']);
    expect(clock.pending).toBe(0);
  });

  it('is silent after a stop, even within an input', async () => {
    const { clock, heard, reactions, driver, say } = cage();
    say('alarm');
    reactions.set('a', () => driver.stop());
    say('a');
    say('b');
    await clock.pass(1000);
    expect(heard).toEqual(['alarm', 'alarm!', 'a']);
    expect(clock.pending).toBe(0);
  });

  it('stops and tells when the machine throws', () => {
    const { heard, broken, say } = cage();
    say('bang');
    say('a');
    expect(broken).toEqual([new TypeError('bang')]);
    expect(heard).toEqual([]);
  });

  it('stops and tells when an effect throws', () => {
    const { broken, reactions, say, heard } = cage();
    reactions.set('a', () => {
      throw new RangeError('no');
    });
    say('a');
    say('b');
    expect(broken).toEqual([new RangeError('no')]);
    expect(heard).toEqual(['a']);
  });
});
