/** The transcripts of the protocol, replayed over HTTP to a broker on a real PostgreSQL. */

import { serve } from "../../adapters/deno/serve.ts";
import { createHttp1 } from "../conformance/sends/http1.ts";
import { describeConformance } from "../conformance/suite.ts";
import { describePostgres, openShared } from "./server.ts";

describePostgres("a broker on PostgreSQL", () => {
  describeConformance(
    "Deno, HTTP/1.1, on PostgreSQL",
    async ({ fetch }) => {
      const server = await serve(fetch, { port: 0 });
      return { sender: createHttp1(server.port), stop: () => server.stop({ timeoutMs: 0 }) };
    },
    {
      formats: ["JSON"], // What differs between formats is done before a database is asked.
      createDatabase: () => openShared(),
      atOnce: 8,
    },
  );
});
