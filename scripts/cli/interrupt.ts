import { constants } from 'node:os';

import { ENDING_SIGNALS, signalExitCode, type EndingSignal } from './exit-codes';
import { isUnderNohup } from './nohup';
import { note } from './output';

/** A wish to end, from whatever side it comes, as an abort signal. */
export interface Interrupt {
  readonly signal: AbortSignal;
  /**
   * From here on the first signal to end, such as Ctrl-C, aborts, and a second ends the process; before, the first ends it. It is
   * for when there is something to save: without a listener the system ends the process at once, even within a native call, where
   * no JavaScript runs. A second call does nothing, so that each of several runs may make it.
   */
  arm(): void;
  /** Gives signals their usual effect back. */
  disarm(): void;
}

/** What began to end the work, as an exit code: the first of them, as what follows is often a consequence. */
let begun: number | undefined;
/** The work that can be stopped, if there is any. */
let work: { readonly isArmed: () => boolean; readonly abort: () => void; isUnwanted: boolean } | undefined;
let isHangupPassedOver = false;

// A terminal that closes sends its signal to the process and has the shell send it again, and npx passes Ctrl-C on to a program
// that has had it: one wish. What comes later is a second.
const ONE_WISH_MS = 100;

/**
 * Lets work that can be stopped save its state first.
 *
 * @param promise what is said on the first signal, such as `saving`
 */
export function createInterrupt(promise: string): Interrupt {
  const controller = new AbortController();
  const names = ENDING_SIGNALS.filter(
    (name) => name in constants.signals && !(name === 'SIGHUP' && isHangupPassedOver),
  );
  let isArmed = false;
  let waiting: NodeJS.Timeout | undefined;
  const unlisten = (): void => {
    clearTimeout(waiting);
    waiting = undefined;
    isArmed = false;
    for (const name of names) process.removeListener(name, onSignal);
  };
  const abort = (said?: string): void => {
    // A shell and the system both send it where a terminal closes, at any distance; there is nobody to press twice.
    passOverHangup();
    unlisten();
    if (said !== undefined) note(said);
    controller.abort();
  };
  const disarm = (): void => {
    if (waiting !== undefined) abort();
    unlisten();
  };
  const onSignal = (name: NodeJS.Signals): void => {
    if (waiting !== undefined) return;
    begun ??= signalExitCode(name as EndingSignal);
    waiting = setTimeout(() => abort(`${promise}; Ctrl-C again leaves at once`), ONE_WISH_MS);
  };
  const arm = (): void => {
    if (isArmed || controller.signal.aborted) return;
    if (own.isUnwanted) return abort();
    isArmed = true;
    for (const name of names) process.on(name, onSignal);
  };
  const own = { isArmed: () => isArmed || controller.signal.aborted, abort, isUnwanted: false };
  work = own;
  return { signal: controller.signal, arm, disarm };
}

/**
 * Ends the work for a reason that is no signal, such as an error.
 *
 * @param code the exit code that says so
 * @param patiently whether work that has nothing to save yet may go on until it has
 * @returns whether there is work that saves its state and ends; else there is nothing to wait for
 */
export function endWork(code: number, { patiently = false } = {}): boolean {
  begun ??= code;
  if (work === undefined) return false;
  if (work.isArmed()) work.abort();
  else if (patiently) work.isUnwanted = true;
  else return false;
  return true;
}

/** The exit code of whatever began to end the work, or `undefined` where nothing did. */
export function endingExitCode(): number | undefined {
  return begun;
}

/** From here on SIGHUP does nothing where nohup says so, which Node forgets: it starts with every signal's usual effect. */
export function respectNohup(): void {
  if (isUnderNohup()) passOverHangup();
}

function passOverHangup(): void {
  if (!isHangupPassedOver) process.on('SIGHUP', () => undefined);
  isHangupPassedOver = true;
}
