import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { CardinalError } from '../../src/errors';
import type { Answers, Greeting, Refusal, Request } from './protocol';

/** How to start a contestant. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A contestant cannot do this work at all, as opposed to failing at it. */
export class UnsupportedWorkError extends CardinalError {
  override name = 'UnsupportedWorkError';
}

const KEPT_STDERR = 4_000;
const KEPT_REASON = 300;
const running = new Set<ChildProcess>();

// A stopped process would outlive this one unnoticed.
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/**
 * A contestant: a process that does work when asked, and stands still otherwise.
 *
 * Between two requests it is stopped by a signal, since the threads of an idle library may go on spinning for a while
 * and would slow whoever has the next turn. Where there are no such signals it just waits.
 */
export class ContestantProcess {
  private readonly child: ChildProcess;
  private readonly answers: AsyncIterator<string>;
  private complaints = '';
  private versionsFound: Greeting['versions'] = {};

  private constructor(
    readonly name: string,
    command: Command,
  ) {
    this.child = spawn(command.program, command.args, {
      env: { ...process.env, ...command.env },
      stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
    });
    running.add(this.child);
    this.child.once('exit', () => running.delete(this.child));
    this.child.once('error', (error) => this.keepComplaint(error.message));
    // Libraries print to stdout as they like; answers have a pipe of their own.
    const { 0: input, 3: answers } = this.child.stdio as unknown as { 0: Writable; 3: Readable };
    // A request to a process that has died is answered by the missing answer.
    input.on('error', () => {});
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (data: Buffer) => this.keepComplaint(data.toString()));
    }
    this.answers = createInterface({ input: answers })[Symbol.asyncIterator]();
  }

  /**
   * Starts a contestant and waits until it is ready.
   *
   * @throws CardinalError when it ends before that
   */
  static async start(name: string, command: Command): Promise<ContestantProcess> {
    const contestant = new ContestantProcess(name, command);
    const greeting = await contestant.nextAnswer<Greeting>();
    contestant.versionsFound = greeting.versions;
    contestant.pause();
    return contestant;
  }

  get versions(): Greeting['versions'] {
    return this.versionsFound;
  }

  /**
   * Has one request carried out, alone: it is woken for that and stopped again.
   *
   * @throws UnsupportedWorkError where it says that it cannot do such work
   * @throws CardinalError where it fails or ends
   */
  async ask<Do extends Request['do']>(request: Extract<Request, { do: Do }>): Promise<Answers[Do]> {
    this.signal('SIGCONT');
    this.child.stdin?.write(`${JSON.stringify(request)}\n`);
    const answer = await this.nextAnswer<Answers[Do]>();
    this.pause();
    return answer;
  }

  /** The most memory that it ever had resident, in bytes; `undefined` where the system does not tell. */
  peakResidentBytes(): number | undefined {
    return peakResidentBytes(this.child.pid as number);
  }

  /** Ends it and waits until it is gone. */
  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null || this.child.pid === undefined)
      return;
    const gone = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill('SIGKILL');
    await gone;
  }

  private async nextAnswer<Answer>(): Promise<Answer> {
    const { value, done } = await this.answers.next();
    if (done === true) throw new CardinalError(`${this.name} ended: ${this.lastComplaint()}`);
    const answer = JSON.parse(value) as Answer | Refusal;
    if (typeof answer === 'object' && answer !== null && 'error' in answer) {
      this.pause();
      const Kind = answer.unsupported === true ? UnsupportedWorkError : CardinalError;
      throw new Kind(`${this.name}: ${oneLine(answer.error)}`);
    }
    return answer as Answer;
  }

  private pause(): void {
    this.signal('SIGSTOP');
  }

  private signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    if (process.platform !== 'win32') this.child.kill(signal);
  }

  private keepComplaint(text: string): void {
    this.complaints = (this.complaints + text).slice(-KEPT_STDERR);
  }

  private lastComplaint(): string {
    const lines = this.complaints.trim().split('\n').slice(-3);
    return lines.join(' | ') || 'it said nothing';
  }
}

function oneLine(text: string): string {
  return text.trim().replace(/\s+/g, ' ').slice(0, KEPT_REASON);
}

/** Of any process, from Linux's account of it. */
export function peakResidentBytes(pid: number): number | undefined {
  try {
    const [, kilobytes] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined; // another system
  }
}
