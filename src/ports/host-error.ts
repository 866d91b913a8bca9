/** What a host throws when the machine will not do as asked: an entry of the failure table, with the cure in its detail. */
import type { Failure, FailureCode } from '../protocol/failure.ts';

export class HostError extends Error {
  override readonly name = 'HostError';
  readonly failure: Failure;

  /** @param detail what was tried, what the system said, and what to do about it */
  constructor(code: FailureCode, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.failure = { code, detail };
  }
}
