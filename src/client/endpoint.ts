/**
 * Calls that only a Millrace broker serves: another server answers them with 404, as if a job were missing, or with 405
 * where it has another call of the same path.
 *
 * @module
 */

import { NotFoundError, RefusedError } from "../errors.ts";
import type { Route } from "../protocol/routes.ts";
import type { Transport } from "./transport.ts";

/** What a broker answers where there is nothing at a path. */
const nothingThere = "not found";

/**
 * Says of a 404 or 405 that the server does not have the endpoint, if that is what it means.
 *
 * @param error What a call was rejected with.
 * @param route What was called.
 */
export function explainMissing(error: unknown, { method, path }: Route): unknown {
  if (!(error instanceof NotFoundError || error instanceof RefusedError)) return error;
  const { status, fromBroker, message } = error;
  const isMissing = status === 404 && (!fromBroker || message === nothingThere);
  if (!isMissing && status !== 405) return error;
  return new NotFoundError(
    `The server has no endpoint '${method} ${path}', which a Millrace broker has: ${message}`,
    status,
    { cause: error, fromBroker },
  );
}

/** Calls of a transport on endpoints that only a Millrace broker has. */
export function callOwn({ call }: Pick<Transport, "call">): Transport["call"] {
  return (one, options, read) => call(one, options, read).catch(explain(one.route));
}

/** The same of what gives the answer as it is. */
export function sendOwn({ send }: Pick<Transport, "send">): Transport["send"] {
  return (one, options) => send(one, options).catch(explain(one.route));
}

function explain(route: Route): (error: unknown) => never {
  return (error) => {
    throw explainMissing(error, route);
  };
}
