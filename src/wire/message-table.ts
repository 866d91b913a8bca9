/** Which AVPs each control message must and may carry (RFC 2661 §6); the types of the decoded messages follow from it. */
import type { AvpName, AvpValues } from './avp-table.ts';

interface MessageSpec {
  /** Value of the Message Type AVP (§3.2). */
  readonly type: number;
  readonly must: readonly AvpName[];
  readonly may: readonly AvpName[];
  readonly ref: string;
}

/** Two more may be in every message (§4.4.1): Message Type, which is first and here is `kind`, and Random Vector. */
export const MESSAGE = {
  SCCRQ: {
    type: 1, ref: '§6.1',
    must: ['protocolVersion', 'hostName', 'framingCapabilities', 'assignedTunnelId'],
    may: ['bearerCapabilities', 'receiveWindowSize', 'challenge', 'tieBreaker', 'firmwareRevision', 'vendorName'],
  },
  SCCRP: {
    type: 2, ref: '§6.2',
    must: ['protocolVersion', 'framingCapabilities', 'hostName', 'assignedTunnelId'],
    may: ['bearerCapabilities', 'firmwareRevision', 'vendorName', 'receiveWindowSize', 'challenge', 'challengeResponse'],
  },
  SCCCN:   { type:  3, ref: '§6.3',  must: [],                                                  may: ['challengeResponse'] },
  StopCCN: { type:  4, ref: '§6.4',  must: ['assignedTunnelId', 'resultCode'],                  may: []                    },
  HELLO:   { type:  6, ref: '§6.5',  must: [],                                                  may: []                    },
  ICRQ: {
    type: 10, ref: '§6.6',
    must: ['assignedSessionId', 'callSerialNumber'],
    may: ['bearerType', 'physicalChannelId', 'callingNumber', 'calledNumber', 'subAddress'],
  },
  ICRP:    { type: 11, ref: '§6.7',  must: ['assignedSessionId'],                               may: []                    },
  ICCN: {
    type: 12, ref: '§6.8',
    must: ['txConnectSpeed', 'framingType'],
    may: [
      'initialReceivedLcpConfreq', 'lastSentLcpConfreq', 'lastReceivedLcpConfreq',
      'proxyAuthenType', 'proxyAuthenName', 'proxyAuthenChallenge', 'proxyAuthenId', 'proxyAuthenResponse',
      'privateGroupId', 'rxConnectSpeed', 'sequencingRequired',
    ],
  },
  OCRQ: {
    type: 7, ref: '§6.9',
    must: ['assignedSessionId', 'callSerialNumber', 'minimumBps', 'maximumBps', 'bearerType', 'framingType', 'calledNumber'],
    may: ['subAddress'],
  },
  OCRP:    { type:  8, ref: '§6.10', must: ['assignedSessionId'],                               may: ['physicalChannelId'] },
  OCCN: {
    type: 9, ref: '§6.11',
    must: ['txConnectSpeed', 'framingType'],
    may: ['rxConnectSpeed', 'sequencingRequired'],
  },
  CDN:     { type: 14, ref: '§6.12', must: ['resultCode', 'assignedSessionId'],                 may: ['q931CauseCode']     },
  WEN:     { type: 15, ref: '§6.13', must: ['callErrors'],                                      may: []                    },
  SLI:     { type: 16, ref: '§6.14', must: ['accm'],                                            may: []                    },
} as const satisfies Record<string, MessageSpec>;

export type MessageKind = keyof typeof MESSAGE;

type Must<K extends MessageKind> = (typeof MESSAGE)[K]['must'][number];
type May<K extends MessageKind> = (typeof MESSAGE)[K]['may'][number];

/** One control message, decoded. AVPs are written in the order of the object's keys. */
export type MessageOf<K extends MessageKind> = { kind: K } & Pick<AvpValues, Must<K>> &
  Partial<Pick<AvpValues, May<K> | 'randomVector'>>;
export type ControlMessage = { [K in MessageKind]: MessageOf<K> }[MessageKind];

/** The kind of a Message Type value; undefined when RFC 2661 has none of that number. */
export const messageKindOf = (type: number): MessageKind | undefined => KINDS.get(type);

const KINDS: ReadonlyMap<number, MessageKind> = new Map(
  (Object.keys(MESSAGE) as MessageKind[]).map((kind) => [MESSAGE[kind].type, kind]),
);
