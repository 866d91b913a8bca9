/**
 * Tunnels whose servers have not heard that they are over are hung up: those of a run that crashed all at once before anything is
 * dialled, or later, once the uplink is there; those of this run, which ended while it was not, before their connection's next dial.
 */
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
    const words = await this.#try(connection, farewell, EARLIER);
    if (words === undefined) return;
    this.#unsaid.set(connection, farewell);
    const server = peerOf(farewell, EARLIER);
    const later = 'that is tried once more before its next dial';
    this.#log.write('info', connection, `${server} cannot be told yet that we hang up, ${later}: ${words}`);
  }

  /**
   * Says, once, what could not be said before, now that the connection has a way to its server. Never rejects.
   * @param unheard of this run
   */
  async catchUp(connection: string, unheard: FarewellRecord | undefined): Promise<void> {
    const left = this.#unsaid.get(connection);
    this.#unsaid.delete(connection);
    if (left !== undefined) await this.#sayNow(connection, left, EARLIER);
    if (unheard !== undefined) await this.#sayNow(connection, unheard, LAST);
  }

  async #sayNow(connection: string, farewell: FarewellRecord, whose: string): Promise<void> {
    const words = await this.#try(connection, farewell, whose);
    if (words === undefined) return;
    this.#log.write('warn', connection, `${peerOf(farewell, whose)} could not be told that we hang up: ${words}`);
  }

  /** @returns why this machine cannot send it */
  async #try(connection: string, farewell: FarewellRecord, whose: string): Promise<string | undefined> {
    try {
      const acknowledged = await sayFarewell(farewell, this.#host);
      const words = acknowledged ? 'has hung up' : 'did not answer our hanging up';
      this.#log.write('info', connection, `${peerOf(farewell, whose)} ${words}`);
    } catch (error) {
      if (error instanceof HostError) return error.failure.detail;
      this.#log.write('error', connection, confession(error));
    }
    return undefined;
  }
}

const EARLIER = 'an earlier run';
const LAST = 'the last tunnel';

const peerOf = ({ peer }: FarewellRecord, whose: string): string => `the server ${peer.address} of ${whose}`;

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
