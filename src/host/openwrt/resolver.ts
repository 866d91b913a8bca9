/** Names of servers, asked of the uplink's own name servers as netifd knows them, over that uplink. */
import type { ResolverPort } from '../../ports/resolver.ts';
import type { Uplinks } from './uplinks.ts';

/** @param inner asks the name servers it is given, over a device, and looks for others itself when there are none */
export function openwrtResolver(inner: ResolverPort, uplinks: Uplinks): ResolverPort {
  return {
    async resolve(name, uplink, nameServers) {
      const servers = nameServers.length > 0 ? nameServers : await uplinks.nameServersOf(uplink).catch(() => []);
      const device = uplink && (await uplinks.deviceOf(uplink).catch(() => uplink));
      return inner.resolve(name, device, servers);
    },
  };
}
