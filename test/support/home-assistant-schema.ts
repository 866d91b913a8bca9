/**
 * What Home Assistant takes as the discovery of a device over MQTT, after its own rules; stricter in one thing: a key that it does not
 * know is an error here, while it drops such keys without a word. Read for this, in github.com/home-assistant/core below
 * homeassistant/components/mqtt, each at the commit in parentheses, and written anew:
 *
 * schemas.py (0f5c1b547043f5395608e09de3dcf4b7cfafef3d; of 2026.9 the rule for unique_id, and the keys default_entity_id,
 * message_expiry_interval, visible_by_default and entity_picture), config.py (459c79f295fd592fc7b235e4bcb5a6a3d160754e), const.py
 * (0190dc16a64230594e56302364924337e306ee14), util.py (00e441b1b18a02c0178d8b124b09e65f108753fb), button.py
 * (1ecdb9be82be2596c8145d2cf9a3ca3c6daf8d2a), update.py (4a776668ef6dccb7a270d6f7282da2393562ef23), sensor.py, binary_sensor.py and
 * switch.py of 2025, discovery.py (00b08a436e4de6a7be16b25aa0ee10f7b52aff0c, the topic).
 */
import * as z from 'zod';
import {
  AVAILABILITY,
  BASE,
  type Entity,
  entity,
  faultsOfSensor,
  publishTopic,
  removal,
  subscribeTopic,
  url,
} from './home-assistant-entity.ts';

const text = z.string().optional();
const device = z
  .strictObject({
    identifiers: z.array(z.string()).optional(),
    connections: z.array(z.tuple([z.string(), z.string()])).optional(),
    manufacturer: text,
    model: text,
    model_id: text,
    name: text,
    hw_version: text,
    serial_number: text,
    sw_version: text,
    via_device: text,
    suggested_area: text,
    configuration_url: url.optional(),
  })
  .refine(({ identifiers = [], connections = [] }) => identifiers.length + connections.length > 0, {
    error: 'a device needs identifiers or connections',
  });

const shape = z.strictObject({
  ...BASE,
  ...AVAILABILITY,
  device,
  origin: z.strictObject({ name: z.string(), sw_version: text, support_url: url.optional() }),
  components: z.record(z.string().regex(/^[\w-]+$/), z.union([removal, entity])),
  state_topic: subscribeTopic.optional(),
  command_topic: publishTopic.optional(),
});

const discovery = shape.superRefine((found, context) => {
  const faults = [...faultsOfAvailability(found), ...faultsOfComponents(found)];
  for (const message of faults) context.addIssue({ code: 'custom', message });
});

type Discovery = z.output<typeof shape>;
type Availability = { availability?: unknown; availability_topic?: unknown };

/**
 * @param payload of a topic PREFIX/device/ID/config
 * @returns what Home Assistant would not take, or not as it is meant; none: it is right
 */
export function discoveryFaults(discoveryTopic: string, payload: string): string[] {
  const faults = /^[^+#]+\/device\/[a-zA-Z0-9_-]+\/config$/.test(discoveryTopic)
    ? []
    : [`${discoveryTopic} is no topic of a device`];
  if (payload === '') return faults; // all of it goes
  const result = discovery.safeParse(JSON.parse(payload));
  return [...faults, ...(result.error === undefined ? [] : z.prettifyError(result.error).split('\n'))];
}

const faultsOfAvailability = ({ availability, availability_topic: single }: Availability): string[] =>
  availability !== undefined && single !== undefined ? ['availability and availability_topic are one too many'] : [];

function faultsOfComponents(
  found: Pick<Discovery, 'components' | 'device' | 'state_topic' | 'command_topic'>,
): string[] {
  const there = Object.entries(found.components).flatMap(([key, each]) =>
    'unique_id' in each ? [[key, each] as [string, Entity]] : [],
  );
  const ids = there.map(([, each]) => each.unique_id);
  const faults = ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `unique_id ${id} is there twice`);
  for (const [key, each] of there) {
    const say = (words: string) => faults.push(`components.${key}: ${words}`);
    for (const words of faultsOfAvailability(each)) say(words);
    const { default_entity_id: entityId, name: shown, platform } = each;
    if (entityId !== undefined && !entityId.startsWith(`${platform}.`))
      say(`default_entity_id is not one of ${platform}`);
    if (shown && found.device.name && shown.startsWith(found.device.name))
      say('the name repeats the name of the device');
    if (each.json_attributes_template !== undefined && each.json_attributes_topic === undefined)
      say('attributes of no topic');
    if (['binary_sensor', 'sensor', 'update'].includes(platform) && !('state_topic' in each) && !found.state_topic)
      say('no state_topic');
    if (['button', 'switch'].includes(platform) && !('command_topic' in each) && !found.command_topic)
      say('no command_topic');
    if (each.platform === 'sensor') for (const words of faultsOfSensor(each)) say(words);
  }
  return faults;
}
