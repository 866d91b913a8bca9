import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mqttScene } from '../../test/support/mqtt-scene.ts';
import { fieldsAt } from '../daemon/settings-schema.ts';
import { STAGE } from '../daemon/stage-table.ts';
import { announcement } from './discovery.ts';
import { connectionDocument, REFUSED } from './documents.ts';
import { Meter } from './measurements.ts';
import { REQUEST } from './request-table.ts';
import { TOPIC, Topics } from './topics.ts';

const announced = JSON.parse(
  announcement({
    id: 'b0b',
    host: 'router',
    version: '1',
    connection: 'vpn',
    topics: new Topics('l2tpwan'),
    commands: true,
  }),
) as { components: Record<string, { default_entity_id: string; name: string }> };
const entities = Object.values(announced.components);

describe.each(['docs/mqtt.md', 'docs/mqtt.zh.md'])('%s', (path) => {
  const text = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  const missing = (words: readonly string[]) => words.filter((word) => !text.includes(`\`${word}\``));
  const blocks = (language: string) =>
    [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(([, block = '']) => block);

  it('names every setting, of the file and of UCI', () => {
    const fields = fieldsAt(['mqtt']);
    const options = fields.map((field) => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
    expect(missing([...fields, ...options])).toEqual([]);
  });

  it('names every topic and every request', () => {
    expect(missing(Object.values(TOPIC).map((topic) => `BASE/${topic}`))).toEqual([]);
    const named = [...text.matchAll(/^\| `BASE\/bridge\/request\/(.*?)` \|/gm)].flatMap(([, cell = '']) =>
      cell.split('`, `'),
    );
    expect(named.sort()).toEqual(Object.keys(REQUEST).sort());
  });

  it('names every state', () => {
    expect(missing([...Object.keys(STAGE), REFUSED])).toEqual([]);
  });

  it('names every entity, and none that there is not', () => {
    const ids = entities.map(({ default_entity_id }) => default_entity_id);
    expect(missing(ids)).toEqual([]);
    const named = [...text.matchAll(/\b(?:binary_sensor|sensor|switch|button)\.l2tpwan_\w+/g)].map(([id]) => id);
    expect(named.filter((id) => !ids.includes(id))).toEqual([]);
  });

  it('shows documents as they are', async () => {
    const [state, event, stats] = blocks('json').map((block) => JSON.parse(block) as Record<string, unknown>);
    const { daemon } = await mqttScene();
    const keys = (document: object = {}) => Object.keys(document);
    expect(keys(state)).toEqual(keys(connectionDocument(daemon.connectionStatus('wan'), [])));
    expect(keys(event)).toEqual(['at', 'kind', 'level', 'words', 'failure']);
    expect(keys(stats)).toEqual(keys(new Meter().measure(1, 1)));
  });
});
