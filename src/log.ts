/**
 * What is asked of a logger.
 *
 * @module
 */

/** What a log line carries besides its message. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Where a component logs what it does; `console` fits, and `createLogger` makes one. `false` in its place logs nothing.
 */
export interface Logger {
  /** Steps that only somebody who looks for a fault wants to see. */
  debug(message: string, fields?: LogFields): void;
  /** Normal events: started, stopped, connected. */
  info(message: string, fields?: LogFields): void;
  /** Something was lost or delayed and will be tried again. */
  warn(message: string, fields?: LogFields): void;
  /** Something needs a person. */
  error(message: string, fields?: LogFields): void;
}

/** Logs nothing; `logger: false` is the same. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

/** Runs what a user handed over, and passes on what it throws, or what its promise rejects with later. */
export function runGuarded(run: () => unknown, failed: (error: unknown) => void): void {
  try {
    const result = run();
    // Also of a promise of another realm, and of one whose `then` throws.
    if (typeof result === "object" && result !== null) Promise.resolve(result).catch(failed);
  } catch (error) {
    failed(error);
  }
}
