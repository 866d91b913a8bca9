/**
 * What a subscriber sees, written down so that it can be read, and compared with what it was before: step by step, topic by topic,
 * with times, numbers and names of this machine masked. Of what a broker keeps, each step has the last that was said; of what passes
 * by, everything.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { VERSION } from '../../src/daemon/version.ts';
import type { Observer, Published } from '../support/mqtt-observer.ts';

const PATH = fileURLToPath(new URL('./mqtt-record.txt', import.meta.url));
/** Longer documents are written over several lines. */
const WIDTH = 120;

/** What is never the same twice. */
const MASKS: readonly (readonly [RegExp, string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, 'TIME'],
  [/(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])/g, 'ID'],
  [/"host": ?"[^"]+"/g, '"host": "HOST"'],
  [/"name": ?"[^" ]+ (wan|other)"/g, '"name": "HOST $1"'],
  [new RegExp(`"${VERSION.replaceAll('.', '\\.')}"`, 'g'), '"VERSION"'],
  [/"runtime": ?"[^"]+"/g, '"runtime": "RUNTIME"'],
  [/"machine": ?"[^"]+"/g, '"machine": "MACHINE"'],
  [
    /"(rx_rate|tx_rate|rx_total|tx_total|rx_packets|tx_packets|echo_rtt_ms|retry_in_ms|ms)": ?(null|[\d.]+)/g,
    '"$1": N',
  ],
  [/\b10\.65\.1\.\d+/g, 'ADDRESS'],
  [/\b(after|for|in) [\d.]+ (ms|s)\b/g, '$1 N $2'],
];

export class Record {
  readonly #observer: Observer;
  readonly #text: string[] = [];
  readonly #kept = new Map<string, string>();
  #from = 0;

  constructor(observer: Observer, title: string) {
    this.#observer = observer;
    this.#text.push(...title.split('\n').map((line) => `# ${line}`));
  }

  /** Ends a step: writes down what was heard since the one before. */
  async step(words: string): Promise<void> {
    await this.#observer.quiet();
    const heard = this.#observer.heard.slice(this.#from);
    this.#from = this.#observer.heard.length;
    this.#text.push('', `== ${words}`);
    for (const topic of [...new Set(heard.map((each) => each.topic))].sort())
      this.#text.push(
        ...this.#written(
          topic,
          heard.filter((each) => each.topic === topic),
        ),
      );
  }

  /** What is written down now, and what was when somebody last looked at it; `UPDATE_RECORDS=1` makes them the same. */
  compare(): { now: string; before: string } {
    const now = `${this.#text.join('\n')}\n`;
    if (process.env.UPDATE_RECORDS === '1') writeFileSync(PATH, now);
    return { now, before: readFileSync(PATH, 'utf8') };
  }

  #written(topic: string, heard: readonly Published[]): string[] {
    const isKept = heard.some(({ retain }) => retain);
    const head = masked(`${topic}${isKept ? '  (kept)' : ''}`);
    if (!isKept) return [head, ...heard.flatMap(({ payload }) => document(payload))];
    const text = document(heard.at(-1)?.payload ?? '');
    const isKnown = this.#kept.get(topic) === text.join();
    this.#kept.set(topic, text.join());
    return [head, ...(isKnown ? ['    as before'] : text)];
  }
}

function document(payload: string): string[] {
  if (payload === '') return ['    taken away'];
  const short = masked(spaced(payload));
  const lines = short.length <= WIDTH || !payload.startsWith('{') ? [short] : opened(JSON.parse(payload) as object);
  return lines.map((line) => `    ${line}`);
}

/** One field a line, and one entity a line. */
function opened(value: object): string[] {
  const lines = Object.entries(value).flatMap(([key, field]) => {
    const text = masked(spaced(`{${JSON.stringify(key)}:${JSON.stringify(field)}}`)).slice(1, -1);
    if (text.length <= WIDTH || Array.isArray(field) || typeof field !== 'object' || field === null)
      return [`  ${text},`];
    return [
      `  ${JSON.stringify(key)}: {`,
      ...opened(field as object)
        .slice(1, -1)
        .map((line) => `  ${line}`),
      '  },',
    ];
  });
  return ['{', ...lines, '}'];
}

/** A space after each colon and comma outside of strings. */
const spaced = (json: string): string =>
  json.replace(/("(?:[^"\\]|\\.)*")|([:,])/g, (_, text: string | undefined, mark: string) => text ?? `${mark} `);

const masked = (text: string): string => MASKS.reduce((left, [found, mask]) => left.replace(found, mask), text);
