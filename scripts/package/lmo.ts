/**
 * A translation as LuCI reads it on a router, .lmo, made of gettext's .po: the translated texts, an index by the hash of what they
 * translate, and the index' place. Numbers are big-endian, everything begins at a multiple of four octets.
 */
import { po } from 'gettext-parser';

interface Indexed {
  readonly key: number;
  /** Which of the plural's forms there are, the number of the last plus one; 0: the rule that chooses among them. */
  readonly forms: number;
  readonly at: number;
  readonly length: number;
}

/** Whatever the header says, and however: LuCI knows nothing else. */
const UTF8 = { defaultCharset: 'utf-8' };

/** @returns no octets where nothing is translated */
export function lmoOf(catalogue: Uint8Array): Uint8Array {
  const { headers, translations } = po.parse(Buffer.from(catalogue), UTF8);
  const texts: Uint8Array[] = [];
  const index: Indexed[] = [];
  let end = 0;
  const add = (key: number, forms: number, text: Uint8Array): void => {
    index.push({ key, forms, at: end, length: text.length });
    texts.push(text, new Uint8Array(-text.length & 3));
    end += (text.length + 3) & ~3;
  };
  const rule = Object.entries(headers).find(([name]) => name.toLowerCase() === 'plural-forms')?.[1];
  if (rule !== undefined) add(0, 0, Buffer.from(rule));
  for (const entry of Object.values(translations).flatMap((entries) => Object.values(entries))) {
    if (entry.msgid === '') continue;
    const { msgctxt, msgid, msgid_plural: plural, msgstr } = entry;
    const context = msgctxt === undefined ? '' : `${written(msgctxt)}\u0001`;
    for (const [form, translated] of msgstr.entries()) {
      if (translated === '') continue;
      const key = hash(context + written(msgid) + (plural === undefined ? '' : `\u0002${form}`));
      const text = written(translated);
      if (key !== hash(text)) add(key, msgstr.length, Buffer.from(text));
    }
  }
  if (end === 0) return new Uint8Array();
  index.sort((a, b) => a.key - b.key);
  const numbers = [...index.flatMap(({ key, forms, at, length }) => [key, forms, at, length]), end];
  return Buffer.concat([...texts, ...numbers.map(word)]);
}

/** LuCI keeps line breaks and tabs as the .po has them, with a backslash. */
const written = (text: string): string =>
  text.replace(/[\n\t\r]/g, (blank) => ({ '\n': '\\n', '\t': '\\t', '\r': '\\r' })[blank] ?? blank);

function word(value: number): Uint8Array {
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(value >>> 0);
  return octets;
}

/** SuperFastHash of Paul Hsieh, begun with the length, over UTF-8; octets that stand alone are signed. */
function hash(text: string): number {
  const data = Buffer.from(text);
  const whole = data.length & ~3;
  let sum = data.length;
  for (let at = 0; at < whole; at += 4) {
    sum = (sum + data.readUInt16LE(at)) >>> 0;
    sum = ((sum << 16) ^ (data.readUInt16LE(at + 2) << 11) ^ sum) >>> 0;
    sum = (sum + (sum >>> 11)) >>> 0;
  }
  switch (data.length - whole) {
    case 3:
      sum = (sum + data.readUInt16LE(whole)) >>> 0;
      sum = (sum ^ (sum << 16)) >>> 0;
      sum = (sum ^ (data.readInt8(whole + 2) << 18)) >>> 0;
      sum = (sum + (sum >>> 11)) >>> 0;
      break;
    case 2:
      sum = (sum + data.readUInt16LE(whole)) >>> 0;
      sum = (sum ^ (sum << 11)) >>> 0;
      sum = (sum + (sum >>> 17)) >>> 0;
      break;
    case 1:
      sum = (sum + data.readInt8(whole)) >>> 0;
      sum = (sum ^ (sum << 10)) >>> 0;
      sum = (sum + (sum >>> 1)) >>> 0;
  }
  sum = (sum ^ (sum << 3)) >>> 0;
  sum = (sum + (sum >>> 5)) >>> 0;
  sum = (sum ^ (sum << 4)) >>> 0;
  sum = (sum + (sum >>> 17)) >>> 0;
  sum = (sum ^ (sum << 25)) >>> 0;
  return (sum + (sum >>> 6)) >>> 0;
}
