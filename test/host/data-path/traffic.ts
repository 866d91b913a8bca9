/** Programs of users in one namespace: TCP and UDP in every size, what arrives being compared with what was sent. */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadNative } from '../../../src/host/native/koffi.ts';
import { NativeSocket, nativeUdp } from '../../../src/host/native/udp.ts';
import { perform } from './duty.ts';
import { differenceAt, patternAt } from './pattern.ts';

const TCP_PORT = 5001;
const ECHO_PORT = 5002;
const CHUNK_OCTETS = 128 * 1024;

export interface Flow {
  readonly way: 'up' | 'down';
  readonly octets: number;
  /** Names the flow's content. */
  readonly seed: number;
  readonly options?: IpOptions;
}

/** What every packet has in its IP header or behind it: level and name of the socket's option, and the octets, hexadecimal. */
export type IpOptions = readonly [level: number, name: number, octets: string];

export interface Datagrams {
  readonly to: string;
  readonly from: string;
  readonly device: string;
  /** Octets of each; 0 is possible. */
  readonly sizes: readonly number[];
  /** Have the kernel cut them from larger ones: all must be of one size, but the last may be smaller. */
  readonly isSegmented?: boolean;
  readonly options?: IpOptions;
}

const native = loadNative();
const sockets = new Set<Socket>();
const floods = { octets: 0, wrong: 0, isOn: false };

const tcp = createServer({ allowHalfOpen: true }, (socket) => void serve(socket));
const echo = createSocket({ type: 'udp6', recvBufferSize: 4 * 1024 * 1024, sendBufferSize: 4 * 1024 * 1024 });
echo.on('message', (bytes, { address, port }) => echo.send(bytes, port, address));

const duties = {
  /** For IPv4 and IPv6. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve) => tcp.listen(TCP_PORT, '::', resolve));
    await new Promise<void>((resolve) => echo.bind(ECHO_PORT, '::', resolve));
  },

  /** All flows at once. @returns of each what went wrong, undefined: it all arrived as it was sent */
  transfer: (address: string, flows: readonly Flow[]) => Promise.all(flows.map((flow) => transfer(address, flow))),

  /** Sends and awaits them back. @returns which did not come back as they were within a few seconds, and how many came too often */
  async datagrams({
    to,
    from,
    device,
    sizes,
    isSegmented = false,
    options,
  }: Datagrams): Promise<{ missing: number[]; doubled: number }> {
    let doubled = 0;
    const missing = new Set(sizes.keys());
    const content = (index: number) => Buffer.from(patternAt(index, 0, sizes[index] as number));
    const keyOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
    const awaited = new Map<string, number[]>();
    for (const index of sizes.keys()) {
      const key = keyOf(content(index));
      awaited.set(key, [...(awaited.get(key) ?? []), index]);
    }
    const place = { local: { address: from, port: 0 }, device, mark: undefined };
    const socket = await nativeUdp(native).open(place, {
      pathMtu: () => undefined,
      datagram: (bytes) => {
        const index = awaited.get(keyOf(bytes))?.pop();
        if (index !== undefined) missing.delete(index);
        else doubled++;
      },
    });
    if (!(socket instanceof NativeSocket)) throw new Error('another kind of socket');
    try {
      if (isSegmented)
        setOption(socket.fd, SOL_UDP, UDP_SEGMENT, new Uint8Array(Int32Array.of(sizes[0] as number).buffer));
      setOptions(socket.fd, options);
      const perSend = isSegmented ? Math.min(64, Math.floor(60_000 / (sizes[0] as number))) : 1;
      let sent = 0;
      let patience = 0;
      while (missing.size > 0 && patience < 3000) {
        const inFlight = missing.size - (sizes.length - sent);
        if (sent < sizes.length && inFlight < 128) {
          const indices = [...sizes.keys()].slice(sent, sent + perSend);
          socket.send(Buffer.concat(indices.map(content)), { address: to, port: ECHO_PORT });
          sent += indices.length;
          if (inFlight < 64 && perSend === 1 && (sizes[sent - 1] as number) < 3000) continue;
        }
        const before = missing.size;
        await sleep(1);
        patience = missing.size < before ? 0 : patience + 1;
      }
      if (socket.sendErrors.count > 0) throw new Error(`cannot be sent: ${socket.sendErrors.last}`);
      return { missing: [...missing], doubled };
    } finally {
      socket.close();
    }
  },

  /** Datagrams for nobody, as many as this process can send at all, until `calm`; cut from larger ones. */
  async blast({ to, from, device }: Pick<Datagrams, 'to' | 'from' | 'device'>): Promise<void> {
    const handlers = { pathMtu: () => undefined, datagram: () => undefined };
    const socket = await nativeUdp(native).open(
      { local: { address: from, port: 0 }, device, mark: undefined },
      handlers,
    );
    if (!(socket instanceof NativeSocket)) throw new Error('another kind of socket');
    setOption(socket.fd, SOL_UDP, UDP_SEGMENT, new Uint8Array(Int32Array.of(1300).buffer));
    floods.isOn = true;
    void (async () => {
      for (; floods.isOn; await sleep(1)) socket.send(patternAt(1, 0, 40 * 1300), { address: to, port: 9 }, true);
      socket.close();
    })();
  },

  /** As much as the network takes, both ways, until `calm`. */
  flood(address: string, count: number): void {
    floods.isOn = true;
    for (let i = 0; i < count; i++)
      for (const way of ['up', 'down'] as const)
        void transfer(address, { way, octets: Number.MAX_SAFE_INTEGER, seed: i }).catch(() => undefined);
  },
  /** Octets that floods have brought here so far, and how many of them brought a wrong one. */
  flooded: () => ({ octets: floods.octets, wrong: floods.wrong }),
  calm(): void {
    floods.isOn = false;
    for (const socket of sockets) socket.resetAndDestroy();
  },

  /** The kernel's counters of this namespace: `Tcp.RetransSegs`, `Ip.ReasmOKs`, `Ip6ReasmOKs`, … */
  counters(): Record<string, number> {
    const lines = readFileSync('/proc/self/net/snmp', 'utf8').trim().split('\n');
    const counters: Record<string, number> = {};
    for (let i = 0; i + 1 < lines.length; i += 2) {
      const [names = [], values = []] = [lines[i], lines[i + 1]].map((line) => line?.split(' '));
      for (let k = 1; k < names.length; k++) counters[`${names[0]?.slice(0, -1)}.${names[k]}`] = Number(values[k]);
    }
    for (const line of readFileSync('/proc/self/net/snmp6', 'utf8').trim().split('\n')) {
      const [name = '', value] = line.split(/\s+/);
      counters[name] = Number(value);
    }
    return counters;
  },
};
export type TrafficDuties = typeof duties;

