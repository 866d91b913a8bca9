/** The tunnels of a run that crashed are hung up: all at once before anything is dialled, or later, once the uplink is there. */
import type { Host } from '../ports/host.ts';
import { HostError } from '../ports/host-error.ts';
import type { Log } from '../ports/log.ts';
import { Farewell, type FarewellEffect, type FarewellInput, type FarewellRecord } from '../protocol/l2tp/farewell.ts';
import { drive } from './driver.ts';
import { confession } from './mistake.ts';

export class Farewells {
  readonly #host: Host;
  readonly #log: Log;
  /** By connection: those that the machine could not send, as after a reboot, when the uplink has no address yet. */
  readonly #unsaid = new Map<string, FarewellRecord>();

  constructor(host: Host, log: Log) {
    this.#host = host;
    this.#log = log;
  }

  /** Ends when the server has answered or stayed silent for two seconds. Never rejects: a farewell that fails stops nothing. */
  async say(connection: string, farewell: FarewellRecord): Promise<void> {
    const words = await this.#try(connection, farewell);
    if (words === undefined) return;
    this.#unsaid.set(connection, farewell);
    const later = 'that is tried once more before its next dial';
    this.#log.write('info', connection, `${peerOf(farewell)} cannot be told yet that we hang up, ${later}: ${words}`);
  }

  /** Says what could not be said at the start, once, now that the connection has a way to its server. Never rejects. */
  async catchUp(connection: string): Promise<void> {
    const farewell = this.#unsaid.get(connection);
    if (farewell === undefined) return;
    this.#unsaid.delete(connection);
    const words = await this.#try(connection, farewell);
    if (words === undefined) return;
    this.#log.write('warn', connection, `${peerOf(farewell)} could not be told that we hang up: ${words}`);
  }

  /** @returns why this machine cannot send it */
  async #try(connection: string, farewell: FarewellRecord): Promise<string | undefined> {
    try {
      const acknowledged = await sayFarewell(farewell, this.#host);
      const words = acknowledged ? 'has hung up' : 'did not answer our hanging up';
      this.#log.write('info', connection, `${peerOf(farewell)} ${words}`);
    } catch (error) {
      if (error instanceof HostError) return error.failure.detail;
      this.#log.write('error', connection, confession(error));
    }
    return undefined;
  }
}

const peerOf = ({ peer }: FarewellRecord): string => `the server ${peer.address} of an earlier run`;

/** From the address and port that the tunnel had. @throws HostError when they are not to be had */
async function sayFarewell(record: FarewellRecord, host: Host): Promise<boolean> {
  const unpin = await host.network.pinBriefly(record.peer.address, record.uplink, record.mark);
  return converse(record, host).finally(unpin);
}

async function converse(record: FarewellRecord, { dataPlane, clock }: Host): Promise<boolean> {
  let receive: (bytes: Uint8Array, from: FarewellRecord['peer']) => void = () => undefined;
  // The way is pinned: any socket will do, and nothing native is loaded for it, unless there is a mark to set.
  const { datagrams } = await dataPlane(record.mark === undefined ? 'tun' : 'auto');
  const socket = await datagrams.open(
    { local: record.local, device: record.uplink, mark: record.mark },
    { datagram: (...datagram) => receive(...datagram), pathMtu: () => undefined },
  );
  try {
    return await new Promise<boolean>((resolve, reject) => {
      const perform = (effect: FarewellEffect) => {
        if (effect.type === 'send') socket.send(effect.bytes, effect.to);
        else if (effect.type === 'done') resolve(effect.acknowledged);
      };
      const driver = drive<FarewellInput, FarewellEffect>(new Farewell(record), perform, clock, reject);
      receive = (bytes, from) => driver.push({ type: 'datagram', from, bytes });
      driver.push({ type: 'open' });
    });
  } finally {
    socket.close();
  }
}
