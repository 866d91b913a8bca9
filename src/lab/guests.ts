/** Who is logged in, and which of the addresses for clients are in use. */
export class Guests {
  readonly #free: string[];
  readonly #names = new Map<string, number>();

  constructor(addresses: readonly string[]) {
    this.#free = [...addresses];
  }

  /** The address that has been free the longest; undefined when all are in use. */
  takeAddress(): string | undefined {
    return this.#free.shift();
  }
  giveBack(address: string): void {
    this.#free.push(address);
  }

  isIn(name: string): boolean {
    return this.#names.has(name);
  }
  enter(name: string): void {
    this.#names.set(name, (this.#names.get(name) ?? 0) + 1);
  }
  leave(name: string): void {
    const left = (this.#names.get(name) ?? 0) - 1;
    if (left > 0) this.#names.set(name, left);
    else this.#names.delete(name);
  }
}
