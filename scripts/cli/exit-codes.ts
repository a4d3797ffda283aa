import { constants } from 'node:os';

/** The exit codes that are no signal's. */
export const EXIT = { done: 0, failed: 1, usage: 2, closedPipe: 141 } as const;

/** The signals that end a program and let it save first; Windows has some of them, and SIGBREAK. */
export const ENDING_SIGNALS = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGBREAK',
  'SIGXCPU',
  'SIGUSR2',
] as const;

export type EndingSignal = (typeof ENDING_SIGNALS)[number];

/** The exit code of work that a signal ended: 128 and its number, as shells have it. */
export function signalExitCode(signal: EndingSignal): number {
  return 128 + (constants.signals[signal] ?? 0);
}

/** All of it for people; `cardinal --help` ends with it. */
export const EXIT_CODES_HELP = `Exit codes:
  ${EXIT.done}    done
  ${EXIT.failed}    failed
  ${EXIT.usage}    wrong usage: an argument or option that cannot be, or a file or folder given as one that is not there
  ${EXIT.closedPipe}  stopped, as the reader of its output went away (SIGPIPE)
  128 and the number of the signal that stopped it: ${signalExitCode('SIGHUP')} SIGHUP (the terminal was closed), ${signalExitCode('SIGINT')} SIGINT (Ctrl-C),
       ${signalExitCode('SIGQUIT')} SIGQUIT, ${signalExitCode('SIGTERM')} SIGTERM
However a training is stopped, it saves its state first and says how to go on; a second Ctrl-C leaves at once, and so does the
first before the first step is done, as there is nothing to save. Under nohup, SIGHUP is passed over.`;
