/**
 * What the two ends of a control protocol ask of each other, and what they have agreed on: the bookkeeping of Acks, Naks and
 * Rejects (RFC 1661 §5.1 to §5.4), the same for every option table.
 */
import { Malformed } from '../../wire/malformed.ts';
import type { PppOption } from '../../wire/ppp-option.ts';
import type { OptionSpec, OptionTable, ValuesOf } from './option-table.ts';

/** Max-Failure (RFC 1661 §4.6): Naks sent, or taken, before we stop haggling and reject, or let the wish go. */
export const MAX_FAILURE = 5;
/** Naks and Rejects, both ways together, in one negotiation. Ours: any that converges needs a handful (§4.5 asks for some limit). */
const MAX_ROUNDS = 20;

export interface Judgement {
  readonly answer: 'ack' | 'nak' | 'reject';
  readonly options: readonly PppOption[];
}

/** What is in force, as words for a person. */
export interface Agreed {
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

export class Negotiation<Context, Table extends OptionTable<Context>> {
  readonly #specs: readonly (readonly [name: string, spec: OptionSpec<unknown, Context>])[];
  readonly #context: Context;
  /** What goes into our request, by name; learnt from Naks, kept from one negotiation to the next. */
  readonly #asking = new Map<string, unknown>();
  /** Options the peer rejected, or never let us have: they are not asked for again. */
  readonly #refused = new Set<string>();
  #begun = false;
  #wish = new Map<string, unknown>();
  #ours = new Map<string, unknown>();
  #theirs = new Map<string, unknown>();
  #naksSent = 0;
  #naksTaken = 0;
  #rounds = 0;

  constructor(table: Table, context: Context) {
    this.#specs = Object.entries(table);
    this.#context = context;
  }

