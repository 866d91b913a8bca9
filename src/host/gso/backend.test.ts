import { describe, expect, it } from 'vitest';
import { FakeMemory } from '../../../test/support/fake-memory.ts';
import { assemble, FLAG, type IpFields, ipHeader, TCP, tcpHeader } from '../../../test/support/inner-packet.ts';
import type { DataPathRequest } from '../../ports/data-path.ts';
import { DataLane } from '../../protocol/data-lane.ts';
import type { Native } from '../native/koffi.ts';
import { type Intake, NativeSocket } from '../native/udp.ts';
import { tunGsoBackend } from './backend.ts';

/** Every machine has another one. */
let last = 1042;
const PEER = { address: '192.0.2.1', port: 1701 };

const IPV4: IpFields = {
  ...{ version: 4, source: 1, destination: 2, hopLimit: 64, service: 0, identification: 7, fragment: 0x4000 },
  ...{ options: new Uint8Array(), flowLabel: 0, extensions: [] },
};

/** A machine on which everything goes well but that the device cannot be watched, if `isWatchable` is false. */
function machine(isWatchable: boolean) {
  const fd = ++last;
  const closed: number[] = [];
  const intakes: (Intake | undefined)[] = [];
  const poll = () => {
    if (!isWatchable) throw new Error('no more watches');
    return { start: () => undefined, stop: () => undefined, close: () => closed.push(-fd) };
  };
  const written: Uint8Array[] = [];
  const writev = (_fd: number, iovecs: number, count: number) => written.push(memory.gathered(iovecs, count));
  const libc = { open: () => fd, ioctl: () => 0, close: (one: number) => closed.push(one), writev };
  const memory = new FakeMemory({ pointerOctets: 8, isLittleEndian: true });
  const native = { ...memory.native, libc, poll, errno: () => 0 } as unknown as Native;
  const socket = Object.create(NativeSocket.prototype, {
    canSegment: { value: true },
    attach: { value: (intake: Intake | undefined) => intakes.push(intake) },
  }) as NativeSocket;
  const lane = new DataLane({ localTunnelId: 1, localSessionId: 2, peerTunnelId: 3, peerSessionId: 4 }, PEER);
  const lost: string[] = [];
  const wanted = { device: 'l2w-wan', mtu: 1400, lane, socket, peer: PEER, lost: (why: string) => lost.push(why) };
  const request = wanted as unknown as DataPathRequest;
  const open = () => tunGsoBackend({ native }).open(request);
  return { fd, open, closed, intakes, lane, lost, written, memory };
}

describe('a data path that cannot be had', () => {
  it('leaves nothing behind', async () => {
    const { fd, open, closed, intakes } = machine(false);
    await expect(open()).rejects.toThrow('no more watches');
    expect(closed).toEqual([fd]);
    expect(intakes.at(-1)).toBeUndefined();
  });

  it('can be had as soon as there is what it needs', async () => {
    await expect(machine(false).open()).rejects.toThrow();
    const { open, closed, intakes } = machine(true);
    const path = await open();
    expect([path.backend, path.device, closed]).toEqual(['tun-gso', 'l2w-wan', []]);
    expect(intakes.at(-1)).toBeDefined();
  });
});

describe('a data path that is lost', () => {
  it('writes nothing any more of what came before: its memory is used by others', async () => {
    const { open, intakes, lane, lost, written, memory } = machine(true);
    lane.ipv4Open = true;
    const path = await open();
    const intake = intakes.at(-1) as Intake;
    const { bytes } = memory.adopt(new Uint8Array(4096));
    const packet = assemble({
      ip: ipHeader(IPV4, TCP),
      protocol: TCP,
      transport: tcpHeader(Uint8Array.of(3, 232, 0, 80), {
        ...{ sequence: 1, acknowledgment: 5, flags: FLAG.ack, window: 9, urgent: 0, reserved: 0 },
        options: new Uint8Array(),
      }),
      payload: new Uint8Array(8), // the beginning of a run: it waits for others
    });
    bytes.set([0, 2, 0, 1, 0, 2, 0xff, 3, 0, 0x21, ...packet]);
    lane.locate = ((locate) => (octets: Uint8Array, from: number, to: number) => {
      if (from > 0) throw new Error('a mistake of ours');
      return locate.call(lane, octets, from, to);
    })(lane.locate);
    expect(intake.segment(bytes, 0, 58)).toBe(true);
    expect(intake.segment(bytes, 100, 158)).toBe(true);
    expect([lost.length, intakes.at(-1)]).toEqual([1, undefined]);
    path.deliver(packet);
    expect(written).toEqual([]);
  });
});
