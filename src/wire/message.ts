/** One control message on the wire: its body, behind the header, to a value and back (RFC 2661 §4, §6). */
import { type Avp, avpOf, type Hiding, hideAvp, octetsOf, openAvp, readAvps, writeAvps } from './avp.ts';
import { AVP, type AvpName, type AvpValues, avpNameOf } from './avp-table.ts';
import type { Codec } from './codec.ts';
import { Malformed } from './malformed.ts';
import { type ControlMessage, MESSAGE, type MessageKind, messageKindOf } from './message-table.ts';

export interface ReadOptions {
  /** The secret shared with the peer, for AVPs that are hidden (§4.3). */
  readonly secret?: Uint8Array;
}

export type ReadResult =
  | { kind: 'message'; message: ControlMessage; ignored: readonly IgnoredAvp[] }
  /** Ignore it if it is not mandatory; otherwise the tunnel must be cleared (§4.4.1). */
  | { kind: 'unknown-message'; type: number; mandatory: boolean };

/**
 * An AVP that was passed over, and why.
 *
 * - `unknown`: not of RFC 2661, or with reserved bits set
 * - `vendor`: somebody's own
 * - `hidden`: no secret, not the right one, or no Random Vector in front
 * - `unreadable`: its value has an impossible length and its M bit is off (§7.1)
 * - `not-allowed`: of RFC 2661, but not of this message
 * - `repeated`: the first one counts
 *
 * With `mandatory`, the first three are what §4.1 and §7.1 end the session or tunnel for; the others are harmless.
 */
export interface IgnoredAvp {
  readonly vendor: number;
  readonly type: number;
  /** The M bit. */
  readonly mandatory: boolean;
  readonly why: 'unknown' | 'vendor' | 'hidden' | 'unreadable' | 'not-allowed' | 'repeated';
}

/**
 * Reads the body of a control message; an empty one (ZLB) is no message. The keys of `message` stand in the order of the
 * AVPs read, so that it is written back as it came.
 * @throws Malformed Message Type is not first, an impossible length in an AVP or in a value with the M bit, an AVP missing (§6)
 */
export function readMessage(body: Uint8Array, { secret }: ReadOptions = {}): ReadResult {
  const [first, ...avps] = readAvps(body);
  if (first === undefined || !isMessageType(first))
    throw new Malformed('no Message Type in front', 0, `RFC 2661 ${AVP.messageType.ref}`);
  const type = AVP.messageType.codec.read(first.value);
  const kind = messageKindOf(type);
  if (kind === undefined) return { kind: 'unknown-message', type, mandatory: first.mandatory };

  const values: Partial<Record<AvpName, unknown>> = {};
  const ignored: IgnoredAvp[] = [];
  let randomVector: Uint8Array | undefined;
  let at = octetsOf(first);
  for (const avp of avps) {
    if (isRandomVector(avp)) {
      randomVector = avp.value; // for what follows, until the next one (§4.4.1)
      values.randomVector ??= avp.value.slice();
    } else {
      const { name, value, why } = readValue(avp, at, kind, openWith(secret, randomVector));
      if (why === undefined && !(name in values)) values[name] = value;
      else ignored.push({ vendor: avp.vendor, type: avp.type, mandatory: avp.mandatory, why: why ?? 'repeated' });
    }
    at += octetsOf(avp);
  }
  requireAll(kind, values, ignored, at);
  // What the table asks for is there, each value made by the codec its name stands for.
  return { kind: 'message', message: { kind, ...values } as ControlMessage, ignored };
}

/**
 * The body of a control message, AVPs in the order of the object's keys. With `hide`, every AVP that may be hidden is.
 * @throws RangeError a value too long for an AVP
 */
export function writeMessage(message: ControlMessage, hide?: Hiding): Uint8Array {
  const avps = [avpOf('messageType', MESSAGE[message.kind].type)];
  if (hide !== undefined) avps.push(avpOf('randomVector', hide.randomVector));
  const { kind: _, ...values } = message;
  for (const [name, value] of Object.entries(values) as [AvpName, AvpValues[AvpName] | undefined][]) {
    // A second vector would apply to all that follows it (§4.3).
    if (value === undefined || (name === 'randomVector' && hide !== undefined)) continue;
    const avp = avpOf(name, value);
    avps.push(hide !== undefined && AVP[name].h === 'any' ? hideAvp(avp, hide) : avp);
  }
  return writeAvps(avps);
}

type Outcome =
  | { name: AvpName; value: unknown; why?: undefined }
  | { name?: undefined; value?: undefined; why: IgnoredAvp['why'] };
type Open = (avp: Avp) => Uint8Array | undefined;

const openWith =
  (secret: Uint8Array | undefined, randomVector: Uint8Array | undefined): Open =>
  (avp) =>
    secret === undefined || randomVector === undefined ? undefined : openAvp(avp, secret, randomVector);

/** @param at where the AVP begins, for errors */
function readValue(avp: Avp, at: number, kind: MessageKind, open: Open): Outcome {
  // INTEROP: a vendor's numbers are not ours: real LNSes send Broadband Forum (3561) attributes.
  if (avp.vendor !== 0) return { why: 'vendor' };
  const name = avpNameOf(avp.type);
  if (name === undefined || avp.reserved !== 0) return { why: 'unknown' };
  if (!isAllowed(name, kind)) return { why: 'not-allowed' };
  const plain = avp.hidden ? open(avp) : avp.value;
  if (plain === undefined) return { why: 'hidden' };
  const codec: Codec<unknown> = AVP[name].codec;
  const [least, most] = codec.octets;
  if (plain.length >= least && plain.length <= most) return { name, value: codec.read(plain) };
  if (avp.hidden) return { why: 'hidden' }; // the wrong secret invents lengths
  if (!avp.mandatory) return { why: 'unreadable' };
  throw new Malformed(`${name} of ${plain.length} octets in ${kind}`, at, `RFC 2661 ${AVP[name].ref}`);
}

function isAllowed(name: AvpName, kind: MessageKind): boolean {
  const { must, may }: { must: readonly AvpName[]; may: readonly AvpName[] } = MESSAGE[kind];
  return must.includes(name) || may.includes(name);
}

/** An AVP that can be what its number says: neither hidden nor with reserved bits. */
const isPlain = (avp: Avp, name: AvpName): boolean =>
  avp.vendor === 0 && avp.type === AVP[name].type && !avp.hidden && avp.reserved === 0;
const isMessageType = (avp: Avp): boolean => isPlain(avp, 'messageType') && avp.value.length === 2;
const isRandomVector = (avp: Avp): boolean => isPlain(avp, 'randomVector');

function requireAll(kind: MessageKind, values: object, ignored: readonly IgnoredAvp[], at: number): void {
  const missing = MESSAGE[kind].must.filter((name) => !(name in values));
  if (missing.length === 0) return;
  const words = missing.map((name) => {
    const passedOver = ignored.find(({ vendor, type }) => vendor === 0 && type === AVP[name].type);
    return passedOver === undefined ? name : `${name} (${passedOver.why})`;
  });
  throw new Malformed(`${kind} without ${words.join(', ')}`, at, `RFC 2661 ${MESSAGE[kind].ref}`);
}
