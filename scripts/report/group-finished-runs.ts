import type { RunConfig } from '../../src/train/run-config';
import { runLabel } from '../run-label';
import type { FinishedRun } from '../read-finished-run';

/** Finished runs that differ in their seed alone. */
export interface LabelledRuns {
  /** Tells them from every other group. */
  readonly label: string;
  /** Equal for two groups that differ in their model alone. */
  readonly training: string;
  /** By ascending seed. */
  readonly runs: readonly FinishedRun[];
}

/**
 * Puts runs together that differ in their seed alone, in the order in which they first come. A label that several groups
 * would have gets what sets them apart: `resnext_toy, learning rate 0.05`.
 */
export function groupFinishedRuns(runs: readonly FinishedRun[]): LabelledRuns[] {
  const groups = new Map<string, FinishedRun[]>();
  for (const run of runs) {
    const identity = JSON.stringify([...factsOf(run.config)]);
    groups.set(identity, [...(groups.get(identity) ?? []), run]);
  }
  const all = [...groups.values()];
  return all.map((members) => {
    const [{ config }] = members;
    const rivals = all.filter(([other]) => runLabel(other.config) === runLabel(config));
    return {
      label: [
        runLabel(config),
        ...differences(
          config,
          rivals.map(([other]) => other.config),
        ),
      ].join(', '),
      training: JSON.stringify([...factsOf(config)].filter(([key]) => !key.startsWith('model.'))),
      runs: [...members].sort((a, b) => a.config.recipe.seed - b.config.recipe.seed),
    };
  });
}

/** What a run's numbers depend on besides its seed, by name. Where its data lie, and what it ran on, is left out. */
function factsOf({ model, data, recipe }: RunConfig): Map<string, unknown> {
  const { options, ...rest } = model;
  const { images, ...chosen } = data;
  const parts = { model: rest, 'model.options': options, data: chosen, images: images ?? {}, recipe };
  return new Map(
    Object.entries(parts).flatMap(([part, values]) =>
      Object.entries(values)
        .filter(([key, value]) => key !== 'seed' && key !== 'source' && value !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, value]) => [`${part}.${key}`, value] as const),
    ),
  );
}

/** In what the training of groups differs, model and seed left out: `['subset', 'epochs']`. */
export function trainingDifferences(groups: readonly LabelledRuns[]): string[] {
  const all = groups.map(({ runs: [{ config }] }) => factsOf(config));
  return differingKeys(all)
    .filter((key) => !key.startsWith('model.'))
    .map(words);
}

function differences(config: RunConfig, rivals: readonly RunConfig[]): string[] {
  const own = factsOf(config);
  return differingKeys(rivals.map(factsOf)).map((key) => `${words(key)} ${shown(own.get(key))}`);
}

function differingKeys(all: readonly ReadonlyMap<string, unknown>[]): string[] {
  const keys = new Set(all.flatMap((facts) => [...facts.keys()]));
  return [...keys].filter((key) => new Set(all.map((facts) => JSON.stringify(facts.get(key)))).size > 1);
}

function shown(value: unknown): string {
  if (value === undefined) return 'not set';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** `recipe.learningRate` as `learning rate`. */
function words(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1).replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
