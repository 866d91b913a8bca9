/** What netifd is asked and told to do on behalf of people, and why it does not: where there is no such interface, or no netifd. */
import { OwnerRefused } from '../../ports/interface-owner.ts';
import type { Netifd } from './netifd.ts';
import type { InterfaceState } from './netifd-state.ts';
import { UbusError } from './ubus/bus.ts';
import { PROTO } from './uplinks.ts';

/** Every method throws OwnerRefused. */
export class Orders {
  readonly #netifd: Netifd;

  constructor(netifd: Netifd) {
    this.#netifd = netifd;
  }

  async up(name: string): Promise<void> {
    await asked(this.#netifd.up(name));
  }
  async down(name: string): Promise<void> {
    await asked(this.#netifd.down(name));
  }

  /** Those of our protocol. */
  async names(): Promise<readonly string[]> {
    const states = await asked(this.#netifd.dump());
    return states.filter(({ proto }) => proto === PROTO).map(({ name }) => name);
  }

  /** Of an interface of our protocol. */
  async stateOf(name: string): Promise<InterfaceState> {
    const state = await asked(this.#netifd.state(name));
    if (state === undefined) throw new OwnerRefused('no-such-interface', `there is no interface ${name}`);
    if (state.proto === PROTO) return state;
    const words = `interface ${name} is of proto ${state.proto}, not ${PROTO}`;
    throw new OwnerRefused('no-such-interface', words);
  }
}

async function asked<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof UbusError)) throw error;
    throw new OwnerRefused('not-there', `netifd cannot be asked: ${error.message}`);
  }
}
