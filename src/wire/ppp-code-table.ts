/** Which codes the control protocols of PPP know, and what the RFCs call them. */

/** LCP, and up to Code-Reject every NCP too (RFC 1661 §5). */
export const LCP_CODE = {
  configureRequest:   1, // RFC 1661 §5.1
  configureAck:       2, // RFC 1661 §5.2
  configureNak:       3, // RFC 1661 §5.3
  configureReject:    4, // RFC 1661 §5.4
  terminateRequest:   5, // RFC 1661 §5.5
  terminateAck:       6, // RFC 1661 §5.5
  codeReject:         7, // RFC 1661 §5.6
  protocolReject:     8, // RFC 1661 §5.7, LCP alone from here on
  echoRequest:        9, // RFC 1661 §5.8
  echoReply:         10, // RFC 1661 §5.8
  discardRequest:    11, // RFC 1661 §5.9
  identification:    12, // RFC 1570 §1.1
  timeRemaining:     13, // RFC 1570 §1.2
} as const;

/** RFC 1334 §2.2 */
export const PAP_CODE = {
  authenticateRequest: 1,
  authenticateAck:     2,
  authenticateNak:     3,
} as const;

/** RFC 1994 §4, the same in MS-CHAP (RFC 2433, RFC 2759). */
export const CHAP_CODE = {
  challenge: 1,
  response:  2,
  success:   3,
  failure:   4,
} as const;
