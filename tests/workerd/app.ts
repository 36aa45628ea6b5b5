/**
 * A Worker that uses the client as an app at the edge would: it enqueues one job and many, looks for them, takes them, and
 * acknowledges them.
 *
 * @module
 */

import { objectFetch, type ObjectNamespace } from "../../adapters/cloudflare/mod.ts";
import { createClient, createEnqueuer, defineJob, type Fetch, query } from "../../mod.ts";
import { formats } from "../support/formats.ts";

const greet = defineJob<{ name: string }>({ type: "greet", queue: "edge" });

/** What the Worker saw of the broker. */
export interface Seen {
  readonly enqueued: readonly string[];
  readonly listed: readonly string[];
  /** The payloads that a query found by theirs. */
  readonly found: readonly unknown[];
  readonly taken: readonly { readonly id: string; readonly payload: unknown }[];
  /** How many jobs are left once it acknowledged. */
  readonly left: number;
}

interface Env {
  readonly BROKER_URL: string;
  /** Another Worker, bound as a service. */
  readonly BROKER: { fetch(request: Request): Promise<Response> };
  readonly JOBS: ObjectNamespace;
}

/** How its requests leave it. */
const transports: Readonly<Record<string, (env: Env) => { url?: string; fetch?: Fetch }>> = {
  fetch: ({ BROKER_URL }) => ({ url: BROKER_URL }),
  service: ({ BROKER }) => ({
    url: "http://broker/brokers/app-service",
    fetch: (request) => BROKER.fetch(request),
  }),
  object: ({ JOBS }) => ({ fetch: objectFetch(JOBS, "app") }),
};

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const [, transport, format] = new URL(request.url).pathname.split("/");
    const options = { ...transports[transport!]!(env), format: formats[format as "json"] };
    const client = createClient(options);

    const one = await client.enqueue(greet, { name: "Wörld" });
    const many = await client.enqueueMany(greet, [{ name: "a" }, { name: "b" }]);
    const lean = await createEnqueuer(options).enqueue(greet, { name: "lean" });
    const enqueued = [one, ...many, lean].map(({ id }) => id);

    const listed: string[] = [];
    for await (const job of client.list({ queue: "edge" })) listed.push(job.id);
    const found: unknown[] = [];
    const named = query(client, greet).where({ filter: '.name == "b"' });
    for await (const { payload } of named) found.push(payload);

    const taken: { id: string; payload: unknown }[] = [];
    const stream = await client.take({ queues: ["edge"], prefetch: 10 });
    for await (const { id, payload } of stream) {
      taken.push({ id, payload });
      await client.success(id);
      if (taken.length === enqueued.length) break;
    }
    const left = await client.count({ queue: "edge" });
    const seen: Seen = { enqueued, listed, found, taken, left };
    return Response.json(seen);
  },
};
