/** How the ids are chosen that name our end of a tunnel or a call: at random, never 0 (RFC 2661 §4.4.3, §5.3). */
import type { Entropy } from '../machine.ts';

/** @returns 1-65535 */
export function randomId(entropy: Entropy): number {
  const [high = 0, low = 0] = entropy(2);
  return 1 + (((high << 8) | low) % 65535);
}
