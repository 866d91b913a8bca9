import { Socket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { DatagramHandlers, DatagramPort } from '../../ports/datagram.ts';
import { HostError } from '../../ports/host-error.ts';
import type { Endpoint } from '../../protocol/machine.ts';
import { loadNative } from '../native/koffi.ts';
import { nativeUdp } from '../native/udp.ts';
import { udp } from './udp.ts';

const PORTS: readonly (readonly [string, DatagramPort])[] = [
  ['udp of Node', udp],
  ['udp of our own', nativeUdp(loadNative())],
];
const LOOPBACKS = ['127.0.0.1', '::1'];

const nothing: DatagramHandlers = { datagram: () => undefined, pathMtu: () => undefined };
const at = (address: string, port = 0) => ({ local: { address, port }, device: 'lo', mark: undefined });

describe.each(PORTS)('%s', (_name, port) => {
  it.each(LOOPBACKS)('carries datagrams both ways over %s and says from where', async (address) => {
    const heard = resolvers<{ bytes: Uint8Array; from: Endpoint }>();
    const a = await port.open(at(address), {
      ...nothing,
      datagram: (bytes, from) => heard.resolve({ bytes, from }),
    });
    const b = await port.open(at(address), nothing);
    expect(a.local.address).toBe(address);
    b.send(new Uint8Array([1, 2, 3]), a.local);
    const { bytes, from } = await heard.promise;
    expect([...bytes]).toEqual([1, 2, 3]);
    expect(from).toEqual(b.local);
    a.close();
    b.close();
    b.close();
    b.send(new Uint8Array([1]), a.local);
  });

  it.each(LOOPBACKS)('carries the longest datagram and the empty one over %s', async (address) => {
    const heard: number[] = [];
    const a = await port.open(at(address), { ...nothing, datagram: (bytes) => heard.push(bytes.length) });
    const b = await port.open(at(address), nothing);
    const longest = address === '::1' ? 65_527 : 65_507;
    for (const octets of [longest, 0, 1]) b.send(new Uint8Array(octets), a.local);
    await until(() => heard.length === 3);
    expect(heard).toEqual([longest, 0, 1]);
    expect(b.sendErrors.count).toBe(0);
    a.close();
    b.close();
  });

  it('hands out octets that are the receiver’s to keep', async () => {
    const heard: Uint8Array[] = [];
    const a = await port.open(at('127.0.0.1'), { ...nothing, datagram: (bytes) => heard.push(bytes) });
    const b = await port.open(at('127.0.0.1'), nothing);
    for (const value of [1, 2, 3]) {
      b.send(new Uint8Array([value]), a.local);
      await until(() => heard.length === value);
    }
    expect(heard.map(([first]) => first)).toEqual([1, 2, 3]);
    a.close();
    b.close();
  });

  it('survives a port that nobody listens on, and counts nothing', async () => {
    const a = await port.open(at('127.0.0.1'), nothing);
    const gone = await port.open(at('127.0.0.1'), nothing);
    const heard: number[] = [];
    const b = await port.open(at('127.0.0.1'), { ...nothing, datagram: (bytes) => heard.push(bytes.length) });
    gone.close();
    for (let i = 0; i < 20; i++) {
      b.send(new Uint8Array(1), gone.local);
      b.send(new Uint8Array(1), a.local);
      if (i % 5 === 0) await sleep(1);
    }
    a.send(new Uint8Array(7), b.local);
    await until(() => heard.length === 1);
    expect(heard).toEqual([7]);
    expect(b.sendErrors).toEqual({ count: 0, last: undefined });
    a.close();
    b.close();
  });

  it('closes while it is being told of a datagram', async () => {
    const heard: number[] = [];
    const a = await port.open(at('127.0.0.1'), {
      ...nothing,
      datagram: (bytes) => {
        heard.push(bytes.length);
        a.close();
      },
    });
    const b = await port.open(at('127.0.0.1'), nothing);
    for (let i = 0; i < 3; i++) b.send(new Uint8Array(1), a.local);
    await until(() => heard.length > 0);
    await sleep(5);
    expect(heard).toEqual([1]);
    b.close();
  });

  it('names the port that is taken, and the cure', async () => {
    const first = await port.open(at('127.0.0.1'), nothing);
    const second = await port.open(at('127.0.0.1', first.local.port), nothing).catch((error: unknown) => error);
    first.close();
    expect(second).toBeInstanceOf(HostError);
    expect((second as HostError).failure.code).toBe('port-in-use');
    expect((second as HostError).failure.detail).toContain(`port ${first.local.port} on 127.0.0.1 is taken`);
  });

  it('says when the address is not ours', async () => {
    const error = await port.open(at('192.0.2.1'), nothing).catch((reason: unknown) => reason);
    expect((error as HostError).failure).toMatchObject({
      code: 'network-failed',
      detail: expect.stringContaining('192.0.2.1 is no longer an address'),
    });
  });

  it('counts what the system would not send', async () => {
    const socket = await port.open(at('127.0.0.1'), nothing);
    socket.send(new Uint8Array(70_000), { address: '127.0.0.1', port: 9 });
    await until(() => socket.sendErrors.count > 0);
    expect(socket.sendErrors.count).toBe(1);
    expect(socket.sendErrors.last).toContain('EMSGSIZE');
    socket.close();
  });
});

describe('udp of Node', () => {
  afterEach(() => vi.restoreAllMocks());

  it('loses packets rather than pile them up when the uplink is slow, and words of our own last', async () => {
    const loopback: Endpoint = { address: '127.0.0.1', port: 0 };
    const socket = await udp.open(at('127.0.0.1'), nothing);
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

  it('says that it cannot set a mark', async () => {
    const error = await udp.open({ ...at('127.0.0.1'), mark: 7 }, nothing).catch((reason: unknown) => reason);
    expect((error as HostError).failure).toMatchObject({
      code: 'network-failed',
      detail: expect.stringContaining('koffi'),
    });
  });
});

async function until(isTrue: () => boolean): Promise<void> {
  for (const end = Date.now() + 2000; Date.now() < end && !isTrue(); ) await sleep(1);
}

function resolvers<T>() {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
