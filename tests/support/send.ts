/** Calls of the API as they go over the wire. */

import type { Broker } from "../../src/broker/mod.ts";

/** An answer: its status, and its body as JSON if it has one. */
export interface Answer {
  readonly status: number;
  // deno-lint-ignore no-explicit-any -- tests look into answers of every shape
  readonly body: any;
}

/** Sends one call in JSON. */
export async function send(
  broker: Broker,
  method: string,
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const request = new Request(`http://broker${path}`, {
    method,
    headers: body === undefined ? headers : { "content-type": "application/json", ...headers },
    ...body !== undefined && { body: JSON.stringify(body) },
  });
  const response = await broker.fetch(request);
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}
