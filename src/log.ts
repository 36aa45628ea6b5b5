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

/**
 * Makes a logger harmless: what it throws, at once or later, ends neither a job nor the process. The first time it is
 * told on the console, as there is nobody else to tell.
 *
 * @param logger What a user gave; silent when undefined.
 */
export function guardLogger(logger: Logger | undefined): Logger {
  if (logger === undefined) return silentLogger;
  let told = false;
  const tell = (error: unknown) => {
    if (told) return;
    told = true;
    console.error("A logger that was given to Millrace threw; this is told once", error);
  };
  const guard = (level: keyof Logger) => (message: string, fields?: LogFields) =>
    runGuarded(() => logger[level](message, fields), tell);
  return {
    debug: guard("debug"),
    info: guard("info"),
    warn: guard("warn"),
    error: guard("error"),
  };
}

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
