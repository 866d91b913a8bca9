/** MQTT.js behind the port: one connection, never mended by itself. Loaded only where MQTT is switched on: it is heavy. */
import type { MqttPort } from '../../ports/mqtt.ts';
import { Link } from './link.ts';

export const mqttClient: MqttPort = {
  connect: (broker, will, listener) => new Link(broker, will, listener),
};
