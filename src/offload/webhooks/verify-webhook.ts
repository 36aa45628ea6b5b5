/**
 * Verifies webhooks after Standard Webhooks, for those who receive them: ours, or those of any other sender.
 *
 * @module
 */

import { type Clock, systemClock } from "../../async/clock.ts";
import { checkOptions, show } from "../../options.ts";
import { concatBytes } from "../../protocol/concat-bytes.ts";
import { toSignedContent, type WebhookHeaders } from "./sign-webhook.ts";
import { WebhookError } from "./webhook-error.ts";
import { toWebhookKeys, tryBase64, type WebhookKey, type WebhookKeys } from "./webhook-keys.ts";

/** A webhook that came, taken apart: for servers that have no `Request`. */
export interface ReceivedWebhook {
  /** Its headers; the case of names does not matter. */
  readonly headers:
    | Headers
    | WebhookHeaders
    | Readonly<Record<string, string | readonly string[] | undefined>>;
  /** Its body, byte for byte as it came: not what a framework made of it. */
  readonly body: string | Uint8Array;
}

/** A webhook that is believed. */
export interface VerifiedWebhook {
  /** Which event it is: the same when it comes again. Make it the idempotency key of what you do about it. */
  readonly id: string;
  /** When it was sent, in ms since the epoch; whole seconds. */
  readonly sentAt: number;
  /** Its body. */
  readonly body: Uint8Array;
  /** Its body as text. */
  text(): string;
  /**
   * Its body, read as JSON.
   *
   * @throws {SyntaxError} If it is none.
   */
  json<Value = unknown>(): Value;
}

/** Options of {@linkcode verifyWebhook}. */
export interface VerifyWebhookOptions {
  /**
   * How far the time at which it was sent may be from now, in ms, into the past and into the future.
   *
   * @default {300_000}
   */
  readonly toleranceMs?: number | undefined;
  /**
   * How many bytes of a `Request` are read. More is refused without being kept.
   *
   * @default {1_048_576}
   */
  readonly maxBytes?: number | undefined;
  /**
   * Where it reads the time.
   *
   * @default {the machine's clock}
   */
  readonly clock?: Pick<Clock, "now"> | undefined;
}

/** A header of a server that takes them apart: several of one name are a list. */
type Header = string | readonly string[] | undefined;

/** How many signatures are looked at: a caller cannot make us calculate for long. */
const mostSignatures = 16;

/**
 * Says whether a request is a webhook of who has the key, by its headers `webhook-id`, `webhook-timestamp` and
 * `webhook-signature`. It reads the body of a `Request`.
 *
 * It does not remember what came before: a webhook may come twice, within `toleranceMs` even from somebody who has only heard it.
 * What is done about it should be done once for each `id`, as an enqueue with that `idempotencyKey` is.
 *
 * @param received The request; or its headers and its body as they came.
 * @param keys `whsec_…` or `whpk_…`, one or several, any of which is enough.
 * @param options How old it may be, and how large.
 * @returns Its id, its time and its body.
 * @throws {WebhookError} If it is not to be believed; `reason` says why, `status` what to answer.
 * @throws {TypeError} If a key is none, or an option is of a wrong kind.
 *
 * @example
 * ```ts
 * import { createEnqueuer, defineJob } from "@millrace/millrace/client";
 * import { verifyWebhook, WebhookError } from "@millrace/millrace/offload";
 *
 * const paid = defineJob<{ order: string }>({ type: "paid", queue: "orders" });
 * const enqueuer = createEnqueuer({ url: "http://127.0.0.1:7890" });
 *
 * export async function handle(request: Request): Promise<Response> {
 *   try {
 *     const webhook = await verifyWebhook(request, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
 *     await enqueuer.enqueue(paid, webhook.json(), { idempotencyKey: webhook.id });
 *     return new Response(null, { status: 204 });
 *   } catch (error) {
 *     if (error instanceof WebhookError) return new Response(null, { status: error.status });
 *     throw error; // the sender tries again
 *   }
 * }
 * ```
 */
