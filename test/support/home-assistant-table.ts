/**
 * What Home Assistant knows of device classes, as far as anything here could use it: homeassistant/components/sensor/const.py
 * (commit 00eb6680fbf6bdf7af2499095f2e74fca980a148), and the enumerations of homeassistant/const.py and of the other platforms.
 */

/** Of a class of sensors: which units its values may have, and which kinds of statistics there may be. */
export interface SensorClass {
  /** undefined: none at all. */
  readonly units: readonly string[] | undefined;
  readonly stateClasses: readonly string[];
}

const ANY_STATISTICS = ['measurement', 'measurement_angle', 'total', 'total_increasing'];

export const SENSOR_CLASS: Readonly<Record<string, SensorClass>> = {
  date:      { units: undefined, stateClasses: [] },
  enum:      { units: undefined, stateClasses: [] },
  timestamp: { units: undefined, stateClasses: [] },
  data_rate: { units: ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'B/s', 'kB/s', 'MB/s', 'GB/s', 'KiB/s', 'MiB/s', 'GiB/s'], stateClasses: ['measurement'] },
  data_size: { units: ['bit', 'kbit', 'Mbit', 'Gbit', 'B', 'kB', 'MB', 'GB', 'TB', 'PB', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'], stateClasses: ANY_STATISTICS },
  duration:  { units: ['d', 'h', 'min', 's', 'ms', 'µs'], stateClasses: ANY_STATISTICS },
};

export const STATE_CLASSES = ANY_STATISTICS;

export const BINARY_SENSOR_CLASSES = [
  'battery', 'battery_charging', 'carbon_monoxide', 'cold', 'connectivity', 'door', 'garage_door', 'gas', 'heat', 'light', 'lock', 'moisture',
  'motion', 'moving', 'occupancy', 'opening', 'plug', 'power', 'presence', 'problem', 'running', 'safety', 'smoke', 'sound', 'tamper', 'update',
  'vibration', 'window',
] as const;
export const BUTTON_CLASSES = ['identify', 'restart', 'update'] as const;
export const SWITCH_CLASSES = ['outlet', 'switch'] as const;
export const UPDATE_CLASSES = ['firmware'] as const;
