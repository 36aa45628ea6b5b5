/** A logger that remembers what went wrong. */

import type { Logger } from "../../src/log.ts";

/** A logger and what it was told. */
export interface RecordingLogger {
  readonly logger: Logger;
  /** The messages of warnings and errors, in order. */
  readonly errors: readonly string[];
}

/** Creates a logger that remembers warnings and errors. */
export function createRecordingLogger(): RecordingLogger {
  const errors: string[] = [];
  const note = (message: string) => void errors.push(message);
  return { logger: { debug() {}, info() {}, warn: note, error: note }, errors };
}
