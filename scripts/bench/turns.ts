/** One of those that are measured against each other. */
export interface Turn {
  /** Runs its share of a round and says how long one step took, in milliseconds. */
  take(): Promise<number>;
  /** How many of the rounds it takes part in; all unless given. */
  readonly rounds?: number;
}

/**
 * Lets everyone take a turn in each round (A B A B …), so that whatever else the machine does meanwhile slows all
 * alike, and hands back the milliseconds of each by round: `undefined` for a round that it sat out.
 *
 * The order turns by one place from round to round, so that nobody is always the one after the slowest.
 */
export async function takeTurns(
  turns: readonly Turn[],
  rounds: number,
  onTurn: () => void = () => {},
): Promise<(number | undefined)[][]> {
  const times = turns.map(() => new Array<number | undefined>(rounds).fill(undefined));
  for (let round = 0; round < rounds; round++) {
    const present = turns.filter((turn) => round < (turn.rounds ?? rounds)).length;
    // A round in which one is alone compares nothing.
    const isHeld = present > 1 || turns.length === 1;
    for (let place = 0; place < turns.length; place++) {
      const index = (place + round) % turns.length;
      const turn = turns[index];
      if (isHeld && round < (turn.rounds ?? rounds)) times[index][round] = await turn.take();
      onTurn();
    }
  }
  return times;
}
