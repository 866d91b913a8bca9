/** What each stage of a connection is called, and how loudly it is said. */
import type { LogLevel } from '../ports/log.ts';
import type { Stage } from '../protocol/client-io.ts';

interface StageSpec {
  readonly level: LogLevel;
  /** What happens in it, as a line of its own; SERVER is replaced. */
  readonly words: string;
  /** The same after "failed while". */
  readonly failing: string;
}

export const STAGE: Readonly<Record<Stage, StageSpec>> = {
  idle:           { level: 'info',  words: 'down',                                            failing: 'being down' },
  waiting:        { level: 'debug', words: 'waiting for the next attempt',                    failing: 'waiting' },
  resolving:      { level: 'debug', words: 'looking up the servers',                          failing: 'looking up the servers' },
  preparing:      { level: 'debug', words: 'looking for the way to SERVER',                   failing: 'looking for the way to the server' },
  tunnel:         { level: 'info',  words: 'dialling SERVER',                                 failing: 'opening the tunnel' },
  session:        { level: 'debug', words: 'the tunnel is open, opening the call',            failing: 'opening the call' },
  link:           { level: 'debug', words: 'the call is open, negotiating the PPP link',      failing: 'negotiating the PPP link' },
  authentication: { level: 'debug', words: 'authenticating',                                  failing: 'authenticating' },
  network:        { level: 'debug', words: 'negotiating addresses',                           failing: 'negotiating addresses' },
  configuring:    { level: 'debug', words: 'configuring the device and its routes',           failing: 'configuring the device and its routes' },
  up:             { level: 'info',  words: 'up',                                              failing: 'being up' },
  'hanging-up':   { level: 'info',  words: 'hanging up',                                      failing: 'hanging up' },
};
