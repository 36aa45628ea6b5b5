/**
 * The hole that a logger fills.
 *
 * @module
 */

/** What a log line carries besides its message. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where a component says what it does; `console` has this shape. */
export interface Logger {
  /** Steps that matter only when something is being looked for. */
  debug(message: string, fields?: LogFields): void;
  /** Normal events of a life: started, stopped, connected. */
  info(message: string, fields?: LogFields): void;
  /** Something was lost or delayed and will be tried again. */
  warn(message: string, fields?: LogFields): void;
  /** Something needs a person. */
  error(message: string, fields?: LogFields): void;
}

/** Says nothing: the default wherever a logger may be given. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
