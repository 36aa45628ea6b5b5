/** Requests in all their states, and batches, for those who look at a dashboard. */

import type { Client } from "../../src/client/mod.ts";
import {
  createHttp,
  defineHttpCallback,
  handleHttpCallbacks,
  handleHttpRequests,
  secret,
} from "../../src/offload/mod.ts";
import { createWorker } from "../../src/worker/mod.ts";

/** What was enqueued. */
export interface Outbound {
  /** Answered, and its callback is dead. */
  readonly answered: string;
  /** Answered with 503, and tried again later. */
  readonly retrying: string;
  /** Not sent yet. */
  readonly waiting: string;
}

/** A secret that stands in a job as it is, though it should not. */
export const plainSecret = "sk-live-0815-plain";

/** Enqueues requests and lets some of them run. */
export async function enqueueRequests(client: Client): Promise<Outbound> {
  const saveReply = defineHttpCallback<{ chatId: string }>("save-reply", {
    onComplete() {
      throw new TypeError("The chat is gone");
    },
    onError() {},
  });
  const api = createHttp(client, {
    baseUrl: "https://api.example/v1/",
    headers: { authorization: secret("model", { prefix: "Bearer " }), "x-api-key": plainSecret },
    callbackJob: { retryLimit: 0 },
    retry: { limit: 3, baseMs: 3_600_000 },
  });
  const ask = (path: string) =>
    api.post(path, {
      json: { question: "Why?" },
      callback: saveReply,
      callbackArgs: { chatId: "c-42" },
    });
  const answered = await ask("answers?page=2&api_key=abcdef");
  const retrying = await ask("overloaded");
  const fetchAnswer = (input: string | URL | Request): Promise<Response> => {
    const { url } = new Request(input);
    if (url.includes("overloaded")) return Promise.resolve(new Response("busy", { status: 503 }));
    if (url.includes("/v1/answers")) {
      const headers = { location: "https://api.example/v2/answers" };
      return Promise.resolve(new Response(null, { status: 307, headers }));
    }
    const headers = { "set-cookie": "session=hidden-cookie", "x-request": "r-1" };
    return Promise.resolve(Response.json({ reply: "Because." }, { headers }));
  };
  const worker = createWorker({
    client,
    workerId: "sender",
    logger: false,
    queues: ["http", "http-callbacks"],
    handlers: [
      ...handleHttpRequests({
        client,
        fetch: fetchAnswer,
        guardAddresses: false,
        secrets: { model: () => "the-model-secret" },
      }),
      handleHttpCallbacks({ callbacks: [saveReply] }),
    ],
  });
  await worker.runOnce();
  const waiting = await ask("later");
  return { answered: idOf(answered), retrying: idOf(retrying), waiting: idOf(waiting) };
}

function idOf(enqueued: string | { readonly id: string }): string {
  return typeof enqueued === "string" ? enqueued : enqueued.id;
}

/** Enqueues jobs of two batches: one that can be taken, and one that collects for an hour. */
export async function enqueueBatches(client: Client): Promise<void> {
  const batch = (key: string) => ({
    key,
    when: "($existing.to | length) < 100",
    fold: "$existing | .to += $new.to",
    collect: true,
  });
  for (const to of ["ada", "bob", "cy"]) {
    const mail = { type: "digest", queue: "digests", payload: { to: [to] } };
    await client.enqueue({ ...mail, batch: batch("digest:now") });
    await client.enqueue({ ...mail, batch: batch("digest:later"), delayMs: 3_600_000 });
  }
}
