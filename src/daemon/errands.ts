/** Asynchronous work that must happen in the order it was asked for, one piece at a time. */
export class Errands {
  #last: Promise<void> = Promise.resolve();

  /** @param errand begins when everything asked for before it has ended, however that ended */
  run<Result>(errand: () => Promise<Result>): Promise<Result> {
    const result = this.#last.then(errand);
    this.#last = result.then(nothing, nothing);
    return result;
  }

  /** Fulfilled when everything asked for so far has ended. */
  get settled(): Promise<void> {
    return this.#last;
  }
}

const nothing = (): void => undefined;
