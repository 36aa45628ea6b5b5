/**
 * Outcomes that a handler made and forgot to return: `snooze("5s")` where `return snooze("5s")` was meant. No type can tell,
 * as both give a handler that returns nothing.
 *
 * An outcome belongs to a run if it is made while the handler is being called, or while no other handler of this process
 * runs. Of one that is made after an `await` while others run, nobody can say whose it is, and nothing is said.
 *
 * @module
 */

/** What is known of an outcome. */
interface Made {
  readonly kind: string;
  readonly message: string;
  readonly success?: { readonly enqueue?: unknown } | undefined;
}

/** An outcome that was made during a run, and was neither returned nor thrown yet. */
interface Unclaimed {
  readonly outcome: Made;
  /** The run in which it was made; undefined if that was the only one. */
  readonly run: object | undefined;
  /** How many runs had begun. */
  readonly begun: number;
}

const unclaimed: Unclaimed[] = [];
/** How many runs have begun, and how many of them go on. */
let begun = 0;
let going = 0;
/** The run whose handler is being called, until that gives a promise. */
let called: object | undefined;

/** Notes an outcome that was made. */
export function noteMade(outcome: Made): void {
  if (called === undefined && going !== 1) return;
  unclaimed.push({ outcome, run: called, begun });
}

/** Takes note that a value, which may be an outcome, was returned or thrown. */
export function claim(value: unknown): void {
  if (unclaimed.length === 0) return;
  const at = unclaimed.findIndex(({ outcome }) => outcome === value);
  if (at >= 0) unclaimed.splice(at, 1);
}

/**
 * Begins a run. It has no promise and no closure of its own, as every job comes through here.
 *
 * @returns The number of the run.
 */
export function beginRun(): number {
  going++;
  return ++begun;
}

/** From here on a handler is being called, until it gives a promise: undefined. */
export function setCalled(run: object | undefined): void {
  called = run;
}

/**
 * Demands that a handler forgot no outcome.
 *
 * @param run The run.
 * @param first Its number.
 * @throws {Error} If it made one that nobody claimed.
 */
export function demandNoneForgotten(
  run: { readonly job: { readonly type: string } },
  first: number,
): void {
  if (unclaimed.length === 0) return;
  const forgotten = unclaimed.find((made) => isOf(made, run, first));
  if (forgotten !== undefined) throw toError(run.job.type, forgotten.outcome);
}

/** Ends a run. */
export function endRun(run: object, first: number): void {
  going--;
  for (let at = unclaimed.length - 1; at >= 0; at--) {
    if (isOf(unclaimed[at]!, run, first)) unclaimed.splice(at, 1);
  }
}

function isOf(made: Unclaimed, run: object, first: number): boolean {
  return made.run === undefined ? made.begun >= first : made.run === run;
}

/** What makes an outcome of a kind. */
const makers: Readonly<Record<string, string>> = {
  cancelled: "cancel",
  snoozed: "snooze",
  retried: "retryAt",
  completed: "complete",
  advanced: "advance",
};

function toError(type: string, { kind, message, success }: Made): Error {
  const maker = success?.enqueue === undefined ? makers[kind] : "finish";
  return new Error(
    `Handler of '${type}' called '${maker}' and forgot what it gave (${message}): ` +
      `write 'return ${maker}(…)' or 'throw ${maker}(…)'`,
  );
}
