/** How a method of somebody else's object is called: found by name first, for ids change when a process restarts. */
import { Malformed } from '../../../wire/malformed.ts';
import { readTable } from './blobmsg.ts';
import type { UbusStatus } from './bus.ts';
import type { Call, ConversationEffect, Outcome, Step } from './conversation-io.ts';

export const findCallee = (call: Call): Step => ({
  type: 'ask',
  purpose: { kind: 'find-callee', call },
  message: 'lookup',
  peer: 0,
  attributes: { objectPath: call.object },
});

export function calleeFound(call: Call, { status, answer: { objectId } }: Outcome): Step {
  if (status !== 'ok') return callFailed(call, status);
  if (objectId === undefined) return callFailed(call, 'notFound'); // an object of which nothing may be called
  const { method, data } = call;
  return {
    type: 'ask',
    purpose: { kind: 'invoke', call },
    message: 'invoke',
    peer: objectId,
    attributes: { objectId, method, data },
  };
}

export function callAnswered(call: Call, { status, answer: { data } }: Outcome): Step {
  if (status !== 'ok') return callFailed(call, status);
  try {
    const table = data === undefined ? {} : readTable(data);
    return { type: 'call-ended', id: call.id, result: { status: 'ok', data: table } };
  } catch (error) {
    if (error instanceof Malformed) return callFailed(call, 'parseError', error.message);
    throw error;
  }
}

export function callFailed(call: Call, status: Exclude<UbusStatus, 'ok'>, why = WORDS[status]): ConversationEffect {
  return { type: 'call-ended', id: call.id, result: { status, words: `${call.object} ${call.method}: ${why}` } };
}

const WORDS: Readonly<Record<Exclude<UbusStatus, 'ok'>, string>> = {
  invalidCommand: 'invalid command',
  invalidArgument: 'invalid argument',
  methodNotFound: 'no such method',
  notFound: 'no such object',
  noData: 'no data',
  permissionDenied: 'permission denied',
  timeout: 'no answer in time',
  notSupported: 'not supported',
  unknownError: 'unknown error',
  connectionFailed: 'no connection to ubusd',
  noMemory: 'out of memory',
  parseError: 'an answer that cannot be read',
  systemError: 'system error',
};
