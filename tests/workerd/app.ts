/**
 * A Worker that uses the client as an app at the edge would: it enqueues, lists, takes one job, and acknowledges it.
 *
 * @module
 */

import { createClient, defineJob } from "../../mod.ts";
import { formats } from "../support/formats.ts";

const greet = defineJob<{ name: string }>({ type: "greet", queue: "edge" });

/** What the Worker saw of the broker. */
export interface Seen {
  readonly enqueued: string;
  readonly listed: readonly string[];
  readonly taken: { readonly id: string; readonly payload: unknown; readonly status: string };
  /** How many jobs are left once it acknowledged. */
  readonly left: number;
}

export default {
  async fetch(request: Request, env: { readonly BROKER_URL: string }): Promise<Response> {
    const format = new URL(request.url).pathname === "/msgpack" ? "msgpack" : "json";
    const client = createClient({ url: env.BROKER_URL, format: formats[format] });

    const { id: enqueued } = await client.enqueue(greet, { name: "Wörld" });
    const listed: string[] = [];
    for await (const job of client.list({ queue: "edge" })) listed.push(job.id);

    for await (const { id, payload, status } of await client.take({ queues: ["edge"] })) {
      await client.success(id);
      const left = await client.count({ queue: "edge" });
      const seen: Seen = { enqueued, listed, taken: { id, payload, status }, left };
      return Response.json(seen);
    }
    return new Response("the take stream ended", { status: 500 });
  },
};
