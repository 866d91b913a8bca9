/** A round trip with a broker in this process; the real one has its tests in test/e2e/mqtt-client.test.ts. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Aedes } from 'aedes';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { brokerSettings, Door, Heard, passing, retained } from '../../../test/support/mqtt-ends.ts';
import { mqttClient } from './client.ts';

let broker: Aedes;
let door: Door;
beforeEach(async () => {
  broker = await Aedes.createBroker();
  door = await Door.open((socket) => broker.handle(socket));
});
afterEach(async () => {
  door.close();
  await new Promise<void>((resolve) => broker.close(resolve));
});

async function roundTrip(server: string, query?: string): Promise<void> {
  const heard = new Heard();
  const will = retained('l2tpwan/bridge/state', 'offline');
  const link = mqttClient.connect(brokerSettings(0, { server, ...(query && { query }) }), will, heard);
  await heard.whenConnected();
  await link.subscribe(['l2tpwan/+/set', 'l2tpwan/bridge/#']);
  await link.publish(retained('l2tpwan/bridge/state', 'online'));
  await link.publish(passing('l2tpwan/wan/event', 'not for us'));
  await link.publish(passing('l2tpwan/wan/set', '{"enabled":true,"why":"für später"}'));
  await expect.poll(() => heard.messages).toHaveLength(2);
  expect(heard.messages).toEqual([
    { topic: 'l2tpwan/bridge/state', payload: 'online', retain: false },
    { topic: 'l2tpwan/wan/set', payload: '{"enabled":true,"why":"für später"}', retain: false },
  ]);
  await link.end(1000);
  await expect.poll(() => broker.connectedClients).toBe(0);
  expect(heard.messages).toHaveLength(2); // no will
}

it('goes over TCP', () => roundTrip(`mqtt://127.0.0.1:${door.port}`));

it('goes over WebSocket', async () => {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  const asked: (string | undefined)[] = [];
  server.on('connection', (socket, { url }) => {
    asked.push(url);
    broker.handle(createWebSocketStream(socket));
  });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    await roundTrip(`ws://127.0.0.1:${port}/mqtt`, '?token=a%20b');
    expect(asked).toEqual(['/mqtt?token=a%20b']);
  } finally {
    server.close();
  }
});