async function transfer(address: string, { way, octets, seed, options }: Flow): Promise<string | undefined> {
  const socket = createConnection({ host: address, port: TCP_PORT, allowHalfOpen: true });
  keep(socket);
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  setOptions(descriptorOf(socket), options);
  const request = Buffer.alloc(REQUEST_OCTETS);
  request.writeUInt32BE(way === 'up' ? 1 : 0, 0);
  request.writeUInt32BE(seed, 4);
  request.writeDoubleBE(octets, 8);
  socket.write(request);
  if (way === 'down') {
    const wrong = await check(socket, seed, octets);
    socket.end();
    return wrong;
  }
  await produce(socket, seed, octets);
  socket.end();
  let verdict = '';
  for await (const words of socket) verdict += words;
  return verdict === 'as sent' ? undefined : `the other end says: ${verdict}`;
}

async function serve(socket: Socket): Promise<void> {
  keep(socket);
  const request = await new Promise<Buffer | undefined>((resolve) => {
    const look = () => {
      const octets = socket.read(REQUEST_OCTETS) as Buffer | null;
      if (octets !== null || socket.readableEnded) {
        socket.off('readable', look);
        resolve(octets ?? undefined);
      }
    };
    socket.on('readable', look);
  });
  if (request === undefined) return;
  const [isUp, seed, octets] = [request.readUInt32BE(0) === 1, request.readUInt32BE(4), request.readDoubleBE(8)];
  if (!isUp) await produce(socket, seed, octets);
  else socket.write((await check(socket, seed, octets)) ?? 'as sent');
  socket.end();
}

async function produce(socket: Socket, seed: number, octets: number): Promise<void> {
  for (let sent = 0; sent < octets && !socket.destroyed; sent += CHUNK_OCTETS) {
    const isFull = !socket.write(patternAt(seed, sent, Math.min(CHUNK_OCTETS, octets - sent)));
    if (isFull && !socket.destroyed)
      await new Promise<void>((resolve) => {
        const go = () => {
          socket.off('drain', go).off('close', go);
          resolve();
        };
        socket.on('drain', go).on('close', go);
      });
  }
}

function check(socket: Socket, seed: number, octets: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let received = 0;
    const done = (wrong: string | undefined) => {
      socket.removeAllListeners('data');
      resolve(wrong);
    };
    socket.on('data', (chunk: Buffer) => {
      const at = differenceAt(seed, received, chunk);
      if (at !== undefined) {
        floods.wrong++;
        done(`octet ${at} is wrong`);
      }
      received += chunk.length;
      if (floods.isOn) floods.octets += chunk.length;
      if (received >= octets) done(received > octets ? 'too much' : undefined);
    });
    socket.on('end', () => done(`ended after ${received}`)).on('close', () => done(`closed after ${received}`));
  });
}

function keep(socket: Socket): void {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket)).on('error', () => undefined);
}

function setOptions(fd: number, options: IpOptions | undefined): void {
  if (options !== undefined) setOption(fd, options[0], options[1], Buffer.from(options[2], 'hex'));
}

function setOption(fd: number, level: number, name: number, value: Uint8Array): void {
  if (native.libc.setsockopt(fd, level, name, value, value.length) !== 0)
    throw new Error(`option ${level}.${name} cannot be set`);
}

const descriptorOf = (socket: Socket): number => (socket as unknown as { _handle: { fd: number } })._handle.fd;

const REQUEST_OCTETS = 16;
const [SOL_UDP, UDP_SEGMENT] = [17, 103];

perform(duties, () => {
  duties.calm();
  tcp.close();
  echo.close();
});
