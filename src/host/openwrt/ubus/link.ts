/** One socket to ubusd with a conversation on it, from connect to close. */
import { connect } from 'node:net';
import type { Clock } from '../../../ports/clock.ts';
import { Conversation } from './conversation.ts';
import type { ConversationEffect, ConversationInput } from './conversation-io.ts';

/** Octets that wait for an ubusd that does not read, at most; then it is given up. */
const MOST_WAITING = 4 * 1024 * 1024;
/** How long what has been said may take to leave, once all is said, ms. */
const FAREWELL_MS = 1000;

/** What a link tells. `send` and `broken` are its own business. */
export type LinkEffect = Exclude<ConversationEffect, { type: 'send' | 'broken' }>;

export interface LinkHandlers {
  perform(effect: LinkEffect): void;
  /** Once, after everything else. @param why in words, for the log */
  ended(why: string): void;
}

export interface Link {
  /** An effect may cause an input: it waits for its turn. A link that has ended only ends calls. */
  push(input: ConversationInput): void;
  /** Lets what was said go out. `ended` follows. */
  close(): void;
}

/** @param path of the socket of ubusd */
export function openLink(path: string, clock: Clock, { perform, ended }: LinkHandlers): Link {
  const conversation = new Conversation(clock.now());
  const alarm = clock.alarm(() => push({ type: 'tick' }));
  const queue: ConversationInput[] = [];
  const is = { running: false };
  let why: string | undefined;

  const socket = connect(path);
  const giveUp = (words: string) => {
    why ??= words;
    socket.destroy();
  };
  const send = (octets: Uint8Array) => {
    if (!socket.writable) return;
    socket.write(octets);
    if (socket.writableLength > MOST_WAITING) giveUp('ubusd does not read');
  };
  const run = () => {
    for (let input = queue.shift(); input !== undefined; input = queue.shift())
      for (const effect of conversation.handle(input, clock.now()))
        if (effect.type === 'send') send(effect.octets);
        else if (effect.type === 'broken') giveUp(`ubusd makes no sense: ${effect.why}`);
        else perform(effect);
    alarm.set(conversation.deadline);
  };
  const push = (input: ConversationInput) => {
    queue.push(input);
    if (is.running) return;
    is.running = true;
    try {
      run();
    } finally {
      is.running = false;
    }
  };

  socket.on('data', (octets) => push({ type: 'octets', octets }));
  socket.on('error', ({ message }) => giveUp(message)); // 'close' follows
  socket.once('close', () => {
    push({ type: 'lost' });
    alarm.close();
    ended(why ?? 'ubusd closed the connection');
  });
  alarm.set(conversation.deadline);
  return {
    push,
    close() {
      socket.setTimeout(FAREWELL_MS, () => socket.destroy());
      socket.destroySoon();
    },
  };
}
