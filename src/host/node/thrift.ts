/** How Node is kept small on a router. */
import { setFlagsFromString } from 'node:v8';

const FLAGS = [
  // V8 optimises small functions early, after a few hundred calls. Its compiler is some 4 MB of code that an idle daemon would drag
  // in within a minute, to make a look at the routing table faster. Without that rule a function has to be really hot; a data path is.
  '--max-bytecode-size-for-early-opt=0',
  // Machine code in between, not optimised, for whatever runs a few times: 0.8 MB that an idle daemon has no use for, and under
  // load the optimised code takes its place within a second.
  '--no-sparkplug',
];

export const beThrifty = (): void => {
  for (const flag of FLAGS) setFlagsFromString(flag);
};
