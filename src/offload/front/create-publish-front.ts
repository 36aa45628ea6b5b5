/**
 * A front in the shape of QStash's HTTP API: `POST /v2/publish/{url}` with its headers, behind a bearer token. Who publishes there
 * changes an address.
 *
 * | Call                                          | What it does                                               |
 * | --------------------------------------------- | ---------------------------------------------------------- |
 * | `POST /v2/publish/{url}`                      | publishes a message                                        |
 * | `POST /v2/batch`                              | publishes several, all or none                             |
 * | `GET /v2/messages/{id}`                       | shows one that is not done yet                             |
 * | `DELETE /v2/messages/{id}`                    | cancels it                                                 |
 * | `GET /v2/dlq`, `GET /v2/dlq/{id}`             | shows messages that have failed for good                   |
 * | `POST /v2/dlq/retry/{id}`, `…/retry?dlqIds=`  | publishes them anew                                        |
 * | `DELETE /v2/dlq/{id}`, `DELETE /v2/dlq`       | deletes them                                               |
 *
 * All else is answered 404, and a header `Upstash-…` that is not known 400: schedules, URL groups, queues, flow control and
 * expressions for delays are not there.
 *
 * @module
 */

import { systemClock } from "../../async/clock.ts";
import { toMs } from "../../async/duration.ts";
import { isMillraceError, mayPass } from "../../errors.ts";
import { guardLogger } from "../../guard-logger.ts";
import { checkOptions, show } from "../../options.ts";
import type { EnqueueRequest } from "../../protocol/enqueue.ts";
import { createHttp } from "../create-http.ts";
import { isPublicUrl } from "../guard/public-url.ts";
import { sha256Hex } from "../payloads/sha256.ts";
import { readTraceContext } from "../trace-context.ts";
import { frontNames, type PublishFrontOptions, toPlan } from "./publish-options.ts";
import { type PublishedMessage, toMessage, toRequestOptions } from "./publish-message.ts";
import { PublishRefusal, type PublishRequest, readPublishRequest } from "./publish-request.ts";
import { createGate, readBatch, readBody } from "./read-call.ts";
import { serveMessages } from "./serve-messages.ts";

/** A front. */
export interface PublishFront {
  /**
   * Serves a call. What it answers is JSON; it never rejects.
   *
   * @param request The call.
   */
  readonly fetch: (request: Request) => Promise<Response>;
}

/** A message that is ready to be stored. */
interface Prepared {
  readonly url: string;
  readonly request: EnqueueRequest;
}

/**
 * Creates a front in the shape of QStash's HTTP API, as a fetch handler for any server. Each message is a request job: a
 * worker with {@linkcode publishCallback} among its callbacks sends it. `docs/offload.md` says what is covered.
 *
 * @param options What enqueues, who may call, and how messages are sent.
 * @throws {TypeError} If an option is of a wrong kind, or there is no token.
 * @throws {RangeError} If a number is out of range, or a token is too short.
 *
 * @example
 * ```ts
 * import { createEnqueuer } from "@millrace/millrace/client";
 * import { createPublishFront } from "@millrace/millrace/offload";
 *
 * const front = createPublishFront({
 *   client: createEnqueuer({ url: "http://127.0.0.1:7890" }),
 *   tokens: ["a-long-and-random-text-of-yours"],
 * });
 *
 * const refused = await front.fetch(
 *   new Request("https://front.example/v2/publish/https://shop.example/hooks", { method: "POST" }),
 * );
 * console.log(refused.status); // 401: the call has no token
 * ```
 */
