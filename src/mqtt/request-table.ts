/** What may be asked for on BASE/bridge/request/NAME, and what of the control channel answers it. */

export interface RequestRow {
  /** What the control channel calls it. */
  readonly control: 'up' | 'down' | 'redial' | 'reload' | 'status' | 'events' | 'negotiated' | 'info';
  readonly connection: 'must' | 'may' | 'none';
  /** Changes something, so that commands have to be allowed. */
  readonly acts: boolean;
}

export const REQUEST = {
  connect:    { control: 'up',         connection: 'must', acts: true },
  disconnect: { control: 'down',       connection: 'must', acts: true },
  redial:     { control: 'redial',     connection: 'must', acts: true },
  reload:     { control: 'reload',     connection: 'none', acts: true },
  status:     { control: 'status',     connection: 'may',  acts: false },
  events:     { control: 'events',     connection: 'may',  acts: false },
  negotiated: { control: 'negotiated', connection: 'must', acts: false },
  info:       { control: 'info',       connection: 'none', acts: false },
} as const satisfies Record<string, RequestRow>;

export type RequestName = keyof typeof REQUEST;