  /** The values our last request asked for. */
  get asking(): ValuesOf<Table> {
    return this.#values(this.#asking);
  }
  /** What the peer acknowledged; empty before that. */
  get ours(): ValuesOf<Table> {
    return this.#values(this.#ours);
  }
  /** What we acknowledged; empty before that. */
  get theirs(): ValuesOf<Table> {
    return this.#values(this.#theirs);
  }
  /** What the peer's last request asked for, whether we liked it or not. */
  get wish(): ValuesOf<Table> {
    return this.#values(this.#wish);
  }
  get naksSent(): number {
    return this.#naksSent;
  }
  /** Whether this is going nowhere (RFC 1661 §4.5). */
  get diverges(): boolean {
    return this.#rounds > MAX_ROUNDS;
  }
  get agreed(): Agreed {
    const refused = [...this.#refused].map((name) => `no ${spaced(name)}: refused`);
    return { ours: [...this.#words(this.#ours), ...refused], theirs: this.#words(this.#theirs) };
  }

  /** A new negotiation begins: nothing is agreed on, what was learnt about the peer stays. */
  begin(): void {
    this.#ours = new Map();
    this.#theirs = new Map();
    this.#naksSent = 0;
    this.#naksTaken = 0;
    this.#rounds = 0;
  }

  /** The options of our Configure-Request. */
  request(): PppOption[] {
    if (!this.#begun) {
      this.#begun = true;
      for (const [name, spec] of this.#specs) this.#ask(name, spec.ask(this.#context));
    }
    return this.#specs.flatMap(([name, { code, codec }]) =>
      this.#asking.has(name) ? [{ code, data: codec.write(this.#asking.get(name)) }] : [],
    );
  }

  /** Judges the peer's request. A Reject wins over a Nak: only what is negotiable at all can be haggled over (§5.4). */
  judge(options: readonly PppOption[]): Judgement {
    const rejected: PppOption[] = [];
    const nakked: { asked: PppOption; instead: PppOption }[] = [];
    const wish = new Map<string, unknown>();
    for (const option of options) {
      const [name, spec] = this.#specs.find(([, each]) => each.code === option.code) ?? [];
      // "None of the options can be listed more than once" (§6): a second one has no meaning.
      const verdict = name === undefined || wish.has(name) ? 'reject' : this.#verdict(name, spec, option.data, wish);
      if (verdict === 'reject') rejected.push(option);
      else if (verdict !== 'ack' && spec)
        nakked.push({ asked: option, instead: { code: option.code, data: spec.codec.write(verdict.nak) } });
    }
    this.#wish = wish;
    if (rejected.length > 0) return this.#refuse('reject', rejected);
    if (nakked.length > 0) {
      if (this.#naksSent >= MAX_FAILURE)
        return this.#refuse(
          'reject',
          nakked.map(({ asked }) => asked),
        );
      this.#naksSent++;
      return this.#refuse(
        'nak',
        nakked.map(({ instead }) => instead),
      );
    }
    this.#theirs = wish;
    this.#naksSent = 0;
    return { answer: 'ack', options };
  }

  /** The peer's last request came again, and our refusal of it goes out again. */
  noteRepetition(): void {
    this.#rounds++;
  }

  /** The peer agreed to our request as it stands. */
  takeAck(): void {
    this.#ours = new Map(this.#asking);
    this.#naksTaken = 0;
  }

  /** The peer suggests other values. What we did not ask for is no business of ours, though it may be listed (§5.3). */
  takeNak(options: readonly PppOption[]): void {
    this.#rounds++;
    this.#naksTaken++;
    for (const [name, spec] of this.#specs) {
      const offer = options.find(({ code }) => code === spec.code);
      if (offer === undefined || !this.#asking.has(name)) continue;
      const value = this.#naksTaken > MAX_FAILURE ? undefined : read(spec, offer.data);
      this.#ask(name, value === undefined ? undefined : spec.takeNak(value, this.#asking.get(name), this.#context));
      if (!this.#asking.has(name)) this.#refused.add(name);
    }
  }

  /** The peer will not have these options. False: it lists one that was not in our request, so that the packet is invalid (§5.4). */
  takeReject(options: readonly PppOption[]): boolean {
    const names = options.map(
      ({ code }) => this.#specs.find(([name, spec]) => spec.code === code && this.#asking.has(name))?.[0],
    );
    if (names.includes(undefined)) return false;
    this.#rounds++;
    for (const name of names) {
      if (name === undefined) continue;
      this.#asking.delete(name);
      this.#refused.add(name);
    }
    return true;
  }

  #verdict(name: string, spec: OptionSpec<unknown, Context> | undefined, data: Uint8Array, wish: Map<string, unknown>) {
    const value = spec && read(spec, data);
    if (spec === undefined || value === undefined) {
      const repaired = spec?.repair?.(this.#context);
      return repaired === undefined ? 'reject' : { nak: repaired };
    }
    wish.set(name, value);
    return spec.judge(value, this.#context, { asked: this.#asking.get(name), naksSent: this.#naksSent });
  }

  #refuse(answer: 'nak' | 'reject', options: readonly PppOption[]): Judgement {
    this.#rounds++;
    return { answer, options };
  }

  #ask(name: string, value: unknown): void {
    if (value === undefined) this.#asking.delete(name);
    else this.#asking.set(name, value);
  }

  /** The one place where names become types again: the maps are only ever filled through the table's own codecs. */
  #values(map: ReadonlyMap<string, unknown>): ValuesOf<Table> {
    return Object.fromEntries(map) as ValuesOf<Table>;
  }

  #words(map: ReadonlyMap<string, unknown>): string[] {
    return this.#specs.flatMap(([name, spec]) => (map.has(name) ? [spec.words(map.get(name))] : []));
  }
}

/** The value of an option, undefined when its length is none that the option can have. */
function read<Context>(spec: OptionSpec<unknown, Context>, data: Uint8Array): unknown {
  const [least, most] = spec.codec.octets;
  if (data.length < least || data.length > most) return undefined;
  try {
    return spec.codec.read(data);
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

/** `primaryDns` as `primary dns`. */
const spaced = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
