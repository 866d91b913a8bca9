/**
 * The obvious design, to be compared with: node-tuntap2's stream on one side, dgram on the other, and a new Buffer for every packet.
 *
 *     node naive.mjs ADDRESS PORT PEER PORT IDS HEADER
 *
 * moves the packets of one L2TP session that is known beforehand: IDS are the tunnel and session id in what comes in, HEADER is
 * what goes in front of every packet, both in hexadecimal. It prints the name of the TUN device that it has made.
 */
import { createSocket } from 'node:dgram';
import tuntap from 'node-tuntap2';

const [address, port, peer, peerPort, ids, header] = process.argv.slice(2);
const ours = Buffer.from(ids, 'hex');
const prefix = Buffer.from(header, 'hex');

const tun = new tuntap.LinuxTun();
const socket = createSocket('udp4');

tun.on('data', (packet) => {
  socket.send(Buffer.concat([prefix, packet]), Number(peerPort), peer);
});
tun.on('error', (error) => console.error(error.message));

socket.on('message', (message) => {
  const isData = (message[0] & 0x80) === 0 && message.subarray(2, 6).equals(ours);
  if (isData) tun.write(Buffer.from(message.subarray(prefix.length)));
});
socket.bind(Number(port), address, () => console.log(tun.name));
