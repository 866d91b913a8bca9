/** How Node is kept small on a router. */
import { setFlagsFromString } from 'node:v8';

/**
 * V8 optimises small functions early, after a few hundred calls. Its compiler is some 4 MB of code that an idle daemon would drag in
 * within a minute, to make a look at the routing table faster. Without that rule a function has to be really hot; a data path is.
 */
export const beThrifty = (): void => setFlagsFromString('--max-bytecode-size-for-early-opt=0');
