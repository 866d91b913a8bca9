/** MQTT over WebSocket: the handshake, on a connection that is there already (MQTT 5 §6, the same in 3.1.1). */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import WebSocket, { createWebSocketStream } from 'ws';
import type { BrokerAddress } from './address.ts';
import { detailOf, refusal } from './failure.ts';

/** MQTT 5 §6.0: the name of the subprotocol. */
const SUBPROTOCOL = 'mqtt';

/** @param socket TCP or TLS, open @throws MqttRefused `websocket` */
export function overWebSocket(server: string, address: BrokerAddress, socket: Socket): Promise<Duplex> {
  const { words } = address;
  const path = new URL(server).pathname;
  return new Promise((resolve, reject) => {
    const webSocket = new WebSocket(server, SUBPROTOCOL, {
      createConnection: () => socket,
      perMessageDeflate: false, // messages are small, and each end would keep some hundred KB for it
    });
    const fail = (text: string, detail: string) => reject(refusal('websocket', text, detail));
    webSocket.once('unexpected-response', (_request, { statusCode, statusMessage }) => {
      fail(`the web server at ${words} has no WebSocket at ${path}`, `${statusCode} ${statusMessage}`);
      socket.destroy();
    });
    webSocket.once('error', (error) =>
      fail(
        /subprotocol/.test(error.message)
          ? `the web server at ${words} has a WebSocket at ${path}, but does not speak MQTT there`
          : `the WebSocket at ${words} cannot be opened: ${error.message}`,
        detailOf(error),
      ),
    );
    webSocket.once('close', () => fail(`${words} closed the connection during the WebSocket handshake`, ''));
    webSocket.once('open', () => resolve(createWebSocketStream(webSocket)));
  });
}
