import { describe, expect, it } from 'vitest';
import { Automaton } from './automaton.ts';
import type { Event } from './automaton-table.ts';

/** Fires the events one second apart; returns the automaton in the state they lead to. */
function reached(...events: Event[]): Automaton {
  const automaton = new Automaton();
  events.forEach((event, second) => void automaton.fire(event, second * 1000));
  return automaton;
}

describe('the automaton', () => {
  it('asks when the layer below comes up, and is open when both ends have agreed', () => {
    const automaton = new Automaton();
    expect(automaton.fire('open', 0)).toEqual(['tls']);
    expect(automaton.fire('up', 0)).toEqual(['irc', 'scr']);
    expect(automaton.fire('rcr+', 10)).toEqual(['sca']);
    expect(automaton.state).toBe('ack-sent');
    expect(automaton.fire('rca', 20)).toEqual(['irc', 'tlu']);
    expect(automaton.state).toBe('opened');
    expect(automaton.deadline).toBeUndefined();
  });

  it('does nothing for an event that cannot happen (§4.4, Illegal-Event)', () => {
    const automaton = reached('open', 'up');
    expect(automaton.fire('up', 5000)).toBeUndefined();
    expect(automaton.state).toBe('req-sent');
    expect(automaton.deadline).toBe(4000);
  });

  it('sends ten Configure-Requests 3 s apart, then gives up (§4.6)', () => {
    const automaton = reached('open');
    automaton.fire('up', 0);
    const requests = [0];
    while (automaton.deadline !== undefined) {
      const now: number = automaton.deadline;
      const event = automaton.timeout(now) ?? 'up';
      if (automaton.fire(event, now)?.includes('scr')) requests.push(now);
      else expect([event, now, automaton.state]).toEqual(['to-', 30_000, 'stopped']);
    }
    expect(requests).toEqual([0, 3000, 6000, 9000, 12_000, 15_000, 18_000, 21_000, 24_000, 27_000]);
  });

  it('sends two Terminate-Requests (§4.6), and is closed 2 s after the first', () => {
    const automaton = reached('open', 'up', 'rcr+', 'rca');
    expect(automaton.fire('close', 10_000)).toEqual(['tld', 'irc', 'str']);
    expect(automaton.timeout(10_999)).toBeUndefined();
    expect(automaton.timeout(11_000)).toBe('to+');
    expect(automaton.fire('to+', 11_000)).toEqual(['str']);
    expect(automaton.timeout(12_000)).toBe('to-');
    expect(automaton.fire('to-', 12_000)).toEqual(['tlf']);
    expect(automaton.state).toBe('closed');
  });

  it('counts anew when a request has been answered', () => {
    const automaton = reached('open', 'up');
    for (let i = 0; i < 9; i++) automaton.fire('to+', 3000);
    expect(automaton.timeout(6000)).toBe('to-');
    automaton.fire('rcn', 3000);
    expect(automaton.timeout(6000)).toBe('to+');
  });

  it('waits one Restart time after a Terminate-Request of the peer (zrc), and sends nothing', () => {
    const automaton = reached('open', 'up', 'rcr+', 'rca');
    expect(automaton.fire('rtr', 10_000)).toEqual(['tld', 'zrc', 'sta']);
    expect(automaton.timeout(10_999)).toBeUndefined();
    expect(automaton.timeout(11_000)).toBe('to-');
    expect(automaton.fire('to-', 11_000)).toEqual(['tlf']);
    expect(automaton.state).toBe('stopped');
  });

  it('waits for the answer to a request that left without an event', () => {
    const automaton = reached('open', 'up');
    automaton.noteRequest(2900);
    expect(automaton.timeout(4000)).toBeUndefined();
    expect(automaton.timeout(5900)).toBe('to+');
  });

  it('takes other limits', () => {
    const automaton = new Automaton({ restartMs: 10, terminateMs: 5, maxConfigure: 1, maxTerminate: 1 });
    automaton.fire('open', 0);
    automaton.fire('up', 0);
    expect(automaton.timeout(10)).toBe('to-');
  });
});
