import { describe, expect, it } from 'vitest';
import { discoveryFaults } from '../../test/support/home-assistant-schema.ts';
import { FAILURE } from '../protocol/failure.ts';
import { type Announced, announcement, farewellTo } from './discovery.ts';
import { ENTITY } from './discovery-table.ts';
import { Topics } from './topics.ts';

const TOPIC = 'homeassistant/device/l2tpwan_ab12_wan-2/config';
const about = (more: Partial<Announced> = {}): Announced => ({
  id: 'ab12',
  host: 'router',
  version: '1.2.3',
  connection: 'wan-2',
  topics: new Topics('l2tpwan'),
  commands: true,
  ...more,
});
const told = (more: Partial<Announced> = {}) => JSON.parse(announcement(about(more)));

describe('what Home Assistant is told', () => {
  it.each([{ commands: true }, { commands: false }, { connection: 'bridge' }])('is as it wants it: %j', (more) => {
    expect(discoveryFaults(TOPIC, announcement(about(more)))).toEqual([]);
    expect(discoveryFaults(TOPIC, farewellTo(about({ ...more, commands: false })) ?? '')).toEqual([]);
  });

  it('is one device with every entity of the table', () => {
    const { device, origin, components, ...rest } = told();
    expect(device).toEqual({
      identifiers: ['l2tpwan_ab12_wan-2'],
      name: 'router wan-2',
      manufacturer: 'l2tpwan',
      model: 'L2TP connection',
      sw_version: '1.2.3',
    });
    expect(origin).toEqual({ name: 'l2tpwan', sw_version: '1.2.3' });
    expect(Object.keys(components)).toEqual(Object.keys(ENTITY));
    expect(rest).toEqual({
      availability: [
        { topic: 'l2tpwan/bridge/state', value_template: '{{ value_json.state }}' },
        { topic: 'l2tpwan/wan-2/availability' },
      ],
      availability_mode: 'all',
    });
  });

  it('names things so that they stay the same whatever is renamed', () => {
    const ids = (more: Partial<Announced>) =>
      Object.values<{ unique_id: string }>(told(more).components).map(({ unique_id }) => unique_id);
    expect(ids({ host: 'other', version: '2', topics: new Topics('attic') })).toEqual(ids({}));
    expect(new Set([...ids({}), ...ids({ id: 'cd34' }), ...ids({ connection: 'wan' })]).size).toBe(3 * ids({}).length);
  });

  it('says where everything is', () => {
    const { components } = told();
    expect(components.rx_rate).toMatchObject({
      platform: 'sensor',
      unique_id: 'l2tpwan_ab12_wan-2_rx_rate',
      default_entity_id: 'sensor.l2tpwan_wan_2_rx_rate',
      state_topic: 'l2tpwan/wan-2/stats',
      value_template: '{{ value_json.rx_rate }}',
      device_class: 'data_rate',
      unit_of_measurement: 'bit/s',
    });
    expect(components.enabled.command_topic).toBe('l2tpwan/wan-2/set/enabled');
    expect(components.redial).toMatchObject({ command_topic: 'l2tpwan/wan-2/set/redial', payload_press: 'PRESS' });
    expect(components.last_failure).toMatchObject({
      options: Object.keys(FAILURE),
      json_attributes_topic: 'l2tpwan/wan-2',
    });
    expect(components.version.state_topic).toBe('l2tpwan/bridge/info');
  });

  it('has nothing to press without commands, and says goodbye to what there was', () => {
    const platforms = Object.values<{ platform: string }>(told({ commands: false }).components).map(
      (each) => each.platform,
    );
    expect(new Set(platforms)).toEqual(new Set(['sensor', 'binary_sensor']));
    expect(farewellTo(about())).toBeUndefined();
    expect(JSON.parse(farewellTo(about({ commands: false })) ?? '').components).toEqual({
      ...told({ commands: false }).components,
      enabled: { platform: 'switch' },
      redial: { platform: 'button' },
    });
  });
});
