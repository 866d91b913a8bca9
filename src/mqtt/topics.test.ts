import { describe, expect, it } from 'vitest';
import { matches } from '../../test/support/fake-broker.ts';
import { deviceId, discoveryTopic, isNameable, Topics } from './topics.ts';

const topics = new Topics('home/l2tpwan');

describe('topics', () => {
  it('are below the base topic, with the name of the connection', () => {
    expect(topics.of('bridgeState')).toBe('home/l2tpwan/bridge/state');
    expect(topics.of('response', 'redial')).toBe('home/l2tpwan/bridge/response/redial');
    expect(topics.of('state', 'wan')).toBe('home/l2tpwan/wan');
    expect(topics.of('availability', 'wan')).toBe('home/l2tpwan/wan/availability');
    expect(discoveryTopic('homeassistant', 'ab', 'wan')).toBe('homeassistant/device/l2tpwan_ab_wan/config');
    expect(deviceId('ab', 'wan-2')).toBe('l2tpwan_ab_wan-2');
  });

  // biome-ignore format: a table
  it.each([
    ['home/l2tpwan/wan/set',                    { kind: 'set', connection: 'wan', key: undefined }],
    ['home/l2tpwan/wan/set/enabled',            { kind: 'set', connection: 'wan', key: 'enabled' }],
    ['home/l2tpwan/connection.bridge/set',      { kind: 'set', connection: 'bridge', key: undefined }],
    ['home/l2tpwan/bridge/request/reload',      { kind: 'request', request: 'reload' }],
    ['home/l2tpwan/bridge/request',             undefined],
    ['home/l2tpwan/bridge/set',                 undefined],
    ['home/l2tpwan/bridge/response/reload',     undefined],
    ['home/l2tpwan/wan/set/a/b',                undefined],
    ['home/l2tpwan/wan/event',                  undefined],
    ['home/l2tpwan',                            undefined],
    ['home/l2tpwan2/wan/set',                   undefined],
    ['l2tpwan/wan/set',                         undefined],
  ])('%s', (topic, incoming) => expect(topics.read(topic)).toEqual(incoming));

  it('of ours are none that we hear ourselves', () => {
    const said = [
      ...(['bridgeState', 'bridgeInfo', 'bridgeEvent', 'bridgeLogging', 'bridgeTest'] as const).map((each) =>
        topics.of(each),
      ),
      ...(['state', 'stats', 'availability', 'event', 'response'] as const).flatMap((each) =>
        ['wan', 'set', 'bridge', 'request'].map((name) => topics.of(each, name)),
      ),
    ];
    for (const topic of said) expect(topics.read(topic)).toBeUndefined();
    for (const topic of said) expect(topics.heard.filter((filter) => matches(filter, topic))).toEqual([]);
  });

  it('of a connection called bridge are not the bridge', () => {
    const ofConnection = (['state', 'stats', 'availability', 'event', 'set'] as const).map((each) =>
      topics.of(each, 'bridge'),
    );
    for (const topic of ofConnection) expect(topic).toMatch(/^home\/l2tpwan\/connection\.bridge(\/|$)/);
    expect(isNameable('connection.bridge')).toBe(false);
  });

  it.each(['', 'a/b', '+', '#', 'a+', 'a\0', 'ä', 'x'.repeat(65)])(
    'there are none for a connection called %j',
    (name) => expect(isNameable(name)).toBe(false),
  );
});
