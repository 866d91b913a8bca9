/** The tunnels of a run that crashed are hung up, all at once, before anything is dialled. */
import type { Host } from '../ports/host.ts';
import { HostError } from '../ports/host-error.ts';
import type { Log } from '../ports/log.ts';
import type { NetworkPort } from '../ports/network.ts';
import { Farewell, type FarewellEffect, type FarewellInput, type FarewellRecord } from '../protocol/l2tp/farewell.ts';
import { drive } from './driver.ts';
import { confession } from './mistake.ts';

type Left = Awaited<ReturnType<NetworkPort['recover']>>;

/** Ends when every server has answered or stayed silent for two seconds; a farewell that fails stops nothing. */
export async function sayFarewells(left: Left, host: Host, log: Log): Promise<void> {
  await Promise.all(
    left.map(async ({ name, farewell }) => {
      const peer = `the server ${farewell.peer.address} of an earlier run`;
      try {
        const acknowledged = await sayFarewell(farewell, host);
        log.write('info', name, `${peer} ${acknowledged ? 'has hung up' : 'did not answer our hanging up'}`);
      } catch (error) {
        const words = error instanceof HostError ? error.failure.detail : confession(error);
        log.write('warn', name, `${peer} could not be told that we hang up: ${words}`);
      }
    }),
  );
}

/** From the address and port that the tunnel had. @throws HostError when they are not to be had any more */
async function sayFarewell(record: FarewellRecord, host: Host): Promise<boolean> {
  const unpin = await host.network.pinBriefly(record.peer.address, record.uplink);
  return converse(record, host).finally(unpin);
}

async function converse(record: FarewellRecord, { dataPlane, clock }: Host): Promise<boolean> {
  let receive: (bytes: Uint8Array, from: FarewellRecord['peer']) => void = () => undefined;
  const { datagrams } = await dataPlane('auto');
  const socket = await datagrams.open(
    { local: record.local, device: record.uplink, mark: undefined },
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
