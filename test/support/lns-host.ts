/** An in-memory host for the lab's LNS: an address, a power switch, and a network behind it that answers every packet. */

import { Lns } from '../../src/lab/lns.ts';
import type { LnsInput, LnsSettings } from '../../src/lab/lns-io.ts';
import type { Instant } from '../../src/protocol/deadlines.ts';
import type { Endpoint, Entropy } from '../../src/protocol/machine.ts';
import type { Network } from './network.ts';
import type { Actor, World } from './world.ts';

export class LnsHost implements Actor {
  lns: Lns;
  readonly settings: LnsSettings;
  /** User names logged in and out, in order. */
  readonly logins: string[] = [];
  readonly logouts: string[] = [];
  /** Packets that came out of tunnels. */
  readonly received: Uint8Array[] = [];
  readonly #world: World;
  readonly #network: Network;
  readonly #entropy: Entropy;
  #isOn = true;

  constructor(world: World, network: Network, settings: LnsSettings, entropy: Entropy) {
    this.#world = world;
    this.#network = network;
    this.#entropy = entropy;
    this.settings = settings;
    this.lns = new Lns(settings, entropy);
    world.add(this);
    for (const endpoint of this.#endpoints)
      network.bind(endpoint, (bytes, from) => this.input({ type: 'datagram', from, bytes }));
  }

  get deadline(): Instant | undefined {
    return this.#isOn ? this.lns.deadline : undefined;
  }
  tick(): void {
    this.input({ type: 'tick' });
  }

  /** Power off: it answers nothing, says no farewell, and forgets everything. */
  crash(): void {
    this.#isOn = false;
  }
  /** Power on again. */
  boot(): void {
    this.lns = new Lns(this.settings, this.#entropy);
    this.#isOn = true;
  }

  input(input: LnsInput): void {
    if (!this.#isOn) return;
    for (const effect of this.lns.handle(input, this.#world.now)) {
      if (effect.type === 'send') this.#network.send(effect.from, effect.to, effect.bytes);
      else if (effect.type === 'login') this.logins.push(effect.username);
      else if (effect.type === 'logout') this.logouts.push(effect.username);
      else if (effect.type === 'packet') this.#echo(effect.bytes);
    }
  }

  /** Whoever is addressed sends the packet back. */
  #echo(packet: Uint8Array): void {
    this.received.push(packet.slice());
    const answer = packet.slice();
    answer.set(packet.subarray(16, 20), 12);
    answer.set(packet.subarray(12, 16), 16);
    this.input({ type: 'packet', bytes: answer });
  }

  get #endpoints(): Endpoint[] {
    const { listen, quirks } = this.settings;
    const other = quirks.replyFrom;
    return other === undefined ? [listen] : [listen, other];
  }
}
