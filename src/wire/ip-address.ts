/** An IP address in its usual text form as octets, for comparing it with what stands in a packet. */

/** 4 octets of an IPv4 address, 16 of an IPv6 one (a zone such as `%eth0` is left out); undefined when it is neither. */
export function addressOctets(text: string): Uint8Array | undefined {
  return text.includes(':') ? ipv6Octets(text.replace(/%.*$/, '')) : ipv4Octets(text);
}

function ipv4Octets(text: string): Uint8Array | undefined {
  const parts = text.split('.');
  const legal = parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
  return legal ? Uint8Array.from(parts, Number) : undefined;
}

/** RFC 4291 §2.2: eight groups, one run of zeros written `::`, the last two groups possibly as an IPv4 address. */
function ipv6Octets(text: string): Uint8Array | undefined {
  const [front = '', back, ...more] = text.split('::');
  if (more.length > 0) return undefined;
  const head = groupOctets(front, back === undefined);
  const tail = groupOctets(back ?? '', true);
  if (head === undefined || tail === undefined) return undefined;
  const zeros = 16 - head.length - tail.length;
  if (back === undefined ? zeros !== 0 : zeros < 2) return undefined;
  return Uint8Array.from([...head, ...new Array<number>(zeros).fill(0), ...tail]);
}

/** Octets of `a:b:c`, or `a:b:1.2.3.4` where that `isLast`; of nothing, none. */
function groupOctets(text: string, isLast: boolean): number[] | undefined {
  if (text === '') return [];
  const groups = text.split(':');
  const out: number[] = [];
  for (const [i, group] of groups.entries()) {
    const octets = isLast && i === groups.length - 1 && group.includes('.') ? ipv4Octets(group) : twoOctets(group);
    if (octets === undefined) return undefined;
    out.push(...octets);
  }
  return out;
}

function twoOctets(group: string): readonly number[] | undefined {
  const value = Number.parseInt(group, 16);
  return /^[0-9a-f]{1,4}$/i.test(group) ? [value >> 8, value & 0xff] : undefined;
}
