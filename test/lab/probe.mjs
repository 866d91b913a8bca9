// probe.mjs LNS [SOURCE-PORT]: does an LNS answer? Opens a tunnel, prints who answered, after how long and with which host
// name, and closes it again. Status 1 after 3 s of silence. Run it in a namespace: ip netns exec NETNS node probe.mjs LNS
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';

const [lns, sourcePort = '0'] = process.argv.slice(2);
if (lns === undefined) {
  console.error('usage: probe.mjs LNS [SOURCE-PORT]');
  process.exit(2);
}

const MESSAGE = { SCCRQ: 1, SCCRP: 2, SCCCN: 3, StopCCN: 4 };
const u16 = (value) => [value >> 8, value & 255];
const avp = (type, ...value) => [0x80, 6 + value.length, 0, 0, ...u16(type), ...value]; // M
const ourId = avp(9, ...u16(randomInt(1, 65536)));
const NAME = avp(7, ...new TextEncoder().encode('probe'));

const socket = createSocket('udp4');
const startedAt = performance.now();
let ns = 0;
let nr = 0;
let peer = { address: lns, port: 1701, tunnel: 0 };

const send = (...avps) => {
  const body = avps.flat();
  const header = [0xc8, 2, ...u16(12 + body.length), ...u16(peer.tunnel), 0, 0, ...u16(ns), ...u16(nr)];
  if (body.length > 0) ns += 1;
  socket.send(Uint8Array.from([...header, ...body]), peer.port, peer.address);
};
const end = (status) => () => {
  if (status !== 0) console.error(`${lns} is silent`);
  process.exit(status);
};

let alarm = setTimeout(end(1), 3000);
socket.on('message', (bytes, from) => {
  if (bytes.length <= 12) return; // an acknowledgement alone
  nr = bytes.readUInt16BE(8) + 1;
  if (bytes.readUInt16BE(18) !== MESSAGE.SCCRP || peer.tunnel !== 0) return send(); // its own StopCCN, and the like
  let name = '';
  for (let at = 12; at + 6 <= bytes.length; at += Math.max(6, bytes.readUInt16BE(at) & 1023)) {
    const value = bytes.subarray(at + 6, at + (bytes.readUInt16BE(at) & 1023));
    if (bytes.readUInt16BE(at + 4) === 9) peer = { ...from, tunnel: value.readUInt16BE(0) };
    if (bytes.readUInt16BE(at + 4) === 7) name = value.toString('latin1');
  }
  console.log(`${from.address}:${from.port} "${name}" answers after ${(performance.now() - startedAt).toFixed(1)} ms`);
  // In full, and all that comes is acknowledged: SoftEther keeps a half-open tunnel for a minute, and its next one hangs it.
  send(avp(0, 0, MESSAGE.SCCCN));
  send(avp(0, 0, MESSAGE.StopCCN), ourId, avp(1, 0, 6));
  clearTimeout(alarm);
  alarm = setTimeout(end(0), 500);
});
socket.bind(Number(sourcePort), () => {
  send(avp(0, 0, MESSAGE.SCCRQ), avp(2, 1, 0), avp(3, 0, 0, 0, 3), NAME, ourId);
});
