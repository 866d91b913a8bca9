// A name server for a test's namespace: every A question is answered with one address, every other with nothing (RFC 1035 §4.1).
//   node name-server.mjs PORT ADDRESS [OWN-ADDRESS]
import { createSocket } from 'node:dgram';

const [port, address, own = '127.0.0.1'] = process.argv.slice(2);
const server = createSocket('udp4');

server.on('message', (question, from) => {
  let end = 12;
  while (question[end] !== 0) end += question[end] + 1;
  const isA = question.readUInt16BE(end + 1) === 1;
  const header = Buffer.from(question.subarray(0, 12));
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(isA ? 1 : 0, 6);
  header.writeUInt32BE(0, 8);
  const answer = isA
    ? [Buffer.from('c00c000100010000003c0004', 'hex'), Buffer.from(address.split('.').map(Number))]
    : [];
  server.send(Buffer.concat([header, question.subarray(12, end + 5), ...answer]), from.port, from.address);
});
server.bind(Number(port), own, () => process.stdout.write('listening\n'));
