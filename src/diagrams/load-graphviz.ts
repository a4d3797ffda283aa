import type { Viz } from '@viz-js/viz' with { 'resolution-mode': 'import' };

interface VizModule {
  instance(): Promise<Viz>;
}

let loaded: Promise<Viz> | undefined;

/** Graphviz as WebAssembly, loaded when the first diagram of a model wants it. */
export function loadGraphviz(): Promise<Viz> {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- lazily: it is large
  loaded ??= (require('@viz-js/viz') as VizModule).instance();
  return loaded;
}
