/**
 * The program by which a bundle is tried in workerd, in a folder where the package and miniflare are installed: a broker on a
 * port, the bundle as a Worker, a request to it, and a look at what the broker has.
 *
 * @module
 */

/** The program's text; it takes the bundle's path, and prints `enqueued 1 of 1`. */
export function toWorkerdProgram(): string {
  return `
import { readFileSync } from "node:fs";
import { Miniflare } from "miniflare";
import { createBroker } from "millrace/broker";
import { createClient } from "millrace/client";
import { openSqlite, serve } from "millrace/node";

const broker = createBroker({ store: openSqlite(":memory:") });
const server = await serve(broker, { port: 0 });
const worker = new Miniflare({
  modules: true,
  script: readFileSync(process.argv[2], "utf8"),
  compatibilityDate: "2026-01-01",
  bindings: { MILLRACE_URL: server.url },
});
const answer = await worker.dispatchFetch("http://edge.example/?user=ada");
const count = await createClient({ url: server.url }).count({ type: "welcome" });
console.log("enqueued", answer.status === 202 ? 1 : await answer.text(), "of", count);
await worker.dispose();
await Promise.all([server.stop(), broker.stop()]);
`;
}
