/**
 * The transcripts, replayed over a runtime's server, in both versions of HTTP.
 *
 * @module
 */

import type { FetchHandler, ServeOptions, Server } from "../../adapters/server.ts";
import { createHttp1 } from "./sends/http1.ts";
import { createHttp2 } from "./sends/http2.ts";
import { describeConformance } from "./suite.ts";

/** Defines the suite for one runtime. */
export function describeServed(
  name: string,
  serve: (handler: FetchHandler, options: ServeOptions) => Promise<Server>,
): void {
  for (
    const [version, createSender] of [["HTTP/1.1", createHttp1], ["HTTP/2", createHttp2]] as const
  ) {
    describeConformance(`${name}, ${version}`, async ({ fetch }) => {
      const server = await serve(fetch, { port: 0 });
      return {
        sender: createSender(server.port),
        stop: () => server.stop({ timeoutMs: 0 }),
      };
    });
  }
}
