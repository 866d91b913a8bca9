/** A TCP connection to the broker, and in words why there is none. */
import { connect, type Socket } from 'node:net';
import type { MqttRefused } from '../../ports/mqtt.ts';
import type { BrokerAddress } from './address.ts';
import { type CodedError, detailOf, refusal } from './failure.ts';

/** How long one of several addresses may keep the next one waiting, ms. Node's own 250 is too short for a way through a slow tunnel. */
const NEXT_ADDRESS_MS = 1500;

/**
 * @param made is given the socket at once, for whoever loses patience
 * @throws MqttRefused `dns`, `tcp`
 */
export function connectTcp(address: BrokerAddress, made: (socket: Socket) => void): Promise<Socket> {
  const { host, port } = address;
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS, noDelay: true });
    made(socket);
    const fail = (error: Error) => reject(tcpRefusal(error, address));
    socket.once('error', fail).once('connect', () => {
      socket.removeListener('error', fail);
      resolve(socket);
    });
  });
}

function tcpRefusal(error: Error, address: BrokerAddress): MqttRefused {
  const told = mostTelling(error);
  const { code } = told;
  const detail = detailOf(told);
  const { host, words } = address;
  switch (code) {
    case 'ENOTFOUND':
      return refusal('dns', `the broker's name ${host} has no address: no name server knows it`, detail);
    case 'EAI_AGAIN':
      return refusal('dns', `the broker's name ${host} cannot be looked up: no name server answers`, detail);
    case 'ECONNREFUSED':
      return refusal('tcp', `${words} refuses: no broker listens there`, detail);
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return refusal('tcp', `there is no way to ${words}: no route leads there, or nobody is there`, detail);
    case 'ETIMEDOUT':
      return refusal('tcp', `${words} does not answer`, detail);
    case 'EACCES':
    case 'EPERM':
      return refusal('tcp', `this machine does not let us reach ${words}: see its firewall`, detail);
    default:
      return refusal('tcp', `${words} cannot be reached: ${told.message || String(code)}`, detail);
  }
}

/** Of several addresses that have all failed: the one where somebody answered, or else the last. */
function mostTelling(error: CodedError): CodedError {
  if (!(error instanceof AggregateError)) return error;
  const each = error.errors as CodedError[];
  return each.find(({ code }) => code === 'ECONNREFUSED') ?? each.at(-1) ?? error;
}
