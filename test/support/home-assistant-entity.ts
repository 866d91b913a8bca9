/** What Home Assistant takes as one entity of a device; which of its files say so is said in home-assistant-schema.ts. */
import * as z from 'zod';
import {
  BINARY_SENSOR_CLASSES,
  BUTTON_CLASSES,
  SENSOR_CLASS,
  STATE_CLASSES,
  SWITCH_CLASSES,
  UPDATE_CLASSES,
} from './home-assistant-table.ts';

// ---- Values ----------------------------------------------------------------------------------------------------------

/** util.py, valid_topic: no control characters, no non-characters, 1 to 65535 octets. */
const topic = z.string().refine(
  (value) => {
    const octets = Buffer.byteLength(value);
    return octets >= 1 && octets <= 65_535 && !/[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u.test(value);
  },
  { error: 'not a topic' },
);
export const publishTopic = topic.refine((value) => !/[+#]/.test(value), {
  error: 'wildcards in a topic to publish to',
});
export const subscribeTopic = topic.refine(
  (value) =>
    value
      .split('/')
      .every((level, index, levels) =>
        /[+#]/.test(level) ? level === '+' || (level === '#' && index === levels.length - 1) : true,
      ),
  { error: 'wildcards in the wrong place' },
);

/** config_validation.py, template: as far as it can be told without Jinja, brackets in pairs. */
const template = z
  .string()
  .refine(
    (value) =>
      value.split('{{').length === value.split('}}').length && value.split('{%').length === value.split('%}').length,
    { error: 'a template whose brackets do not match' },
  );
const icon = z.string().regex(/^[\w-]+:[\w-]+$/, 'an icon is PREFIX:NAME');
export const url = z.url({ protocol: /^(https?|homeassistant)$/ });
const count = z.int().min(0);
const qos = z.literal([0, 1, 2]);
const name = z.union([z.string().min(1), z.null()]);
const classOf = (classes: readonly string[]) =>
  z.union([z.enum(classes as [string, ...string[]]), z.null()]).optional();

// ---- What all of them may have ---------------------------------------------------------------------------------------

export const AVAILABILITY = {
  availability_topic: subscribeTopic.optional(),
  availability_template: template.optional(),
  payload_available: z.string().optional(),
  payload_not_available: z.string().optional(),
  availability_mode: z.enum(['all', 'any', 'latest']).optional(),
  availability: z
    .array(
      z.strictObject({
        topic: subscribeTopic,
        payload_available: z.string().optional(),
        payload_not_available: z.string().optional(),
        value_template: template.optional(),
      }),
    )
    .optional(),
};

export const BASE = {
  qos: qos.optional(),
  encoding: z.string().optional(),
  message_expiry_interval: count.optional(),
};

/** Without `device` and `origin`, which are the root's in the discovery of a device. */
const ENTITY = {
  ...BASE,
  ...AVAILABILITY,
  group: z.array(z.string()).optional(),
  name: name.optional(),
  enabled_by_default: z.boolean().optional(),
  visible_by_default: z.boolean().optional(),
  entity_category: z.enum(['config', 'diagnostic']).optional(),
  entity_picture: url.optional(),
  icon: icon.optional(),
  json_attributes_topic: subscribeTopic.optional(),
  json_attributes_template: template.optional(),
  default_entity_id: z
    .string()
    .regex(/^[a-z_]+\.[a-z0-9]+(_[a-z0-9]+)*$/)
    .optional(),
  unique_id: z.string().min(1),
};

/** helpers/entity_platform.py of sensors refuses what is only to be looked at and calls itself configuration. */
const ONLY_SHOWN = { entity_category: z.literal('diagnostic').optional() };

// ---- Platforms -------------------------------------------------------------------------------------------------------

const PLATFORM = {
  binary_sensor: z.strictObject({
    platform: z.literal('binary_sensor'),
    ...ENTITY,
    ...ONLY_SHOWN,
    state_topic: subscribeTopic.optional(),
    value_template: template.optional(),
    device_class: classOf(BINARY_SENSOR_CLASSES),
    expire_after: count.optional(),
    force_update: z.boolean().optional(),
    off_delay: count.optional(),
    payload_off: z.string().optional(),
    payload_on: z.string().optional(),
  }),
  button: z.strictObject({
    platform: z.literal('button'),
    ...ENTITY,
    command_topic: publishTopic.optional(),
    command_template: template.optional(),
    device_class: classOf(BUTTON_CLASSES),
    payload_press: z.string().optional(),
    retain: z.boolean().optional(),
  }),
  sensor: z.strictObject({
    platform: z.literal('sensor'),
    ...ENTITY,
    ...ONLY_SHOWN,
    state_topic: subscribeTopic.optional(),
    value_template: template.optional(),
    device_class: classOf(Object.keys(SENSOR_CLASS)),
    expire_after: count.optional(),
    force_update: z.boolean().optional(),
    last_reset_value_template: template.optional(),
    options: z.array(z.string().min(1).max(255)).min(1).optional(),
    suggested_display_precision: count.optional(),
    state_class: classOf(STATE_CLASSES),
    unit_of_measurement: z.union([z.string(), z.null()]).optional(),
  }),
  switch: z.strictObject({
    platform: z.literal('switch'),
    ...ENTITY,
    state_topic: subscribeTopic.optional(),
    value_template: template.optional(),
    command_topic: publishTopic.optional(),
    command_template: template.optional(),
    device_class: classOf(SWITCH_CLASSES),
    optimistic: z.boolean().optional(),
    payload_off: z.string().optional(),
    payload_on: z.string().optional(),
    retain: z.boolean().optional(),
    state_off: z.string().optional(),
    state_on: z.string().optional(),
  }),
  update: z.strictObject({
    platform: z.literal('update'),
    ...ENTITY,
    state_topic: subscribeTopic.optional(),
    value_template: template.optional(),
    command_topic: publishTopic.optional(),
    device_class: classOf(UPDATE_CLASSES),
    latest_version_template: template.optional(),
    latest_version_topic: subscribeTopic.optional(),
    payload_install: z.string().optional(),
    release_summary: z.string().optional(),
    release_url: z.string().optional(),
    retain: z.boolean().optional(),
    title: z.string().optional(),
  }),
} as const;

type Sensor = z.output<typeof PLATFORM.sensor>;
export type Entity = z.output<(typeof PLATFORM)[keyof typeof PLATFORM]>;

const { binary_sensor, button, sensor, switch: toggle, update } = PLATFORM;
export const entity = z.discriminatedUnion('platform', [binary_sensor, button, sensor, toggle, update]);

/** What takes an entity away: its platform, and nothing else (schemas.py, check_unique_id). */
export const removal = z.strictObject({ platform: z.enum(Object.keys(PLATFORM) as [keyof typeof PLATFORM]) });

/** util.py, validate_sensor_state_and_device_class_config, and components/sensor/__init__.py, which complains in the log. */
export function faultsOfSensor(sensor: Sensor): string[] {
  const { device_class: kind, state_class: statistics, unit_of_measurement: unit, options } = sensor;
  const faults: string[] = [];
  const { units = undefined, stateClasses = [] } = SENSOR_CLASS[kind ?? ''] ?? {};
  if (kind && statistics && !stateClasses.includes(statistics))
    faults.push(`state_class ${statistics} is none of ${kind}`);
  if (kind && units === undefined && unit) faults.push(`${kind} has no unit`);
  if (units !== undefined && !units.includes(unit ?? '')) faults.push(`${unit} is no unit of ${kind}`);
  if (options !== undefined && (statistics || unit)) faults.push('options beside state_class or unit_of_measurement');
  if ((options !== undefined) !== (kind === 'enum')) faults.push('options and device_class enum go together');
  if (options !== undefined && new Set(options).size !== options.length) faults.push('an option is there twice');
  if (sensor.last_reset_value_template !== undefined && statistics !== 'total')
    faults.push('last_reset_value_template is for totals');
  if (sensor.suggested_display_precision !== undefined && !statistics && !unit)
    faults.push('a precision of what is no number');
  return faults;
}
