import { Socket } from 'node:dgram';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { HostError } from '../../ports/host-error.ts';
import type { Endpoint } from '../../protocol/machine.ts';
import { udp } from './udp.ts';

const loopback: Endpoint = { address: '127.0.0.1', port: 0 };

describe('udp', () => {
  afterEach(() => vi.restoreAllMocks());

  it('carries datagrams both ways and says from where', async () => {
    const heard = resolvers<{ bytes: Uint8Array; from: Endpoint }>();
    const a = await udp.open(loopback, (bytes, from) => heard.resolve({ bytes, from }));
    const b = await udp.open(loopback, () => undefined);
    b.send(new Uint8Array([1, 2, 3]), a.local);
    const { bytes, from } = await heard.promise;
    expect([...bytes]).toEqual([1, 2, 3]);
    expect(from).toEqual(b.local);
    a.close();
    b.close();
    b.close();
    b.send(new Uint8Array([1]), a.local);
  });

  it('names the port that is taken, and the cure', async () => {
    const first = await udp.open(loopback, () => undefined);
    const second = await udp.open(first.local, () => undefined).catch((error: unknown) => error);
    first.close();
    expect(second).toBeInstanceOf(HostError);
    expect((second as HostError).failure.code).toBe('port-in-use');
    expect((second as HostError).failure.detail).toContain(`port ${first.local.port} on 127.0.0.1 is taken`);
  });

  it('says when the address is not ours', async () => {
    const error = await udp.open({ address: '192.0.2.1', port: 0 }, () => undefined).catch((reason: unknown) => reason);
    expect((error as HostError).failure).toMatchObject({
      code: 'network-failed',
      detail: expect.stringContaining('192.0.2.1'),
    });
  });

  it('counts what the system would not send', async () => {
    const socket = await udp.open(loopback, () => undefined);
    socket.send(new Uint8Array(70_000), { address: '127.0.0.1', port: 9 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(socket.sendErrors.count).toBe(1);
    expect(socket.sendErrors.last).toContain('EMSGSIZE');
    socket.close();
  });

  it('loses packets rather than pile them up when the uplink is slow, and words of our own last', async () => {
    const socket = await udp.open(loopback, () => undefined);
    const send = vi.spyOn(Socket.prototype, 'send').mockReturnValue();
    const waiting = vi.spyOn(Socket.prototype, 'getSendQueueSize');
    for (const octets of [0, 100_000, 300_000]) {
      waiting.mockReturnValue(octets);
      socket.send(new Uint8Array([1]), loopback, true);
      socket.send(new Uint8Array([2]), loopback);
    }
    expect(send.mock.calls.map(([bytes]) => [...(bytes as unknown as Uint8Array)])).toEqual([[1], [2], [2]]);
    expect(socket.sendErrors).toEqual({ count: 3, last: 'the uplink is slower than what is to be sent' });
    socket.close();
  });
});

function resolvers<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
