/** What netifd is told of a tunnel, in its own words (`notify_proto`, netifd's proto-ext.c and proto.c; `add_dynamic`). */
import type { LinkUp } from '../../protocol/client-io.ts';
import type { Table } from './ubus/blobmsg.ts';

/** A tunnel that is up. */
export interface Link {
  readonly device: string;
  readonly link: LinkUp;
  /** A default route, two halves of one, or none. */
  readonly defaultRoute: boolean | 'split';
  /** Prefixes into the tunnel, `ADDRESS/LENGTH`. */
  readonly routes: readonly string[];
  /** What else is known of it, for whoever looks at the interface. */
  readonly facts: Readonly<Record<string, string | number>>;
}

/** An interface on the device of another one. */
export interface Child {
  readonly name: string;
  readonly parent: string;
  readonly proto: string;
  readonly zone: string | undefined;
  /** Options of the parent that hold for the child too, as netifd gave them. */
  readonly options: Table;
}

/**
 * The peer's address is never told, nor any gateway: a point-to-point address equal to the server's own would make netifd
 * take the server for somebody on the tunnel's link.
 */
export function linkTable({ device, link, defaultRoute, routes, facts }: Link): Table {
  const all = [...defaults(defaultRoute), ...routes];
  const [four, six] = [all.filter((prefix) => !isSix(prefix)), all.filter(isSix)];
  return {
    'link-up': true,
    ifname: device,
    keep: false,
    ipaddr: [{ ipaddr: link.localAddress, mask: '32' }],
    routes: four.map(routeTable),
    routes6: six.map(routeTable),
    dns: [...link.dns],
    data: { server: link.server.address, mtu: link.mtu, ...facts },
  };
}

/** `device` and `@`: whatever carries the parent's packets. */
export const childTable = ({ name, parent, proto, zone, options }: Child): Table => ({
  ...options,
  name,
  proto,
  device: `@${parent}`,
  ...(zone !== undefined && { zone }),
});

const defaults = (wish: Link['defaultRoute']): string[] => {
  if (wish === 'split') return ['0.0.0.0/1', '128.0.0.0/1'];
  return wish ? ['0.0.0.0/0'] : [];
};

const isSix = (prefix: string): boolean => prefix.includes(':');

/** No metric: netifd gives it the interface's. */
function routeTable(prefix: string): Table {
  const [target = '', netmask = ''] = prefix.split('/');
  return { target, netmask };
}
