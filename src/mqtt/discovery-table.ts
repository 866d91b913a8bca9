/**
 * Every entity that Home Assistant is told of for one connection.
 * Classes, units and categories are Home Assistant's; `from` says which document holds the value.
 */

import { STAGE } from '../daemon/stage-table.ts';
import { FAILURE } from '../protocol/failure.ts';
import { REFUSED } from './documents.ts';

export interface EntityRow {
  readonly platform: 'binary_sensor' | 'sensor' | 'switch' | 'button';
  /** Short: Home Assistant puts the device's name before it. */
  readonly name: string;
  /** Which topic has the value; undefined: it has none. */
  readonly from?: 'state' | 'stats' | 'bridgeInfo';
  /** Jinja, given `value_json`. */
  readonly value?: string;
  /** Only there when commands are allowed: the key of the connection's /set. */
  readonly command?: 'enabled' | 'redial';
  /** Put into the configuration as it is. */
  readonly more: Readonly<Record<string, unknown>>;
}

const DIAGNOSTIC = { entity_category: 'diagnostic' } as const;
const NOISE = { enabled_by_default: false } as const;
const RATE = { device_class: 'data_rate', state_class: 'measurement', unit_of_measurement: 'bit/s', suggested_display_precision: 0 } as const;
const SIZE = { device_class: 'data_size', state_class: 'total_increasing', unit_of_measurement: 'B', suggested_display_precision: 0 } as const;

/** Nothing is `None` to Home Assistant: unknown. */
const field = (name: string): string => `{{ value_json.${name} }}`;

export const ENTITY = {
  connected:       { platform: 'binary_sensor', name: 'Connected', from: 'state', value: "{{ 'ON' if value_json.state == 'up' else 'OFF' }}",
                     more: { device_class: 'connectivity' } },
  enabled:         { platform: 'switch', name: 'Enabled', from: 'state', value: "{{ 'ON' if value_json.enabled else 'OFF' }}", command: 'enabled',
                     more: { payload_on: 'ON', payload_off: 'OFF', icon: 'mdi:lan-connect' } },
  redial:          { platform: 'button', name: 'Redial', command: 'redial',
                     more: { device_class: 'restart', payload_press: 'PRESS' } },
  state:           { platform: 'sensor', name: 'State', from: 'state', value: field('state'),
                     more: { device_class: 'enum', options: [...Object.keys(STAGE), REFUSED], ...DIAGNOSTIC, icon: 'mdi:state-machine' } },
  last_failure:    { platform: 'sensor', name: 'Last failure', from: 'state',
                     value: "{{ value_json.last_failure.code if value_json.last_failure else 'None' }}",
                     more: { device_class: 'enum', options: Object.keys(FAILURE), ...DIAGNOSTIC, icon: 'mdi:alert-circle-outline' } },
  connected_since: { platform: 'sensor', name: 'Connected since', from: 'state', value: field('connected_since'),
                     more: { device_class: 'timestamp', ...DIAGNOSTIC } },
  rx_rate:         { platform: 'sensor', name: 'Download rate', from: 'stats', value: field('rx_rate'), more: { ...RATE, icon: 'mdi:download-network' } },
  tx_rate:         { platform: 'sensor', name: 'Upload rate', from: 'stats', value: field('tx_rate'), more: { ...RATE, icon: 'mdi:upload-network' } },
  rx_total:        { platform: 'sensor', name: 'Downloaded', from: 'stats', value: field('rx_total'), more: { ...SIZE, ...DIAGNOSTIC } },
  tx_total:        { platform: 'sensor', name: 'Uploaded', from: 'stats', value: field('tx_total'), more: { ...SIZE, ...DIAGNOSTIC } },
  local_address:   { platform: 'sensor', name: 'Address', from: 'state', value: field('address'), more: { ...DIAGNOSTIC, icon: 'mdi:ip-network' } },
  peer_address:    { platform: 'sensor', name: "Server's tunnel address", from: 'state', value: field('peer_address'),
                     more: { ...DIAGNOSTIC, ...NOISE, icon: 'mdi:ip-network-outline' } },
  server:          { platform: 'sensor', name: 'Server', from: 'state', value: field('server'), more: { ...DIAGNOSTIC, icon: 'mdi:server-network' } },
  echo_rtt:        { platform: 'sensor', name: 'Echo round trip', from: 'stats', value: field('echo_rtt_ms'),
                     more: { device_class: 'duration', state_class: 'measurement', unit_of_measurement: 'ms', suggested_display_precision: 1, ...DIAGNOSTIC, ...NOISE } },
  reconnects:      { platform: 'sensor', name: 'Reconnects', from: 'state', value: '{{ [value_json.times_up - 1, 0] | max }}',
                     more: { state_class: 'total_increasing', ...DIAGNOSTIC, icon: 'mdi:restart-alert' } },
  version:         { platform: 'sensor', name: 'l2tpwan', from: 'bridgeInfo', value: field('version'),
                     more: { ...DIAGNOSTIC, ...NOISE, icon: 'mdi:information-outline' } },
} as const satisfies Record<string, EntityRow>;

export type EntityName = keyof typeof ENTITY;

/** The entities whose attributes say more than their state. */
export const ATTRIBUTES: Readonly<Partial<Record<EntityName, string>>> = {
  state:        "{{ {'words': value_json.words, 'attempts': value_json.attempts, 'next_attempt': value_json.next_attempt, 'warnings': value_json.warnings} | tojson }}",
  last_failure: "{{ (value_json.last_failure or {}) | tojson }}",
};
