/** The state machines as pictures, drawn from the very tables that run them: what the README of the engine shows. */
import { LAC_TABLE, LNS_TABLE, type SessionRow } from '../../src/protocol/l2tp/session-table.ts';
import { TUNNEL_TABLE, type TunnelRow } from '../../src/protocol/l2tp/tunnel-table.ts';
import { EVENTS, type Event, STATES, transition } from '../../src/protocol/ppp/automaton-table.ts';

export interface Arrow {
  readonly from: string;
  readonly event: string;
  readonly actions: readonly string[];
  /** `[*]`: nothing leads out of it again. */
  readonly to: string;
}

const END = '[*]';

/** A mermaid state diagram. Arrows that differ in their event alone are drawn as one. */
export function stateDiagram(first: string, arrows: readonly Arrow[]): string {
  const merged = new Map<string, Arrow & { readonly events: string[] }>();
  for (const arrow of arrows) {
    const key = JSON.stringify([arrow.from, arrow.actions, arrow.to]);
    const same = merged.get(key);
    if (same === undefined) merged.set(key, { ...arrow, events: [arrow.event] });
    else same.events.push(arrow.event);
  }
  const states = [...new Set(arrows.flatMap(({ from, to }) => [from, to]))].filter((state) => state !== END);
  return [
    'stateDiagram-v2',
    '  direction LR',
    ...states.map((state) => `  state "${state}" as ${idOf(state)}`),
    `  ${END} --> ${idOf(first)}`,
    ...[...merged.values()].map(({ from, to, events, actions }) => {
      const label = [events.join(', '), actions.join(', ')].filter((part) => part !== '').join(' / ');
      return `  ${idOf(from)} --> ${idOf(to)}: ${label}`;
    }),
  ].join('\n');
}

/** Mermaid takes a hyphen for the beginning of an arrow. */
const idOf = (state: string): string => state.replaceAll('-', '_');

/** `clean up` is the end, whatever state the row names. */
const arrowsOf = (table: readonly (TunnelRow | SessionRow)[]): Arrow[] =>
  table.map(([from, event, actions, to]) => ({
    from,
    event,
    actions: actions.filter((action) => action !== 'clean up'),
    to: (actions as readonly string[]).includes('clean up') ? END : to,
  }));

/** What leads to another state; the rest of the table would hide it. */
const automatonArrows = (events: readonly Event[]): Arrow[] =>
  STATES.flatMap((from) =>
    events.flatMap((event) => {
      const { actions, next: to } = transition(from, event) ?? { actions: [], next: from };
      return to === from ? [] : [{ from, event, actions, to }];
    }),
  );

/** The events of a link that comes up; with the others it goes down. */
const OPENING: readonly Event[] = ['up', 'open', 'to+', 'rcr+', 'rcr-', 'rca', 'rcn'];

/** By the names that stand in the README. */
export const DIAGRAMS: Readonly<Record<string, string>> = {
  tunnel: stateDiagram('idle', arrowsOf(TUNNEL_TABLE)),
  'session LAC': stateDiagram('wait-tunnel', arrowsOf(LAC_TABLE)),
  'session LNS': stateDiagram('idle', arrowsOf(LNS_TABLE)),
  'automaton opening': stateDiagram('initial', automatonArrows(OPENING)),
  'automaton closing': stateDiagram('initial', automatonArrows(EVENTS.filter((event) => !OPENING.includes(event)))),
};

const PLACE = /(<!-- diagram: ([^>]+) -->\n)[\s\S]*?(<!-- end of diagram -->)/g;

/**
 * The text with every diagram in its place drawn anew.
 * @throws Error a place with an unknown name, or a diagram without a place
 */
export function withDiagrams(text: string): string {
  const missing = new Set(Object.keys(DIAGRAMS));
  const drawn = text.replace(PLACE, (_, begin: string, name: string, end: string) => {
    const diagram = DIAGRAMS[name];
    if (diagram === undefined) throw new Error(`there is no diagram "${name}"`);
    missing.delete(name);
    return `${begin}\`\`\`mermaid\n${diagram}\n\`\`\`\n${end}`;
  });
  if (missing.size > 0) throw new Error(`no place for ${[...missing].join(', ')}`);
  return drawn;
}
