import { createBroker } from "millrace/broker";
import { openSqlite, serve, stopOnSignals } from "millrace/bun";
import { createClient } from "millrace/client";
import { createWorker, handle } from "millrace/worker";
import { welcome } from "./jobs.ts";

const broker = createBroker({ store: openSqlite("jobs.db") });
const server = await serve(broker, { port: Number(process.env["PORT"] ?? 7890) });
const worker = createWorker({
  client: createClient({ fetch: broker.localFetch }),
  handlers: [handle(welcome, ({ name }) => console.log(`Welcome ${name}`))],
});
await worker.start();
console.log(`Listening on ${server.url}`);

stopOnSignals({
  async stop(options) {
    await worker.stop(options);
    // Together: the server waits for take streams, which only the broker ends.
    await Promise.all([server.stop(options), broker.stop(options)]);
  },
});
