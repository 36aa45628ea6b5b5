/**
 * Calls to a broker in the same process, without the classes of the platform.
 *
 * @module
 */

import type { Exchange } from "../protocol/exchange.ts";
import type { PortAnswer, PortCall } from "./port-types.ts";

/** Sends a call by an exchange. */
export async function exchangeCall(exchange: Exchange, call: PortCall): Promise<PortAnswer> {
  const { method, url, signal, body: bytes = new Uint8Array() } = call;
  const { status, headers, body } = await exchange({
    method,
    url,
    signal,
    headers: { get: (name) => call.headers[name.toLowerCase()] ?? null },
    get body() {
      return call.body === undefined ? null : new Response(bytes).body;
    },
    arrayBuffer: () =>
      Promise.resolve(
        bytes.length === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer,
      ),
  });
  return {
    status,
    header: (name) => headers[name] ?? null,
    bytes: async () =>
      body instanceof Uint8Array ? body : new Uint8Array(await new Response(body).arrayBuffer()),
    stream: () => body === null ? null : new Response(body).body,
  };
}
