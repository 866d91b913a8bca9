/** Gives an authentication method its packets already read: the one place where octets that cannot be read end. */
import { Malformed } from '../../wire/malformed.ts';
import type { Instant } from '../deadlines.ts';
import type { Machine } from '../machine.ts';
import type { AuthInput, MethodInput } from './authentication-io.ts';

/** @param read throws Malformed; nothing else may come out of it */
export function onWire<Message, Effect>(
  protocol: number,
  read: (bytes: Uint8Array) => Message,
  method: Machine<MethodInput<Message>, Effect>,
): Machine<AuthInput, Effect | { type: 'dropped'; why: string }> {
  return {
    handle(input: AuthInput, now: Instant) {
      if (input.type !== 'packet') return method.handle(input, now);
      if (input.protocol !== protocol)
        return [{ type: 'dropped', why: 'an authentication protocol that was not agreed' }];
      const message = readOr(read, input.bytes);
      if (message instanceof Malformed) return [{ type: 'dropped', why: message.message }];
      return method.handle({ type: 'message', message }, now);
    },
    get deadline() {
      return method.deadline;
    },
  };
}

function readOr<Message>(read: (bytes: Uint8Array) => Message, bytes: Uint8Array): Message | Malformed {
  try {
    return read(bytes);
  } catch (error) {
    if (error instanceof Malformed) return error;
    throw error;
  }
}
