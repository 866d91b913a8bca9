/** Writes down every IP packet that comes in by one device, just as the wire has it. */
import { loadNative } from '../../../src/host/native/koffi.ts';
import { type Watch, watch } from '../../../src/host/native/watch.ts';
import { perform } from './duty.ts';
import { type Passage, passageOf } from './passage.ts';

const native = loadNative();
const { libc } = native;
const buffer = new Uint8Array(65_536);
let captured: Passage[] = [];
let open: { fd: number; watch: Watch }[] = [];

const duties = {
  start(device: string): void {
    captured = [];
    for (const protocol of [ETH_P_IP, ETH_P_IPV6]) {
      const fd = libc.socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, swapped(protocol));
      libc.setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, Int32Array.of(32 * 1024 * 1024), 4);
      const address = new Uint8Array(20); // struct sockaddr_ll
      const view = new DataView(address.buffer);
      view.setUint16(0, AF_PACKET, native.layout.isLittleEndian);
      view.setUint16(2, protocol);
      view.setInt32(4, libc.if_nametoindex(device), native.layout.isLittleEndian);
      if (libc.bind(fd, address, address.length) !== 0) throw new Error('packets cannot be captured');
      open.push({ fd, watch: watch(native, fd, { readable: true, writable: false }, () => read(fd)) });
    }
  },

  /** In the order of each flow. */
  captured: () => captured,

  stop(): void {
    for (const { fd, watch } of open) {
      watch.close();
      libc.close(fd);
    }
    open = [];
  },
};
export type CaptureDuties = typeof duties;

function read(fd: number): void {
  for (;;) {
    const octets = libc.read(fd, buffer, buffer.length);
    if (octets <= 0) return;
    captured.push(passageOf(buffer.subarray(0, octets)));
  }
}

const swapped = (number: number): number => ((number & 0xff) << 8) | (number >> 8);
const [AF_PACKET, SOCK_DGRAM, SOCK_NONBLOCK, SOCK_CLOEXEC, SOL_SOCKET, SO_RCVBUFFORCE] = [17, 2, 0x800, 0x80000, 1, 33];
const [ETH_P_IP, ETH_P_IPV6] = [0x0800, 0x86dd];

perform(duties, duties.stop);
