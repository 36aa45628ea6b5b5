/**
 * What is asked of a logger.
 *
 * @module
 */

/** What a log line carries besides its message. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where a component logs what it does; `console` fits. */
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

/** Logs nothing: the default wherever a logger may be given. */
export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };
