/** Text as octets, for hosts without TextEncoder: UTF-8 both ways and UTF-16LE out (MS-CHAP passwords, RFC 2759 §8.3). */

const REPLACEMENT = '\ufffd';

/** UTF-8 octets of a string; a lone surrogate becomes U+FFFD. */
export function utf8Of(value: string): Uint8Array {
  const out: number[] = [];
  for (const character of value) {
    const read = character.codePointAt(0) as number;
    const point = read >= 0xd800 && read <= 0xdfff ? 0xfffd : read;
    if (point < 0x80) out.push(point);
    else if (point < 0x800) out.push(0xc0 | (point >> 6), continuation(point));
    else if (point < 0x10000) out.push(0xe0 | (point >> 12), continuation(point >> 6), continuation(point));
    else out.push(0xf0 | (point >> 18), continuation(point >> 12), continuation(point >> 6), continuation(point));
  }
  return Uint8Array.from(out);
}

/** The text of UTF-8 octets; what is not UTF-8 is read as U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  let out = '';
  for (let at = 0; at < bytes.length; ) {
    const [point, size] = codePoint(bytes, at);
    out += point === undefined ? REPLACEMENT : String.fromCodePoint(point);
    at += size;
  }
  return out;
}

/** UTF-16LE octets of a string, without a byte order mark. */
export function utf16leOf(value: string): Uint8Array {
  const out = new Uint8Array(value.length * 2);
  for (let i = 0; i < value.length; i++) {
    out[2 * i] = value.charCodeAt(i) & 0xff;
    out[2 * i + 1] = value.charCodeAt(i) >> 8;
  }
  return out;
}

const continuation = (bits: number): number => 0x80 | (bits & 0x3f);

/** One character: its code point, undefined where the octets are not UTF-8, and how many octets to skip. */
function codePoint(bytes: Uint8Array, at: number): [point: number | undefined, size: number] {
  const lead = bytes[at] as number;
  if (lead < 0x80) return [lead, 1];
  const more = lead >= 0xf0 && lead < 0xf5 ? 3 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xc2 && lead < 0xe0 ? 1 : 0;
  if (more === 0) return [undefined, 1];
  let point = lead & (0x3f >> more);
  for (let i = 1; i <= more; i++) {
    const octet = bytes[at + i];
    if (octet === undefined || (octet & 0xc0) !== 0x80) return [undefined, i];
    point = (point << 6) | (octet & 0x3f);
  }
  const shortest = more === 1 ? 0x80 : more === 2 ? 0x800 : 0x10000;
  const legal = point >= shortest && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
  return [legal ? point : undefined, more + 1];
}
