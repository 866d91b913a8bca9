/** Makes correct datagrams look as those of real LNSes do: the quirks that are a matter of octets alone. */
import { type Avp, readAvps, writeAvps } from '../wire/avp.ts';
import { AVP } from '../wire/avp-table.ts';
import { concat, uint } from '../wire/bytes.ts';
import { readDatagram, writeControl } from '../wire/l2tp-header.ts';
import { MESSAGE } from '../wire/message-table.ts';
import type { LnsQuirks } from './lns-io.ts';

/** Broadband Forum, whose attributes real LNSes send. */
const VENDOR = 3561;
/** An attribute that RFC 2661 does not have, seen on the wire. */
const UNKNOWN_TYPE = 46;
/** Any will do: the header of a ZLB says nothing about sessions. */
const SOME_SESSION_ID = 0x4711;

/** @param bytes a control or data message as the RFC wants it */
export function disguise(bytes: Uint8Array, quirks: LnsQuirks): Uint8Array {
  const datagram = readDatagram(bytes);
  if (datagram.kind === 'data') return bytes;
  const { header, body } = datagram;
  if (body.length === 0)
    return quirks.zlbWithSessionId ? writeControl({ ...header, sessionId: SOME_SESSION_ID }, body) : bytes;
  const avps = readAvps(body);
  const changed = avps.map((avp) => withResultCode(avp, quirks));
  if (isReply(avps[0])) changed.splice(1, 0, ...additions(quirks));
  return writeControl(header, writeAvps(changed));
}

function isReply(messageType: Avp | undefined): boolean {
  const type = messageType && AVP.messageType.codec.read(messageType.value);
  return type === MESSAGE.SCCRP.type || type === MESSAGE.ICRP.type;
}

function withResultCode(avp: Avp, { resultCode }: LnsQuirks): Avp {
  if (resultCode === undefined || avp.vendor !== 0 || avp.type !== AVP.resultCode.type) return avp;
  const value =
    resultCode === 'short' ? avp.value.subarray(0, 2) : concat(uint(1, 0), avp.value, new Uint8Array(8)).subarray(0, 8);
  return { ...avp, value };
}

function additions({ unknownAvp, vendorAvp }: LnsQuirks): Avp[] {
  const plain = { mandatory: false, hidden: false, reserved: 0, value: uint(2, 0xbeef) };
  const out: Avp[] = [];
  if (unknownAvp !== undefined)
    out.push({ ...plain, vendor: 0, type: UNKNOWN_TYPE, mandatory: unknownAvp === 'mandatory' });
  // Taken for one of RFC 2661 this would be the id of the tunnel, or of the session.
  if (vendorAvp)
    out.push(
      { ...plain, vendor: VENDOR, type: AVP.assignedTunnelId.type },
      { ...plain, vendor: VENDOR, type: AVP.assignedSessionId.type },
    );
  return out;
}
