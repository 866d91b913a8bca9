/** In which form netifd is told of a tunnel's default route, so that it takes nobody else's away. */
import type { InterfaceState } from './netifd-state.ts';
import { withoutOurs } from './uplinks.ts';

export interface DefaultRoute {
  readonly form: boolean | 'split';
  /** Why it is not as wished. */
  readonly words?: string;
}

/**
 * netifd puts routes in with NLM_F_REPLACE (system-linux.c): of two default routes with one metric the later is alone in the
 * kernel, and the uplink, once it has lost its own, does not get it back with the tunnel's end. Two halves win over any
 * default route and replace none.
 * @param wish of the settings
 * @param options of the interface, as netifd gave them
 * @param states of all interfaces; undefined: netifd does not say
 */
export function defaultRouteOf(
  wish: boolean | 'split',
  options: Readonly<Record<string, unknown>>,
  states: readonly InterfaceState[] | undefined,
): DefaultRoute {
  if (isNo(options.defaultroute)) return { form: false };
  if (wish !== true || options.ip4table !== undefined) return { form: wish };
  // Nobody is known to have one, nor to have none: the halves are right in either case.
  if (states === undefined)
    return { form: 'split', words: 'the default route goes in as two halves: netifd does not say who else has one' };
  const metric = Number(options.metric ?? 0);
  const rival = withoutOurs(states).find(({ isUp, defaultMetrics }) => isUp && defaultMetrics.includes(metric));
  if (rival === undefined) return { form: true };
  const cure = 'to have a whole one, give one of the two another metric';
  const words = `the default route goes in as two halves: interface ${rival.name} has one of the same metric, ${metric}; ${cure}`;
  return { form: 'split', words };
}

const isNo = (value: unknown): boolean => value === false || value === '0' || value === 'false';
