/** How Node is kept small on a router. */
import { setFlagsFromString } from 'node:v8';

/**
 * Octets of bytecode a function runs before V8 thinks of optimising it: sixty times the default. The compiler's own code is some
 * 4 MB that an idle daemon would otherwise drag in after a minute, to make a look at the routing table faster; a data path under load
 * reaches this within its first second.
 */
const INTERRUPT_BUDGET = 4_000_000;

export const beThrifty = (): void => setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`);
