/** The transcripts of the protocol, replayed over HTTP to brokers on a real PostgreSQL. */

import { serve } from "../../adapters/deno/serve.ts";
import { createHttp1 } from "../conformance/sends/http1.ts";
import { type ConformanceOptions, describeConformance } from "../conformance/suite.ts";
import { describePostgres, openGroup, openShared, type PostgresDatabase } from "./server.ts";

function describeOn(title: string, options: ConformanceOptions): void {
  describeConformance(
    `Deno, HTTP/1.1, on PostgreSQL, ${title}`,
    async ({ fetch }) => {
      const server = await serve(fetch, { port: 0 });
      return { sender: createHttp1(server.port), stop: () => server.stop({ timeoutMs: 0 }) };
    },
    { formats: ["JSON"], ...options }, // What differs between formats is done before a database is asked.
  );
}

describePostgres("a broker on PostgreSQL", () => {
  describeOn("one broker", { createDatabase: () => openShared(), atOnce: 8 });
});

describePostgres("brokers on PostgreSQL", () => {
  const groups = new Map<number, readonly PostgresDatabase[]>();
  describeOn("three brokers in turn", {
    brokers: 3,
    // Those with streams and reports; all others pass as well, but the gate has little time.
    areas: ["ack", "bulk", "delete", "failure", "flow", "patch", "take"],
    atOnce: 4,
    createDatabase(scenario) {
      const group = groups.get(scenario) ?? openGroup(3);
      const [first, ...others] = group;
      groups.set(scenario, others);
      return first!;
    },
  });
});
