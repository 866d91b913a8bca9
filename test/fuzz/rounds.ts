/** What the suites of nonsense are made of: many rounds that can be had again. */

/** Where the rounds begin: another one is other nonsense. */
export const SEED = Number(process.env.FUZZ_SEED ?? 1);

/** Runs many rounds, each with a chance of its own, and names the seed and the round of the first that goes wrong. */
export const roundsWith =
  <Chance>(chanceOf: (seed: number) => Chance) =>
  (count: number, run: (chance: Chance) => void): void => {
    for (let round = 0; round < count; round++) {
      try {
        run(chanceOf(SEED * 1_000_003 + round));
      } catch (error) {
        throw new Error(`FUZZ_SEED=${SEED}, round ${round}`, { cause: error });
      }
    }
  };
