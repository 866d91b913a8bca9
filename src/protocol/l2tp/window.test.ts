import { describe, expect, it } from 'vitest';
import { distance, following, isDuplicate, SendWindow } from './window.ts';

describe('sequence numbers (RFC 2661 §5.8)', () => {
  it('wrap at 65536', () => {
    expect(following(65535)).toBe(0);
    expect(following(65534, 5)).toBe(3);
    expect(distance(65535, 2)).toBe(3);
    expect(distance(2, 65535)).toBe(65533);
  });

  // "if the last received sequence number was 15, then messages with sequence numbers 0 through 15, as well as 32784
  // through 65535, would be considered less than or equal"
  it('know duplicates as the example of the RFC does', () => {
    const duplicates = Array.from({ length: 65536 }, (_, ns) => ns).filter((ns) => isDuplicate(ns, 16));
    const expected = [...range(0, 15), ...range(32784, 65535)];
    expect(duplicates).toEqual(expected);
  });

  it('know duplicates on both sides of the wrap', () => {
    expect(isDuplicate(65535, 0)).toBe(true);
    expect(isDuplicate(0, 0)).toBe(false);
    expect(isDuplicate(32767, 0)).toBe(false);
    expect(isDuplicate(32768, 0)).toBe(true);
  });
});

describe('the congestion window (RFC 2661 Appendix A)', () => {
  const windowAfter = (acknowledgements: number, window = new SendWindow()) => {
    for (let i = 0; i < acknowledgements; i++) window.acknowledged();
    return window.limit;
  };

  it('starts with one message, grows by one with each acknowledgement and ends at the receive window', () => {
    const window = new SendWindow();
    window.announce(4);
    expect([0, 1, 1, 1, 1].map((count) => windowAfter(count, window))).toEqual([1, 2, 3, 4, 4]);
  });

  it('halves the threshold and restarts from one when something had to be sent again', () => {
    const window = new SendWindow();
    window.announce(8);
    expect(windowAfter(7, window)).toBe(8);
    window.retransmitted();
    expect(window.limit).toBe(1);
    // Slow start up to 4; then one more message after 4 acknowledgements, after 5, after 6 …
    expect(windowAfter(3, window)).toBe(4);
    expect(windowAfter(3, window)).toBe(4);
    expect(windowAfter(1, window)).toBe(5);
    expect(windowAfter(4, window)).toBe(5);
    expect(windowAfter(1, window)).toBe(6);
  });

  it('never exceeds the peer, whatever it announces and when', () => {
    const window = new SendWindow();
    window.acknowledged();
    window.announce(1);
    expect(windowAfter(10, window)).toBe(1);
  });

  it('assumes a window of 4 where the peer says none, or the invalid 0', () => {
    expect(windowAfter(10)).toBe(4);
    const window = new SendWindow();
    window.announce(0);
    expect(windowAfter(10, window)).toBe(4);
  });
});

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, i) => first + i);
