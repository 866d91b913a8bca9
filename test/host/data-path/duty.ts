/** The other side of an agent: a program that performs the tasks it is sent, and ends of itself when nobody sends any more. */

export type Task = (...words: never[]) => unknown;

export interface Call {
  readonly id: number;
  readonly task: string;
  readonly words: readonly unknown[];
}
export interface Answer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** @param leave lets go of all that keeps this process alive: nobody is there any more */
export function perform(tasks: Record<string, Task>, leave: () => void): void {
  process.on('message', async ({ id, task, words }: Call) => {
    let answer: Answer;
    try {
      answer = { id, result: await tasks[task]?.(...(words as never[])) };
    } catch (error) {
      answer = { id, error: (error as Error).stack ?? String(error) };
    }
    if (process.connected) process.send?.(answer);
  });
  process.on('disconnect', () => {
    leave();
    setTimeout(() => process.exit(99), 5000).unref(); // a test may have died; who measures its end sees the status
  });
}
