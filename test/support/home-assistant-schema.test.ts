import { describe, expect, it } from 'vitest';
import { announcement, farewellTo } from '../../src/mqtt/discovery.ts';
import { Topics } from '../../src/mqtt/topics.ts';
import { discoveryFaults } from './home-assistant-schema.ts';

const TOPIC = 'homeassistant/device/0AFFD2/config';

/** After the example of a device in the documentation of the MQTT integration, with names spelled out. */
const bathroom = () => ({
  device: {
    identifiers: ['ea334450945afc'],
    name: 'Kitchen',
    manufacturer: 'Bla electronics',
    model: 'xya',
    sw_version: '1.0',
  },
  origin: { name: 'bla2mqtt', sw_version: '2.1', support_url: 'https://bla2mqtt.example.com/support' },
  components: {
    some_unique_component_id1: {
      platform: 'sensor',
      device_class: 'data_size',
      unit_of_measurement: 'B',
      value_template: '{{ value_json.received }}',
      unique_id: 'rx01ae_t',
    },
    bla: { platform: 'sensor', device_class: 'duration', unit_of_measurement: 'ms', unique_id: 'rx01ae_h', name: null },
    on: { platform: 'switch', unique_id: 'rx01ae_s', command_topic: 'sensorKitchen/set' },
    gone: { platform: 'binary_sensor' },
  } as Record<string, Record<string, unknown>>,
  state_topic: 'sensorKitchen/state',
  qos: 2,
});
type Payload = Record<string, unknown> & ReturnType<typeof bathroom>;

const faults = (change: (payload: Payload) => void, topic = TOPIC): string => {
  const payload = bathroom() as Payload;
  change(payload);
  return discoveryFaults(topic, JSON.stringify(payload)).join('\n');
};
const sensor = (fields: Record<string, unknown>) => (payload: Payload) => {
  payload.components.bla = { platform: 'sensor', unique_id: 'x', ...fields };
};

describe('what Home Assistant takes', () => {
  it('is the device of its documentation, and nothing at all', () => {
    expect(faults(() => undefined)).toBe('');
    expect(discoveryFaults(TOPIC, '')).toEqual([]);
  });

  it.each<[string, Record<string, unknown>]>([
    ['an enum', { device_class: 'enum', options: ['a', 'b'] }],
    ['a moment', { device_class: 'timestamp' }],
    ['a rate', { device_class: 'data_rate', unit_of_measurement: 'bit/s', state_class: 'measurement' }],
    ['a meter', { device_class: 'data_size', unit_of_measurement: 'B', state_class: 'total_increasing' }],
    ['a number of its own', { state_class: 'total_increasing', entity_category: 'diagnostic', icon: 'mdi:restart' }],
  ])('is %s', (_, fields) => {
    expect(faults(sensor(fields))).toBe('');
  });
});

describe('what it does not take', () => {
  it.each<[string, (payload: Payload) => void, string]>([
    ['no origin', (payload) => Reflect.deleteProperty(payload, 'origin'), 'origin'],
    ['an origin without a name', (payload) => Reflect.deleteProperty(payload.origin, 'name'), 'origin.name'],
    [
      'a device that nothing identifies',
      (payload) => Object.assign(payload.device, { identifiers: [] }),
      'identifiers or connections',
    ],
    ['an unknown key of the root', (payload) => Object.assign(payload, { name: 'x' }), '"name"'],
    ['an unknown key of the device', (payload) => Object.assign(payload.device, { ids: 'x' }), '"ids"'],
    ['an unknown key of an entity', sensor({ uom: 'B' }), 'components.bla'],
    ['object_id, which is no more', sensor({ object_id: 'x' }), 'components.bla'],
    ['an entity without unique_id', sensor({ unique_id: undefined, name: 'x' }), 'components.bla'],
    ['a platform there is not', sensor({ platform: 'sensors' }), 'components.bla'],
    ['a class there is not', sensor({ device_class: 'datarate' }), 'components.bla'],
    ['a sensor that is configuration', sensor({ entity_category: 'config' }), 'components.bla'],
    ['an icon without its set', sensor({ icon: 'restart' }), 'components.bla'],
    ['a template that is not closed', sensor({ value_template: '{{ value_json.x }' }), 'components.bla'],
    [
      'a wildcard to publish to',
      (payload) => Object.assign(payload.components.on ?? {}, { command_topic: 'a/+/set' }),
      'components.on',
    ],
    ['a wildcard in the middle', sensor({ state_topic: 'a/#/b' }), 'components.bla'],
    ['the same unique_id twice', sensor({ unique_id: 'rx01ae_t' }), 'rx01ae_t is there twice'],
    [
      'a unit that is none of the class',
      sensor({ device_class: 'data_rate', unit_of_measurement: 'bps' }),
      'bps is no unit of data_rate',
    ],
    ['a unit of a moment', sensor({ device_class: 'timestamp', unit_of_measurement: 's' }), 'timestamp has no unit'],
    [
      'statistics of an enum',
      sensor({ device_class: 'enum', options: ['a'], state_class: 'measurement' }),
      'state_class measurement',
    ],
    [
      'a total of a rate',
      sensor({ device_class: 'data_rate', unit_of_measurement: 'B/s', state_class: 'total' }),
      'state_class total',
    ],
    ['options of no enum', sensor({ options: ['a'] }), 'go together'],
    ['no options of an enum', sensor({ device_class: 'enum' }), 'go together'],
    ['an empty list of options', sensor({ device_class: 'enum', options: [] }), 'components.bla'],
    [
      'both ways of availability',
      (payload) => Object.assign(payload, { availability_topic: 'a', availability: [{ topic: 'a' }] }),
      'one too many',
    ],
    ['an entity id of another platform', sensor({ default_entity_id: 'switch.x' }), 'default_entity_id'],
    ['the name of the device again', sensor({ name: 'Kitchen time' }), 'repeats'],
    ['a sensor of no topic', (payload) => Reflect.deleteProperty(payload, 'state_topic'), 'no state_topic'],
    [
      'a switch of no topic',
      (payload) => Reflect.deleteProperty(payload.components.on ?? {}, 'command_topic'),
      'no command_topic',
    ],
  ])('is %s', (_, change, words) => {
    expect(faults(change)).toContain(words);
  });

  it('is a topic that it does not listen to', () => {
    expect(faults(() => undefined, 'homeassistant/device/wan.1/config')).toContain('no topic of a device');
    expect(faults(() => undefined, 'homeassistant/device/config')).toContain('no topic of a device');
  });
});

describe('what we tell it', () => {
  const told = (commands: boolean) => ({
    id: '3d1219c7c4c5404a',
    host: 'router',
    version: '1.2.3',
    connection: 'wan',
    topics: new Topics('l2tpwan'),
    commands,
  });

  it.each([true, false])('is taken, whether or not anybody may command: %s', (commands) => {
    expect(discoveryFaults(TOPIC, announcement(told(commands)))).toEqual([]);
    const farewell = farewellTo(told(commands));
    expect(farewell === undefined ? [] : discoveryFaults(TOPIC, farewell)).toEqual([]);
  });
});
