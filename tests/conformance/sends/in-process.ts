/**
 * Calls of a fetch function, with no server between.
 *
 * @module
 */

import type { Answer, Call, Sender } from "./send.ts";

/** Sends to a fetch function, which has no word for a header of several lines, nor for a GET with a body. */
export function createInProcess(fetch: (request: Request) => Promise<Response>): Sender {
  return {
    canSend: ({ method, headers, body }) =>
      !Object.values(headers).some(Array.isArray) && !(method === "GET" && body !== undefined),
    async send({ method, path, headers, body }: Call): Promise<Answer> {
      const leaving = new AbortController();
      const request = new Request(`http://broker${path}`, {
        method,
        headers: headers as Record<string, string>,
        signal: leaving.signal,
        ...body !== undefined && { body },
      });
      const response = await fetch(request);
      return {
        status: response.status,
        headers: response.headers,
        body: response.body ?? new Blob([]).stream(),
        abort: () => leaving.abort(),
      };
    },
  };
}
