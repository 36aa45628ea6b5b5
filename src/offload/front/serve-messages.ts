/**
 * The calls of a front about messages that are stored: those that wait, and those that have failed for good.
 *
 * Such a dead letter is the dead job of a message's callback. It has all of the message, so that it can be published anew.
 *
 * @module
 */

import type { Clock } from "../../async/clock.ts";
import type { Client } from "../../client/client.ts";
import { NotFoundError } from "../../errors.ts";
import type { Job } from "../../protocol/job.ts";
import { createDeadLetters, type DeadLetter } from "../dead-letters.ts";
import { openRequest } from "../engine.ts";
import { createPayloads, type Payloads } from "../payloads/create-payloads.ts";
import { type InlineBody, requestType } from "../records.ts";
import { type PublishedMessage, publishName, toInline } from "./publish-message.ts";
import { PublishRefusal } from "./publish-request.ts";

/** The calls of a client that are needed to show messages, and to end them. */
export type MessageClient = Pick<Client, "get" | "page" | "count" | "delete" | "cancel">;

/** What the calls need. */
export interface MessageSetup {
  readonly payloads: Payloads | undefined;
  readonly clock: Clock;
  /** Publishes a message anew, and gives what is answered. */
  readonly publish: (message: PublishedMessage) => Promise<object>;
}

/** So many dead letters are shown, or changed, if a call does not say how many. */
const usualCount = 100;

/** More are not, as each is an enqueue and a deletion. */
const mostCount = 1000;

/**
 * Serves the calls.
 *
 * @param client The client; one that only enqueues serves none of them.
 * @param setup What the calls need.
 * @returns A function that serves a call by its method, its path and its query, and gives what is answered.
 */
export function serveMessages(
  client: Partial<MessageClient>,
  setup: MessageSetup,
): (method: string, path: string, query: URLSearchParams) => Promise<object> {
  const { payloads = createPayloads() } = setup;
  const demand = (): MessageClient => {
    if (typeof client.get === "function" && typeof client.page === "function") {
      return client as MessageClient;
    }
    throw new PublishRefusal("This front only publishes: it has a client that only enqueues", 501);
  };
  const dead = () => createDeadLetters<PublishedMessage>(demand(), publishName, { payloads });

  const waiting = async (id: string): Promise<readonly [string, PublishedMessage]> => {
    const job = await demand().get(id);
    const message = job.status === "completed" ? undefined : await readWaiting(job, payloads);
    if (message === undefined) throw missing();
    return [id, message];
  };

  const cancel = async (id: string): Promise<number> => {
    await waiting(id);
    const { outcome } = await demand().cancel(id, { reason: "Cancelled by its publisher" });
    // Nobody is to take it for one that has failed.
    if (outcome === "cancelled") await demand().delete(id);
    return outcome === "finished" ? 0 : 1;
  };

  const letters = async (query: URLSearchParams) => {
    const ids = readIds(query, "dlqIds", ["count", "cursor"]);
    if (ids.length > 0) {
      return {
        found: await Promise.all(ids.map((id) => dead().get(id))),
        cursor: undefined,
        unreadable: [],
      };
    }
    const limit = Number(query.get("count") ?? usualCount);
    if (!Number.isInteger(limit) || limit < 1 || limit > mostCount) {
      throw new PublishRefusal(`'count' is ${query.get("count")}: expected 1 to ${mostCount}`);
    }
    const { letters, unreadable, next } = await dead().page({
      limit,
      from: query.get("cursor") ?? undefined,
    });
    return { found: letters, unreadable, cursor: next };
  };

  const retry = async ({ id, args }: DeadLetter<PublishedMessage>): Promise<object> => {
    const now = setup.clock.now();
    // In this order: rather twice than never.
    const answer = await setup.publish({ ...args, createdAt: now, notBefore: now });
    await dead().delete(id);
    return answer;
  };

  const cancelAll = async (query: URLSearchParams): Promise<object> => {
    const ids = readIds(query, "messageIds", []);
    if (ids.length === 0) throw new PublishRefusal("Expected 'messageIds'");
    let cancelled = 0;
    for (const id of ids) cancelled += await cancel(id);
    return { cancelled };
  };

  const retryAll = async (query: URLSearchParams): Promise<object> => {
    const { found, cursor } = await letters(query);
    const responses: object[] = [];
    for (const one of found) responses.push(await retry(one));
    return { responses, ...cursor && { cursor } };
  };

  const retryOne = async (id: string): Promise<object> => {
    const answer = await retry(await dead().get(id));
    return { responses: [answer], ...answer };
  };

  const deleteAll = async (query: URLSearchParams): Promise<object> => {
    const { found, cursor } = await letters(query);
    for (const { id } of found) await dead().delete(id);
    return { deleted: found.length, ...cursor && { cursor } };
  };

  const deleteOne = async (id: string): Promise<object> => {
    await dead().delete(id);
    return { deleted: 1 };
  };

  const list = async (query: URLSearchParams): Promise<object> => {
    const { found, unreadable, cursor } = await letters(query);
    const lost = unreadable.map((dlqId) => ({ dlqId, error: "It cannot be read any more" }));
    return { messages: [...found.map(showLetter), ...lost], ...cursor && { cursor } };
  };

  const some: Readonly<Record<string, (query: URLSearchParams) => Promise<object>>> = {
    "DELETE /v2/messages": cancelAll,
    "GET /v2/dlq": list,
    "DELETE /v2/dlq": deleteAll,
    "POST /v2/dlq/retry": retryAll,
  };
  const one: Readonly<Record<string, (id: string) => Promise<object>>> = {
    "GET /v2/messages": async (id) => showMessage(...await waiting(id)),
    "DELETE /v2/messages": async (id) => ({ cancelled: await cancel(id) }),
    "GET /v2/dlq": async (id) => showLetter(await dead().get(id)),
    "DELETE /v2/dlq": deleteOne,
    "POST /v2/dlq/retry": retryOne,
  };

  return async (method, path, query) => {
    const call = `${method} ${path}`;
    const ofSome = Object.hasOwn(some, call) ? some[call] : undefined;
    if (ofSome !== undefined) return await ofSome(query);
    const [, before = "", id = ""] = /^(.*)\/([^/]+)$/.exec(call) ?? [];
    const ofOne = Object.hasOwn(one, before) ? one[before] : undefined;
    if (ofOne !== undefined) return await ofOne(id);
    throw new PublishRefusal("Not found", 404);
  };
}

