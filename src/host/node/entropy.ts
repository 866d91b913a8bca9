/** Octets nobody can guess, from the operating system. */
import { randomBytes } from 'node:crypto';
import type { Entropy } from '../../protocol/machine.ts';

export const entropy: Entropy = (count) => randomBytes(count);
