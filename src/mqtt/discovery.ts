/** What Home Assistant is told there is: one device for each connection, with all its entities. */
import { ATTRIBUTES, ENTITY, type EntityName, type EntityRow } from './discovery-table.ts';
import { deviceId, type Topics } from './topics.ts';

export interface Announced {
  /** Tells this router from others, [A-Za-z0-9_-]. */
  readonly id: string;
  readonly host: string;
  readonly version: string;
  readonly connection: string;
  readonly topics: Topics;
  /** Whether anybody may command. */
  readonly commands: boolean;
}

/** The payload of a discovery topic. */
export function announcement(of: Announced): string {
  return JSON.stringify({ ...headOf(of), components: componentsOf(of) });
}

/**
 * What is said before it, so that entities that there are no longer go: Home Assistant wants them named once more, with nothing but
 * their platform. undefined: there are all that there can be.
 */
export function farewellTo(of: Announced): string | undefined {
  const gone = rows.filter(([, row]) => !isThere(row, of));
  if (gone.length === 0) return undefined;
  const named = gone.map(([name, { platform }]) => [name, { platform }]);
  return JSON.stringify({ ...headOf(of), components: { ...componentsOf(of), ...Object.fromEntries(named) } });
}

const rows = Object.entries(ENTITY) as [EntityName, EntityRow][];

const isThere = ({ command }: EntityRow, { commands }: Announced): boolean => command === undefined || commands;

function headOf({ id, host, version, connection, topics }: Announced): object {
  return {
    device: {
      identifiers: [deviceId(id, connection)],
      name: `${host} ${connection}`,
      manufacturer: 'l2tpwan',
      model: 'L2TP connection',
      sw_version: version,
    },
    origin: { name: 'l2tpwan', sw_version: version },
    availability: [
      { topic: topics.of('bridgeState'), value_template: '{{ value_json.state }}' },
      { topic: topics.of('availability', connection) },
    ],
    availability_mode: 'all',
  };
}

const componentsOf = (of: Announced): object =>
  Object.fromEntries(
    rows.filter(([, row]) => isThere(row, of)).map(([name, row]) => [name, componentOf(name, row, of)]),
  );

function componentOf(
  name: EntityName,
  { platform, name: words, from, value, command, more }: EntityRow,
  of: Announced,
) {
  const { id, connection, topics } = of;
  const attributes = ATTRIBUTES[name];
  const state = from && topics.of(from, connection);
  return {
    platform,
    unique_id: `${deviceId(id, connection)}_${name}`,
    default_entity_id: `${platform}.l2tpwan_${slugOf(connection)}_${name}`,
    name: words,
    ...(state && { state_topic: state }),
    ...(value && { value_template: value }),
    ...(attributes && { json_attributes_topic: state, json_attributes_template: attributes }),
    ...(command && { command_topic: `${topics.of('set', connection)}/${command}` }),
    ...more,
  };
}

/** Small letters, digits and underscores: what an entity's id may be made of. */
const slugOf = (connection: string): string => connection.toLowerCase().replaceAll('-', '_');
