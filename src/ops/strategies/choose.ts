import { CardinalError, unknownChoice } from '../../errors';
import type { ConvSpec } from '../conv-spec';
import { STRATEGIES, IMPLEMENTATIONS, type Implementation, type StrategyName } from '.';
import { preference } from './preference';
import type { Pass, Strategy } from './strategy';

/** What `explain` tells about one pass. */
export interface Choice {
  readonly strategy: StrategyName;
  /** Why it was taken. */
  readonly because: string;
  /** Why each other was not. */
  readonly others: Readonly<Partial<Record<StrategyName, string>>>;
}

/**
 * The strategy that computes `pass`: the named one, or under `'auto'` the first in the backend's order of preference
 * that does not decline.
 *
 * @throws InvalidArgumentError for a name that does not exist
 * @throws CardinalError where the named strategy cannot compute this on this backend; another is never taken quietly
 */
export function chooseStrategy(
  implementation: Implementation,
  spec: ConvSpec,
  pass: Pass,
  backend: string,
): Strategy<StrategyName> {
  if (implementation === 'auto') {
    const order = preference(spec, pass, backend).order.map(strategyNamed);
    return order.find(
      (strategy) => strategy.declines(spec, pass, backend) === undefined,
    ) as Strategy<StrategyName>;
  }
  const strategy = strategyNamed(implementation);
  const refusal = strategy.declines(spec, pass, backend);
  if (refusal === undefined) return strategy;
  const able = STRATEGIES.filter((other) => other.declines(spec, pass, backend) === undefined);
  throw new CardinalError(
    `implementation: '${implementation}' cannot compute ${pass} here: ${refusal}. ` +
      `Use 'auto' or one of ${able.map(({ name }) => name).join(', ')}.`,
  );
}

/** What `'auto'` takes for `pass`, why, and why not the others. */
export function explainChoice(spec: ConvSpec, pass: Pass, backend: string): Choice {
  const chosen = chooseStrategy('auto', spec, pass, backend);
  const { reason } = preference(spec, pass, backend);
  const others: Partial<Record<StrategyName, string>> = {};
  for (const strategy of STRATEGIES) {
    if (strategy.name === chosen.name) continue;
    others[strategy.name] =
      strategy.declines(spec, pass, backend) ?? `${chosen.name} comes before it here: ${reason}`;
  }
  return { strategy: chosen.name, because: `${chosen.summary}; ${reason}`, others };
}

/** Throws unless `implementation` is `'auto'` or the name of a strategy. */
export function checkImplementation(implementation: unknown): asserts implementation is Implementation {
  if (!IMPLEMENTATIONS.includes(implementation as Implementation)) {
    throw unknownChoice('implementation', implementation, IMPLEMENTATIONS);
  }
}

function strategyNamed(name: StrategyName): Strategy<StrategyName> {
  return STRATEGIES.find((strategy) => strategy.name === name) as Strategy<StrategyName>;
}
