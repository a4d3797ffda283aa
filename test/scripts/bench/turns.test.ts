import { takeTurns } from '../../../scripts/bench/turns';

describe('takeTurns', () => {
  it('lets each have one turn a round and moves the first place on', async () => {
    const order: string[] = [];
    const turn = (name: string) => ({ take: async () => order.push(name) });
    const times = await takeTurns([turn('a'), turn('b'), turn('c')], 3);
    expect(order.join(' ')).toBe('a b c b c a c a b');
    expect(times).toEqual([
      [1, 6, 8],
      [2, 4, 9],
      [3, 5, 7],
    ]);
  });

  it('holds every round of one that is alone from the start', async () => {
    expect(await takeTurns([{ take: async () => 5 }], 2)).toEqual([[5, 5]]);
  });

  it('never runs two at a time', async () => {
    let running = 0;
    let most = 0;
    const take = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 1));
      running--;
      return 1;
    };
    await takeTurns([{ take }, { take }], 3);
    expect(most).toBe(1);
  });

  it('leaves holes where one sits rounds out, and counts those turns as done', async () => {
    const onTurn = jest.fn();
    const turns = [
      { take: async () => 1 },
      { take: async () => 2, rounds: 1 },
      { take: async () => 3, rounds: 2 },
    ];
    // In the third round the first would be alone, with nothing to compare.
    expect(await takeTurns(turns, 3, onTurn)).toEqual([
      [1, 1, undefined],
      [2, undefined, undefined],
      [3, 3, undefined],
    ]);
    expect(onTurn).toHaveBeenCalledTimes(9);
  });
});
