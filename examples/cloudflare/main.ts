import { createClient, createLeases, defineJob } from "millrace/client";
import { BrokerObject, objectFetch, type ObjectNamespace } from "millrace/cloudflare";
import { createWorker, handle } from "millrace/worker";

interface Env {
  readonly JOBS: ObjectNamespace;
}

/** The broker: as many as there are names, each with a database of its own. */
export class Jobs extends BrokerObject {}

const welcome = defineJob<{ name: string }>({ type: "welcome", queue: "default", retryLimit: 5 });

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== "/") return new Response("not found", { status: 404 });
    const client = createClient({ fetch: objectFetch(env.JOBS, "main") });
    const { id } = await client.enqueue(welcome, { name: searchParams.get("name") ?? "you" });
    return Response.json({ id }, { status: 202 });
  },
  async scheduled(_event: unknown, env: Env): Promise<void> {
    const fetch = objectFetch(env.JOBS, "main");
    const worker = createWorker({
      client: createClient({ fetch }),
      leases: createLeases({ fetch }),
      handlers: [handle(welcome, ({ name }) => console.log(`Welcome ${name}`))],
    });
    await worker.runOnce({ maxJobs: 100, deadlineMs: 20_000 });
  },
};
