import { describe, expect, it } from 'vitest';
import type { FakeBroker } from '../../test/support/fake-broker.ts';
import { tried } from '../../test/support/mqtt-trial.ts';

const DISCOVERY = { discovery: 'homeassistant/device/l2tpwan-ab/config' };

async function verdict(prepare?: (broker: FakeBroker) => void) {
  const { verdict: said, ...more } = await tried(prepare, DISCOVERY);
  return { ...said, ...more };
}

describe('trying a broker out', () => {
  it('that is all right, and leaves nothing behind', async () => {
    const { ok, steps, failure, broker, alarms } = await verdict();
    expect({ ok, failure }).toEqual({ ok: true, failure: null });
    expect(steps.map(({ step }) => step)).toEqual([
      ...['load', 'connect', 'subscribe', 'publish', 'read-back'],
      ...['discovery', 'discovery', 'discovery'],
    ]);
    expect(broker.retained.size).toBe(0);
    expect(broker.clients).toEqual([]);
    expect(alarms).toBe(0);
    expect(broker.log.at(-1)).toMatchObject({ topic: 'homeassistant/device/l2tpwan-ab/config', payload: '' });
  });

  // biome-ignore format: a table
  it.each<[string, (broker: FakeBroker) => void, string, string, RegExp]>([
    ['does not let us in', (broker) => { broker.refusal = { stage: 'connack', words: 'the broker refuses the user name or password', detail: '5' }; },
      'connect', 'connack', /the broker refuses/],
    ['does not let us hear', (broker) => { broker.hides = (topic) => topic.startsWith('l2tpwan'); },
      'subscribe', 'subscribe', /may not hear l2tpwan\/bridge\/test/],
    ['does not let us speak, and says so', (broker) => { broker.forbids = () => 'refused'; },
      'publish', 'publish', /may not publish l2tpwan\/bridge\/test/],
    ['does not let us speak, and does not say so', (broker) => { broker.forbids = () => 'vanishes'; },
      'read-back', 'publish', /l2tpwan\/bridge\/test and did not give it back: its access rules/],
    ['does not let us speak to Home Assistant', (broker) => { broker.forbids = (topic) => topic.startsWith('home') && 'vanishes'; },
      'discovery', 'publish', /homeassistant\/device\/l2tpwan-ab\/config and did not give it back/],
    ['says nothing when asked', (broker) => { broker.ignores = (topic) => topic.startsWith('l2tpwan'); },
      'subscribe', 'subscribe', /does not say within 5 s whether we may hear l2tpwan\/bridge\/test/],
    // Asked first, and stuck from then on.
    ['acknowledges nothing', (broker) => { broker.hides = () => { broker.isStalled = true; return false; }; },
      'publish', 'publish', /does not acknowledge a message to l2tpwan\/bridge\/test within 5 s/],
    ['gives nothing back', (broker) => { broker.isMute = true; },
      'read-back', 'publish', /l2tpwan\/bridge\/test and did not give it back/],
    ['says nothing of Home Assistant', (broker) => { broker.ignores = (topic) => topic.startsWith('home'); },
      'discovery', 'subscribe', /whether we may hear homeassistant\/device\/l2tpwan-ab\/config/],
    ['goes away', (broker) => { broker.hides = () => { queueMicrotask(() => broker.cut()); return false; }; },
      'publish', 'lost', /the broker went away/],
  ])('that %s', async (_, prepare, step, stage, words) => {
    const { ok, steps, failure, broker, alarms } = await verdict(prepare);
    expect(ok).toBe(false);
    expect(steps.at(-1)).toMatchObject({ step, ok: false });
    expect(steps.slice(0, -1).every((each) => each.ok)).toBe(true);
    expect(failure).toMatchObject({ stage });
    expect(failure?.words).toMatch(words);
    expect(JSON.stringify({ steps, failure })).not.toContain('s3cret');
    expect(broker.clients).toEqual([]);
    expect(alarms).toBe(0);
  });

  it('with nothing that speaks MQTT', async () => {
    const load = () => Promise.reject(new Error('no such module'));
    const { verdict: said } = await tried(undefined, { load });
    expect(said).toMatchObject({ ok: false, steps: [{ step: 'load', ok: false }] });
  });
});
