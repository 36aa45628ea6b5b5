/**
 * What the dashboard says for itself, as JSON.
 *
 * @module
 */

import { safeHeaders } from "./serve-assets.ts";

/** An answer that nothing keeps. */
export function answerJson(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: {
      ...safeHeaders,
      "content-type": "application/json",
      "cache-control": "no-store",
      ...headers,
    },
  });
}

/** A refusal, with its reason. */
export function refuse(status: number, error: string): Response {
  return answerJson(status, { error });
}

/** A header of a request or an answer, where it has that. */
export function pick(headers: Headers, name: string): Record<string, string> {
  const value = headers.get(name);
  return value === null ? {} : { [name]: value };
}
