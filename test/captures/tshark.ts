// What tshark read in control messages (test/fixtures/control-messages.json), in the shape of our own values.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AvpName, AvpValues } from '../../src/wire/avp-table.ts';
import { octets } from '../codec-vectors.ts';

/** Fields of one AVP, named and written as tshark does. */
export type Fields = ReadonlyMap<string, string>;

export interface CapturedRow {
  readonly capture: string;
  readonly frame: number;
  readonly tunnelId: number;
  readonly sessionId: number;
  readonly ns: number;
  readonly nr: number;
  readonly avps: readonly Fields[];
}
export interface MadeRow {
  readonly kind: string;
  /** The whole datagram, hexadecimal. */
  readonly datagram: string;
  readonly avps: readonly Fields[];
}

/** Fields of one AVP are a Map, so that a field that tshark did not find is plainly undefined. */
const toFields = (_: string, value: unknown): unknown => (isFields(value) ? new Map(Object.entries(value)) : value);
const isFields = (value: unknown): value is object =>
  value !== null && typeof value === 'object' && 'vendor_id' in value;

export const TSHARK: { readonly captured: readonly CapturedRow[]; readonly made: readonly MadeRow[] } = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/control-messages.json'), 'utf8'),
  toFields,
);

/** The value of one AVP, and its name by the RFC's number, from tshark's fields alone. */
export function avpFrom(fields: Fields): [name: AvpName, value: AvpValues[AvpName]] {
  const reading = READINGS[Number(fields.get('type'))];
  if (reading === undefined) throw new Error(`tshark's fields of AVP ${fields.get('type')} are not known here`);
  const [name, read] = reading;
  return [name, read(fields)];
}

/** tshark ends a text at its first NUL; so must ours, to be compared. */
export const untilNul = (text: string): string => text.split('\0', 1)[0] ?? '';

const number = (field: string) => (fields: Fields) => Number(fields.get(field));
const text = (field: string) => (fields: Fields) => fields.get(field) ?? '';
const bytes = (field: string) => (fields: Fields) => octets((fields.get(field) ?? '').replaceAll(':', ''));
const twoBits = (high: string, low: string) => (fields: Fields) =>
  Number(fields.get(high)) * 2 + Number(fields.get(low));

// biome-ignore format: a table
const READINGS: Readonly<Record<number, [AvpName, (fields: Fields) => AvpValues[AvpName]]>> = {
   1: ['resultCode', (fields) => ({
        result: Number(fields.get('result_code')),
        ...(fields.has('error_code') && { error: Number(fields.get('error_code')) }),
        ...(fields.has('error_message') && { text: text('error_message')(fields) }),
      })],
   2: ['protocolVersion', (fields) => Number(fields.get('protocol_version')) * 256 + Number(fields.get('protocol_revision'))],
   3: ['framingCapabilities', twoBits('async_framing_supported', 'sync_framing_supported')],
   4: ['bearerCapabilities', twoBits('analog_access_supported', 'digital_access_supported')],
   5: ['tieBreaker', (fields) => octets((fields.get('tie_breaker') ?? '').slice('0x'.length))],
   6: ['firmwareRevision', number('firmware_revision')],
   7: ['hostName', text('host_name')],
   8: ['vendorName', text('vendor_name')],
   9: ['assignedTunnelId', number('assigned_tunnel_id')],
  10: ['receiveWindowSize', number('receive_window_size')],
  11: ['challenge', bytes('chap_challenge')],
  12: ['q931CauseCode', (fields) => ({
        cause: Number(fields.get('cause_code')),
        message: Number(fields.get('cause_msg')),
        ...(fields.has('advisory_msg') && { advisory: text('advisory_msg')(fields) }),
      })],
  13: ['challengeResponse', bytes('chap_challenge_response')],
  14: ['assignedSessionId', number('assigned_session_id')],
  15: ['callSerialNumber', number('call_serial_number')],
  16: ['minimumBps', number('minimum_bps')],
  17: ['maximumBps', number('maximum_bps')],
  18: ['bearerType', twoBits('analog_bearer_type', 'digital_bearer_type')],
  19: ['framingType', twoBits('async_framing_type', 'sync_framing_type')],
  21: ['calledNumber', text('called_number')],
  22: ['callingNumber', text('calling_number')],
  23: ['subAddress', text('sub_address')],
  24: ['txConnectSpeed', number('connect_speed')],
  25: ['physicalChannelId', number('physical_channel')],
  26: ['initialReceivedLcpConfreq', bytes('initial_received_lcp_confreq')],
  27: ['lastSentLcpConfreq', bytes('last_sent_lcp_confreq')],
  28: ['lastReceivedLcpConfreq', bytes('last_received_lcp_confreq')],
  29: ['proxyAuthenType', number('proxy_authen_type')],
  30: ['proxyAuthenName', (fields) => Uint8Array.from(Buffer.from(fields.get('proxy_authen_name') ?? ''))],
  31: ['proxyAuthenChallenge', bytes('proxy_authen_challenge')],
  32: ['proxyAuthenId', number('proxy_authen_id')],
  33: ['proxyAuthenResponse', bytes('proxy_authen_response')],
  34: ['callErrors', (fields) => ({
        crcErrors: Number(fields.get('crc_errors')),
        framingErrors: Number(fields.get('framing_errors')),
        hardwareOverruns: Number(fields.get('hardware_overruns')),
        bufferOverruns: Number(fields.get('buffer_overruns')),
        timeOutErrors: Number(fields.get('time_out_errors')),
        alignmentErrors: Number(fields.get('alignment_errors')),
      })],
  35: ['accm', (fields) => ({ send: Number(fields.get('send_accm')), receive: Number(fields.get('receive_accm')) })],
  36: ['randomVector', bytes('random_vector')],
  37: ['privateGroupId', bytes('private_group_id')],
  38: ['rxConnectSpeed', number('rx_connect_speed')],
  39: ['sequencingRequired', () => true],
};
