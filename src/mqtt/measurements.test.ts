import { describe, expect, it } from 'vitest';
import { type Measured, Meter } from './measurements.ts';
import { Meters } from './totals.ts';

const dial = (localId: number, receivedOctets: number, sentOctets = 0): Measured => ({
  state: 'up',
  counters: { receivedOctets, sentOctets, receivedPackets: 0, sentPackets: 0, looped: 7 },
  tunnel: { localId, peerId: 1, peerHostName: null, peerVendorName: null },
  session: { localId: 1, peerId: 1 },
  echoRoundTripMs: 4,
});
const DOWN: Measured = { ...dial(1, 0), state: 'waiting', counters: null };

describe('totals', () => {
  it('go on over dials whose counters begin at zero', () => {
    const meter = new Meter();
    for (const each of [dial(1, 100), dial(1, 250), DOWN, dial(2, 30), dial(2, 40)]) meter.look(each);
    expect(meter.totals.receivedOctets).toBe(290);
  });

  it('notice another dial though it has counted more by now', () => {
    const meter = new Meter();
    for (const each of [dial(1, 100), dial(2, 150)]) meter.look(each);
    expect(meter.totals.receivedOctets).toBe(250);
  });

  it('never shrink, not even with counters that do', () => {
    const meter = new Meter();
    for (const each of [dial(1, 100, 5), dial(1, 20, 6)]) meter.look(each);
    expect(meter.totals).toMatchObject({ receivedOctets: 120, sentOctets: 11 });
  });
});

describe('rates', () => {
  it('are averages of the time that has really passed', () => {
    const meter = new Meter();
    meter.look(dial(1, 0));
    expect(meter.measure(1000, 10_000)).toMatchObject({ rx_rate: null, tx_rate: null, rx_total: 0 });
    meter.look(dial(1, 5000, 1));
    expect(meter.measure(21_000, 10_000)).toMatchObject({ rx_rate: 2000, tx_rate: 0, interval_s: 10 });
    expect(meter.measure(31_000, 10_000)).toMatchObject({ rx_rate: 0 });
  });

  it('are none while nothing can flow', () => {
    const meter = new Meter();
    meter.measure(0, 10_000);
    meter.look(dial(1, 500));
    meter.look(DOWN);
    expect(meter.measure(10_000, 10_000)).toMatchObject({ rx_rate: null, rx_total: 500, echo_rtt_ms: null });
  });
});

describe('totals as text', () => {
  const saved = () => {
    const meters = new Meters();
    meters.of('wan').look(dial(1, 100));
    meters.of('spare').look(dial(2, 7));
    return meters.takeUnsaved() ?? '';
  };

  it('come back', () => {
    const meters = new Meters();
    expect(meters.load(saved())).toBe(true);
    expect(meters.of('wan').totals.receivedOctets).toBe(100);
    meters.of('wan').look(dial(1, 100)); // a new process has new dials
    expect(meters.of('wan').totals.receivedOctets).toBe(200);
    expect(JSON.parse(meters.text).connections.spare.receivedOctets).toBe(7);
  });

  it('are only saved when something has changed', () => {
    const meters = new Meters();
    meters.load(saved());
    expect(meters.takeUnsaved()).toBeUndefined();
    meters.of('wan').look(DOWN);
    expect(meters.takeUnsaved()).toBeUndefined();
    meters.of('wan').look(dial(3, 1));
    expect(meters.takeUnsaved()).toBeDefined();
    expect(meters.takeUnsaved()).toBeUndefined();
  });

  it('forget a connection that is no more', () => {
    const meters = new Meters();
    meters.load(saved());
    meters.forget('spare');
    expect(meters.text).not.toContain('spare');
    expect(meters.of('spare').totals.receivedOctets).toBe(0);
  });

  it.each([
    '',
    '{',
    'null',
    '{"version":2,"connections":{}}',
    '{"version":1,"connections":{"wan":{"receivedOctets":-1}}}',
  ])('%j is none', (text) => {
    const meters = new Meters();
    expect(meters.load(text)).toBe(false);
    expect(meters.of('wan').totals.receivedOctets).toBe(0);
  });
});
