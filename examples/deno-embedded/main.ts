import { createBroker } from "@millrace/millrace/broker";
import { createClient, defineJob } from "@millrace/millrace/client";
import { openSqlite, stopOnSignals } from "@millrace/millrace/deno";
import { createWorker, handle } from "@millrace/millrace/worker";

const welcome = defineJob<{ name: string }>({ type: "welcome", queue: "default", retryLimit: 5 });

const broker = createBroker({ store: openSqlite("jobs.db") });
const client = createClient({ fetch: broker.fetch });
const worker = createWorker({
  client,
  handlers: [handle(welcome, ({ name }) => console.log(`Welcome ${name}`))],
});
await worker.start();

const site = Deno.serve(
  { hostname: "127.0.0.1", port: Number(Deno.env.get("PORT") ?? 8000) },
  async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/") return new Response("not found", { status: 404 });
    const { id } = await client.enqueue(welcome, { name: searchParams.get("name") ?? "you" });
    return Response.json({ id }, { status: 202 });
  },
);

stopOnSignals({
  async stop(options) {
    // In this order: the site enqueues, and the worker still reports to the broker.
    await site.shutdown();
    await worker.stop(options);
    await broker.stop(options);
  },
});
