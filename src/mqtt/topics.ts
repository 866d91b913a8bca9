/** The name of every topic: what we say where, and what is said to us. */

/** Below the base topic. NAME is a connection, or of a request. */
export const TOPIC = {
  bridgeState: 'bridge/state',
  bridgeInfo: 'bridge/info',
  bridgeEvent: 'bridge/event',
  bridgeLogging: 'bridge/logging',
  bridgeTest: 'bridge/test',
  response: 'bridge/response/NAME',
  state: 'NAME',
  stats: 'NAME/stats',
  availability: 'NAME/availability',
  event: 'NAME/event',
  set: 'NAME/set',
} as const;

/** What is said to us, as filters to subscribe to. */
const HEARD = ['+/set', '+/set/+', 'bridge/request/+'] as const;

export type Incoming =
  | { readonly kind: 'set'; readonly connection: string; readonly key: string | undefined }
  | { readonly kind: 'request'; readonly request: string };

export class Topics {
  readonly base: string;

  /** @param base checked: no wildcards, no empty levels */
  constructor(base: string) {
    this.base = base;
  }

  /** @param name of a connection or a request, where the topic has one; see `isNameable` */
  of(topic: keyof typeof TOPIC, name = ''): string {
    const level = topic === 'response' ? name : levelOf(name);
    return `${this.base}/${TOPIC[topic].replace('NAME', level)}`;
  }

  get heard(): readonly string[] {
    return HEARD.map((filter) => `${this.base}/${filter}`);
  }

  /** What a message on this topic is; undefined: nothing of ours. */
  read(topic: string): Incoming | undefined {
    if (!topic.startsWith(`${this.base}/`)) return undefined;
    const [first = '', second, third, ...more] = topic.slice(this.base.length + 1).split('/');
    if (more.length > 0) return undefined;
    if (first === 'bridge')
      return second === 'request' && third !== undefined ? { kind: 'request', request: third } : undefined;
    return second === 'set' ? { kind: 'set', connection: nameOf(first), key: third } : undefined;
  }
}

/** Whether a connection can have topics: nobody's name may be more than one level, a wildcard, or another's topic. */
export const isNameable = (name: string): boolean => /^[\w-]{1,64}$/.test(name);

/** Where Home Assistant looks for what there is of a connection. */
export const discoveryTopic = (prefix: string, id: string, connection: string): string =>
  `${prefix}/device/${deviceId(id, connection)}/config`;

/** What Home Assistant knows a connection by: the same for ever, whatever anything is called there. */
export const deviceId = (id: string, connection: string): string => `l2tpwan_${id}_${connection}`;

/** A connection called `bridge` is not the bridge; no name has a dot in it. */
const BRIDGE = { name: 'bridge', level: 'connection.bridge' } as const;

const levelOf = (name: string): string => (name === BRIDGE.name ? BRIDGE.level : name);
const nameOf = (level: string): string => (level === BRIDGE.level ? BRIDGE.name : level);
