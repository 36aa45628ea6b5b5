/**
 * Logs a state that lasts when it begins, and not for each call that meets it.
 *
 * @module
 */

import type { Logger } from "../../log.ts";
import type { UnusableStoreError } from "../../store/unusable.ts";

const logged = new WeakSet<UnusableStoreError>();

/** Logs an error, unless this instance was logged before. */
export function logOnce(logger: Logger, error: UnusableStoreError): void {
  if (logged.has(error)) return;
  logged.add(error);
  logger.error(`Refusing all changes: ${error.message}`, { error });
}
