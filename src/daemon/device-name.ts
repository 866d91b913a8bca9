/** What the tunnel device of a connection is called. */

/** IFNAMSIZ of Linux less its final zero, octets. */
export const LONGEST_DEVICE = 15;

/** As configured, or `l2w-NAME`, a hash standing for what is too long. */
export function deviceOf(name: string, device: string | undefined): string {
  const whole = device ?? `l2w-${name}`;
  return whole.length <= LONGEST_DEVICE ? whole : `${whole.slice(0, LONGEST_DEVICE - 6)}-${hash(name)}`;
}

/** FNV-1a as five letters and digits; whether two names share one all the same is for the check of the file to see. */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (const character of text) value = Math.imul(value ^ (character.codePointAt(0) as number), 0x01000193) >>> 0;
  return value.toString(36).padStart(7, '0').slice(-5);
}
