import { describe, expect, it } from 'vitest';
import { FakeMemory } from '../../../test/support/fake-memory.ts';
import type { DataPathRequest } from '../../ports/data-path.ts';
import { DataLane } from '../../protocol/data-lane.ts';
import type { Native } from '../native/koffi.ts';
import { type Intake, NativeSocket } from '../native/udp.ts';
import { tunGsoBackend } from './backend.ts';

const FD = 1042;
const PEER = { address: '192.0.2.1', port: 1701 };

/** A machine on which everything goes well but that the device cannot be watched, if `isWatchable` is false. */
function machine(isWatchable: boolean) {
  const closed: number[] = [];
  const intakes: (Intake | undefined)[] = [];
  const poll = () => {
    if (!isWatchable) throw new Error('no more watches');
    return { start: () => undefined, stop: () => undefined, close: () => closed.push(-FD) };
  };
  const libc = { open: () => FD, ioctl: () => 0, close: (fd: number) => closed.push(fd) };
  const memory = new FakeMemory({ pointerOctets: 8, isLittleEndian: true });
  const native = { ...memory.native, libc, poll, errno: () => 0 } as unknown as Native;
  const socket = Object.create(NativeSocket.prototype, {
    canSegment: { value: true },
    attach: { value: (intake: Intake | undefined) => intakes.push(intake) },
  }) as NativeSocket;
  const lane = new DataLane({ localTunnelId: 1, localSessionId: 2, peerTunnelId: 3, peerSessionId: 4 }, PEER);
  const request = { device: 'l2w-wan', mtu: 1400, lane, socket, peer: PEER } as unknown as DataPathRequest;
  return { open: () => tunGsoBackend({ native }).open(request), closed, intakes };
}

describe('a data path that cannot be had', () => {
  it('leaves nothing behind', async () => {
    const { open, closed, intakes } = machine(false);
    await expect(open()).rejects.toThrow('no more watches');
    expect(closed).toEqual([FD]);
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
