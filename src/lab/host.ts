/** The lab LNS on a real machine: its UDP sockets, its TUN device, its alarm. */
import { runner, succeeded } from '../host/linux/command.ts';
import { clock } from '../host/node/clock.ts';
import { entropy } from '../host/node/entropy.ts';
import { openTun, type Tun } from '../host/node/tun.ts';
import { udp } from '../host/node/udp.ts';
import type { DatagramSocket } from '../ports/datagram.ts';
import type { Endpoint } from '../protocol/machine.ts';
import { Lns } from './lns.ts';
import type { LnsEffect, LnsInput } from './lns-io.ts';
import type { LabOptions } from './options.ts';

/** How long clients may take to acknowledge that we hang up, ms. */
const GOODBYE_MS = 1000;

export class LabHost {
  readonly #options: LabOptions;
  readonly #lns: Lns;
  readonly #say: (words: string) => void;
  readonly #sockets = new Map<string, DatagramSocket>();
  readonly #alarm = clock.alarm(() => this.#input({ type: 'tick' }));
  #path: Tun | undefined;

  constructor(options: LabOptions, say: (words: string) => void) {
    this.#options = options;
    this.#lns = new Lns(options.settings, entropy);
    this.#say = say;
  }

  /** @throws HostError a port that is taken, no TUN device */
  async start(): Promise<void> {
    const { settings, device } = this.#options;
    if (device !== undefined) this.#path = await this.#openDevice(device);
    await this.#open(settings.listen);
    if (settings.quirks.replyFrom !== undefined) await this.#open(settings.quirks.replyFrom);
    this.#say(`listening on ${settings.listen.address} port ${settings.listen.port}`);
  }

  async stop(): Promise<void> {
    this.#input({ type: 'hang-up', by: 'StopCCN' });
    const end = clock.now() + GOODBYE_MS;
    while (!this.#lns.isQuiet && clock.now() < end) await new Promise((resolve) => setTimeout(resolve, 20));
    this.#alarm.close();
    for (const socket of this.#sockets.values()) socket.close();
    await this.#path?.close();
  }

  async #open(local: Endpoint): Promise<void> {
    const socket = await udp.open(
      { local, device: '', mark: undefined },
      { datagram: (bytes, from) => this.#input({ type: 'datagram', from, bytes }), pathMtu: () => undefined },
    );
    this.#sockets.set(keyOf(local), socket);
  }

  async #openDevice(device: string): Promise<Tun> {
    const rename = (from: string, to: string) => ip('link', 'set', 'dev', from, 'name', to);
    const packet = (bytes: Uint8Array) => this.#input({ type: 'packet', bytes });
    const path = await openTun({ device, packet, lost: (why) => this.#say(why) }, { rename });
    await ip('link', 'set', 'dev', device, 'up');
    await ip('route', 'add', this.#options.prefix, 'dev', device);
    return path;
  }

  #input(input: LnsInput): void {
    for (const effect of this.#lns.handle(input, clock.now())) this.#perform(effect);
    this.#alarm.set(this.#lns.deadline);
  }

  #perform(effect: LnsEffect): void {
    switch (effect.type) {
      case 'send':
        this.#sockets.get(keyOf(effect.from))?.send(effect.bytes, effect.to);
        break;
      case 'packet':
        this.#path?.deliver(effect.bytes);
        break;
      case 'login':
        this.#say(`${effect.username} is in, with ${effect.address}`);
        break;
      case 'logout':
        this.#say(`${effect.username} is out, ${effect.address} is free`);
        break;
      case 'dropped':
        break;
      default:
        effect satisfies never;
    }
  }
}

const keyOf = ({ address, port }: Endpoint): string => `${address} ${port}`;

async function ip(...args: string[]): Promise<void> {
  const { PATH = '' } = process.env;
  const outcome = await runner(PATH)(['ip', ...args]);
  if (!succeeded(outcome)) throw new Error(`ip ${args.join(' ')}: ${outcome.complaint}`);
}
