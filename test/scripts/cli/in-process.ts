import { main } from '../../../scripts/cli';

/** Runs the command line in this process, and keeps what it writes. */
export async function cardinal(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const kept = { out: '', err: '' };
  const spies = (['stdout', 'stderr'] as const).map((stream, index) =>
    jest.spyOn(process[stream], 'write').mockImplementation((text) => {
      kept[index === 0 ? 'out' : 'err'] += String(text);
      return true;
    }),
  );
  try {
    return { code: await main(args), ...kept };
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
}