function missing(): NotFoundError {
  return new NotFoundError("not found", 404);
}

/** Ids of a query; other members than those that are known are refused, as they narrow down what is meant. */
function readIds(query: URLSearchParams, name: string, others: readonly string[]): string[] {
  for (const given of query.keys()) {
    if (given === name || others.includes(given)) continue;
    throw new PublishRefusal(`'${given}' is not supported here`);
  }
  const ids = query.getAll(name).flatMap((text) => text.split(","));
  if (ids.length <= mostCount) return ids;
  throw new PublishRefusal(`'${name}' has ${ids.length} ids: expected at most ${mostCount}`);
}

/** The message of a request; undefined if it is none of a front. */
async function readWaiting(job: Job, payloads: Payloads): Promise<PublishedMessage | undefined> {
  if (job.type !== requestType) return undefined;
  if ((job.payload as { readonly callback?: unknown } | null)?.callback !== publishName) {
    return undefined;
  }
  return (await openRequest(job.payload, payloads)).record.args as PublishedMessage;
}

function showMessage(id: string, message: PublishedMessage): object {
  const { url, method, headers, callback, failureCallback, labels, plan } = message;
  return {
    messageId: id,
    url,
    method,
    header: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    ...showBody("body", message.body),
    maxRetries: message.retries ?? plan.retries,
    notBefore: message.notBefore,
    createdAt: message.createdAt,
    ...callback && { callback: callback.url },
    ...failureCallback && { failureCallback: failureCallback.url },
    ...labels.length > 0 && { label: labels[0], labels },
  };
}

function showLetter(letter: DeadLetter<PublishedMessage>): object {
  const { id, requestId, args, failure, response } = letter;
  return {
    ...showMessage(requestId, args),
    dlqId: id,
    ...failure && { error: failure.message },
    ...response && {
      responseStatus: response.status,
      responseHeader: Object.fromEntries(
        [...response.headers].map(([name, value]) => [name, [value]]),
      ),
      ...showBody("responseBody", toInline(response.bytes())),
    },
  };
}

/** A body as text, or in base64 if it is none. */
function showBody(name: string, body: InlineBody): object {
  return "text" in body ? { [name]: body.text } : { [`${name}Base64`]: body.base64 };
}
