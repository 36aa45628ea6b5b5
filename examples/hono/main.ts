import { env } from "node:process";
import { Hono } from "hono";
import { createBroker, createTokens, digestOfToken } from "millrace/broker";
import { createClient, defineJob } from "millrace/client";
import { openSqlite, serve, stopOnSignals } from "millrace/node";
import { createWorker, handle } from "millrace/worker";

const welcome = defineJob<{ name: string }>({ type: "welcome", queue: "default", retryLimit: 5 });

// Who comes in over HTTP. This process needs no token: it calls the broker by `localFetch`.
const sha256 = await digestOfToken(env["MILLRACE_TOKEN"]!);
const tokens = createTokens([{ name: "workers", sha256, scopes: ["work", "read"] }]);
const broker = createBroker({ store: openSqlite("jobs.db"), auth: tokens.authenticate });
const client = createClient({ fetch: broker.localFetch });
const worker = createWorker({
  client,
  handlers: [handle(welcome, ({ name }) => console.log(`Welcome ${name}`))],
});
await worker.start();

const app = new Hono();
app.get("/", async (context) => {
  const { id } = await client.enqueue(welcome, { name: context.req.query("name") ?? "you" });
  return context.json({ id }, 202);
});
app.mount("/jobs-api", broker.fetch);

const server = await serve(app.fetch, { port: Number(env["PORT"] ?? 8000) });
console.log(`Listening on ${server.url}`);

stopOnSignals({
  async stop(options) {
    await worker.stop(options);
    // Together: the server waits for take streams, which only the broker ends.
    await Promise.all([server.stop(options), broker.stop(options)]);
  },
});