export async function verifyWebhook(
  received: Request | ReceivedWebhook,
  keys: WebhookKeys,
  options: VerifyWebhookOptions = {},
): Promise<VerifiedWebhook> {
  checkOptions("verifyWebhook", options, { toleranceMs: 1, maxBytes: 1, clock: 1 });
  const toleranceMs = demandPositive("toleranceMs", options.toleranceMs ?? 300_000);
  const maxBytes = demandPositive("maxBytes", options.maxBytes ?? 1_048_576);
  const verifying = await toWebhookKeys(keys);

  const header = headersOf(received);
  const id = header("webhook-id");
  const timestamp = header("webhook-timestamp");
  const signature = header("webhook-signature");
  if (!id || !timestamp || !signature) {
    const missing = !id ? "webhook-id" : !timestamp ? "webhook-timestamp" : "webhook-signature";
    throw new WebhookError(`Webhook has no header '${missing}'`, "missing");
  }
  if (id.includes(".")) {
    // What is signed could be taken apart in two ways: "a.5" and "1" is the same there as "a" and "5", before "1.".
    throw new WebhookError("The id of the webhook has a full stop in it", "malformed");
  }
  const sentAt = toSentAt(timestamp, (options.clock ?? systemClock).now(), toleranceMs);
  const body = await bodyOf(received, maxBytes);
  if (!await isSigned(toSignedContent(id, timestamp, body), signature, verifying)) {
    throw new WebhookError("None of the signatures of the webhook is of a known key", "no_match");
  }
  const text = () => new TextDecoder().decode(body);
  return { id, sentAt, body, text, json: () => JSON.parse(text()) };
}

function demandPositive(name: string, value: number): number {
  if (typeof value === "number" && value > 0) return value;
  throw new RangeError(`Cannot use '${name}' ${show(value)}: expected a number above 0`);
}

function headersOf({ headers }: Request | ReceivedWebhook): (name: string) => string | undefined {
  // By what it can do: servers have classes of their own for it.
  const { get } = headers as Partial<Headers>;
  if (typeof get === "function") return (name) => get.call(headers, name) ?? undefined;
  const entries = Object.entries(headers as Readonly<Record<string, Header>>);
  return (name) => {
    const value = entries.find(([given]) => given.toLowerCase() === name)?.[1];
    return typeof value === "string" ? value : value?.[0];
  };
}

/** When it was sent, in ms. What is not written as the sender signs it is refused: no signs, no fractions, no spaces. */
function toSentAt(timestamp: string, now: number, toleranceMs: number): number {
  if (!/^\d{1,12}$/.test(timestamp)) {
    throw new WebhookError("The timestamp of the webhook is no number of seconds", "malformed");
  }
  const sentAt = Number(timestamp) * 1000;
  if (sentAt < now - toleranceMs) {
    throw new WebhookError(
      `Webhook was sent ${now - sentAt} ms ago, at most ${toleranceMs} ms are accepted`,
      "too_old",
    );
  }
  if (sentAt > now + toleranceMs) {
    throw new WebhookError(
      `Webhook was sent ${sentAt - now} ms from now, at most ${toleranceMs} ms are accepted`,
      "too_new",
    );
  }
  return sentAt;
}

async function bodyOf(received: Request | ReceivedWebhook, maxBytes: number): Promise<Uint8Array> {
  const { body } = received;
  if (typeof body === "string") return new TextEncoder().encode(body);
  if (body instanceof Uint8Array) return body;
  if (body === null || body === undefined) return new Uint8Array();
  if (typeof (body as ReadableStream).getReader !== "function") {
    throw new TypeError(
      `Cannot verify 'body' ${
        show(body)
      }: expected the bytes of the webhook as they came, or the request`,
    );
  }
  if ((received as Request).bodyUsed) {
    throw new TypeError("Cannot verify a request whose body was read: give its headers and bytes");
  }
  const reader = (body as ReadableStream<Uint8Array>).getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    length += part.value.length;
    if (length > maxBytes) {
      reader.cancel().catch(() => {});
      throw new WebhookError(`Webhook has more than ${maxBytes} bytes`, "too_large");
    }
    chunks.push(part.value);
  }
  return concatBytes(chunks);
}

async function isSigned(
  content: Uint8Array<ArrayBuffer>,
  header: string,
  keys: readonly WebhookKey[],
): Promise<boolean> {
  const verifiers = keys.map(({ version, verifier }) => ({ version, check: verifier(content) }));
  for (const part of header.split(" ", mostSignatures)) {
    const comma = part.indexOf(",");
    const signature = tryBase64(part.slice(comma + 1));
    if (comma === -1 || signature === undefined || signature.length === 0) continue;
    const named = part.slice(0, comma);
    for (const { version, check } of verifiers) {
      if (version === named && await check(signature)) return true;
    }
  }
  return false;
}
