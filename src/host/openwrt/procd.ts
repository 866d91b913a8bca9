/** What procd says of the service that it runs us for. */
import type { Bus } from './ubus/bus.ts';

/** The service, and the object of procd that speaks of all of them. */
const [SERVICE, PROCD] = ['l2tpwan', 'service'];

/**
 * procd's process is the jailer where there is a jail. When that one is killed, we live on where procd does not know us, and in
 * the way of the successor that it starts. In the jail nothing of this can be seen: we have no parent there.
 * @param orphaned called when procd says that our service's process has ended, which is not said of a process that could hear it
 * @returns ends it
 */
export function onOrphaned(bus: Bus, orphaned: () => void): () => void {
  return bus.subscribe(PROCD, (event, { service }) => {
    if (event === 'instance.stop' && service === SERVICE) orphaned();
  });
}