export function createPublishFront(options: PublishFrontOptions): PublishFront {
  checkOptions("createPublishFront", options, frontNames);
  const { client, guardAddresses = true, allowUrl, payloads, clock = systemClock } = options;
  for (const name of ["enqueue", "enqueueMany"] as const) {
    if (typeof client?.[name] === "function") continue;
    throw new TypeError(
      `Cannot use 'client' ${show(client)}: expected what createClient or createEnqueuer gives`,
    );
  }
  const admit = createGate(options.tokens);
  const logger = guardLogger(options.logger);
  const basePath = (options.basePath ?? "").replace(/\/+$/, "");
  const maxBytes = options.maxBytes ?? 1_048_576;
  const completedMs = toMs(options.deduplication ?? "10m", "deduplication");
  const plan = toPlan(options);
  const http = createHttp(client, payloads ? { payloads } : {});

  const admitAddress = async (url: URL): Promise<void> => {
    const isAllowed = (!guardAddresses || isPublicUrl(url)) && await allowUrl?.(url) !== false;
    if (!isAllowed) throw new PublishRefusal(`Destination '${url.host}' is not allowed`, 403);
  };

  /** Makes the job of a message. */
  const prepare = async (
    message: PublishedMessage,
    more: { readonly key?: string | undefined; readonly headers?: Headers } = {},
  ): Promise<Prepared> => {
    const { url, method, notBefore } = message;
    for (const to of [message, message.callback, message.failureCallback]) {
      if (to !== undefined) await admitAddress(new URL(to.url));
    }
    const trace = more.headers && readTraceContext(more.headers);
    const job = {
      ...notBefore > clock.now() && { readyAt: notBefore },
      ...trace && { meta: { ...trace } },
      ...more.key !== undefined && {
        uniqueKey: `publish:${more.key}`,
        uniqueWhile: "exists" as const,
        retention: { completedMs },
      },
    };
    return {
      url,
      request: await http.of(method, url, toRequestOptions(message, job)).prepare(clock),
    };
  };

  const publish = async (destination: string, headers: Headers, body: Uint8Array) => {
    const asked = readPublishRequest(destination, headers);
    if (asked.method === "GET" && body.length > 0) {
      throw new PublishRefusal("A GET has no body: expected another 'Upstash-Method'");
    }
    const message = toMessage(asked, body, { now: clock.now(), plan });
    return await prepare(message, { key: await toKey(asked, body), headers });
  };

  const store = async (prepared: readonly Prepared[]): Promise<readonly object[]> => {
    const requests = prepared.map(({ request }) => request);
    const stored = requests.length === 1
      ? [await client.enqueue(requests[0]!)]
      : await client.enqueueMany(requests);
    return stored.map(({ id, duplicate }, at) => ({
      messageId: id,
      url: prepared[at]!.url,
      ...duplicate && { deduplicated: true },
    }));
  };

  const batch = async (request: Request) => {
    const items = readBatch(await readBody(request, maxBytes));
    const prepared = items.map(async ({ destination, headers, body }) =>
      await publish(destination, headers, new TextEncoder().encode(body))
    );
    return await store(await Promise.all(prepared));
  };

  const messages = serveMessages(client, {
    payloads,
    clock,
    publish: async (message) => (await store([await prepare(message)]))[0]!,
  });

  const serve = async (request: Request): Promise<object> => {
    const { pathname, search } = new URL(request.url);
    const path = pathname.startsWith(`${basePath}/v2/`) ? pathname.slice(basePath.length) : "";
    if (path === "") throw new PublishRefusal("Not found", 404);
    const publishPath = "/v2/publish/";
    if (path.startsWith(publishPath) && request.method === "POST") {
      const destination = path.slice(publishPath.length) + search;
      const body = await readBody(request, maxBytes);
      return (await store([await publish(destination, request.headers, body)]))[0]!;
    }
    if (path === "/v2/batch" && request.method === "POST") return await batch(request);
    return await messages(request.method, path, new URLSearchParams(search));
  };

  return {
    async fetch(request) {
      try {
        if (!await admit(request.headers.get("authorization"))) {
          throw new PublishRefusal("Unauthorized: expected a bearer token that is known", 401);
        }
        return Response.json(await serve(request));
      } catch (error) {
        const { message, status } = toRefusal(error);
        if (status === 503) logger.error("A call could not be served", { error });
        const headers: HeadersInit = status === 401 ? { "www-authenticate": "Bearer" } : {};
        return Response.json({ error: message }, { status, headers });
      }
    },
  };
}

/** What tells a message from others; undefined if nothing does. */
async function toKey(asked: PublishRequest, body: Uint8Array): Promise<string | undefined> {
  const { deduplicationId, isDeduplicatedByContent, notBefore: _at, ...rest } = asked;
  if (deduplicationId !== undefined) {
    if (/^[!-~]{1,200}$/.test(deduplicationId)) return deduplicationId;
    throw new PublishRefusal(
      "Header 'Upstash-Deduplication-Id' is not supported: expected 1 to 200 visible characters",
    );
  }
  if (!isDeduplicatedByContent) return undefined;
  const head = new TextEncoder().encode(`${JSON.stringify(rest)}\n`);
  return `content:${await sha256Hex(new Uint8Array([...head, ...body]))}`;
}

/** What a caller is told of an error. What is not his is not told. */
function toRefusal(error: unknown): PublishRefusal {
  if (error instanceof PublishRefusal) return error;
  if (isMillraceError(error, "not_found")) return new PublishRefusal("Not found", 404);
  if (isMillraceError(error, "payload")) return new PublishRefusal(error.message);
  if (isMillraceError(error, "refused") && !mayPass(error)) {
    return new PublishRefusal(error.message);
  }
  if (error instanceof TypeError || error instanceof RangeError) {
    return new PublishRefusal(error.message);
  }
  return new PublishRefusal("The call could not be served, try again", 503);
}
