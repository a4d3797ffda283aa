import { readFileSync } from 'node:fs';
import { ContestantProcess, UnsupportedWorkError } from '../../../scripts/bench/contestant-process';

// A contestant that prints where it should not, says its process id, and answers by what it is asked.
const SCRIPT = `
  const { writeSync } = require('node:fs');
  const say = (answer) => writeSync(3, JSON.stringify(answer) + '\\n');
  console.log('chatter'); console.error('a complaint');
  say({ versions: { pid: String(process.pid) } });
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
    const request = JSON.parse(line);
    console.log('more chatter');
    if (request.do === 'prepare') say({ error: 'not\\n this', unsupported: true });
    if (request.do === 'check') say({ error: 'broken' });
    if (request.do === 'run') say({ milliseconds: Array(request.steps).fill(request.untimed) });
    if (request.do === 'release') { console.error('last words'); process.exit(3); }
  });
`;

const state = (pid: string): string => /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? '?';

describe('a contestant in a process of its own', () => {
  let contestant: ContestantProcess;

  beforeEach(async () => {
    contestant = await ContestantProcess.start('Sample', { program: process.execPath, args: ['-e', SCRIPT] });
  });
  afterEach(() => contestant.stop());

  it('does what it is asked, again and again', async () => {
    const ask = (steps: number) => contestant.ask({ do: 'run', untimed: 7, steps });
    expect(await ask(2)).toEqual({ milliseconds: [7, 7] });
    expect(await ask(1)).toEqual({ milliseconds: [7] });
  });

  it('tells what it cannot do from what it fails at', async () => {
    const request = {
      do: 'prepare',
      folder: '',
      writesWeights: false,
      work: { kind: 'matmul', size: 1 },
    } as const;
    const optimizer = { learningRate: 0.001, momentum: 0.9, weightDecay: 5e-4 } as const;
    const refusal = contestant.ask({ ...request, optimizer });
    await expect(refusal).rejects.toThrow(UnsupportedWorkError);
    await expect(refusal).rejects.toThrow('Sample: not this');
    const failure = contestant.ask({ do: 'check', to: '' });
    await expect(failure).rejects.toThrow('Sample: broken');
    await expect(failure).rejects.not.toThrow(UnsupportedWorkError);
  });

  it('is reported with its last words when it ends', async () => {
    await expect(contestant.ask({ do: 'release' })).rejects.toThrow(/Sample ended: .*last words/);
  });

  it('cannot be started where there is no such program', async () => {
    const command = { program: 'no-such-program', args: [] };
    await expect(ContestantProcess.start('Nobody', command)).rejects.toThrow(/Nobody ended: .*ENOENT/);
  });

  // What is read here is Linux's account of processes; the benchmark itself goes without it elsewhere.
  const onLinux = process.platform === 'linux' ? it : it.skip;
  onLinux('stands still between requests, holds memory, and is gone when stopped', async () => {
    const { pid } = contestant.versions;
    const still = async () => {
      for (let i = 0; i < 100 && state(pid) !== 'T'; i++)
        await new Promise((resolve) => setTimeout(resolve, 10));
      return state(pid);
    };
    expect(await still()).toBe('T');
    await contestant.ask({ do: 'run', untimed: 0, steps: 1 });
    expect(await still()).toBe('T');
    expect(contestant.peakResidentBytes()).toBeGreaterThan(10e6);
    await contestant.stop();
    expect(() => process.kill(Number(pid), 0)).toThrow(/ESRCH/);
  });
});
