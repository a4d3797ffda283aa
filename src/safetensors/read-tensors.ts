import { decodeTensor } from './decode';
import type { TensorEntry } from './header';
import type { StoredTensor } from './tensor';

/** Smaller tensors are read together, since each reading takes as long as that of so many bytes. */
const AT_ONCE = 2 ** 18;

/**
 * The tensors of a file of which parts can be read, by name, in the order of the header.
 *
 * @param entries fill the data without overlap or hole
 * @param read the bytes from `begin` to `end` of the data
 */
export async function readTensors(
  entries: ReadonlyMap<string, TensorEntry>,
  read: (begin: number, end: number) => Promise<Uint8Array>,
): Promise<Map<string, StoredTensor>> {
  const found = new Map<TensorEntry, StoredTensor>();
  for (const run of runsOf([...entries.values()])) {
    const { begin } = run[0];
    const bytes = await read(begin, run[run.length - 1].end);
    for (const entry of run) {
      const own = bytes.subarray(entry.begin - begin, entry.end - begin);
      // A copy, so that a tensor that is kept keeps none of the others.
      found.set(entry, decodeTensor(entry, run.length === 1 ? own : own.slice()));
    }
  }
  return new Map(Array.from(entries, ([name, entry]) => [name, found.get(entry) as StoredTensor]));
}

/** Neighbours that are read together. */
function runsOf(entries: TensorEntry[]): TensorEntry[][] {
  const runs: TensorEntry[][] = [];
  let run: TensorEntry[] = [];
  for (const entry of entries.sort((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (run.length > 0 && entry.end - run[0].begin > AT_ONCE) {
      runs.push(run);
      run = [];
    }
    run.push(entry);
  }
  return run.length > 0 ? [...runs, run] : runs;
}
