/**
 * Signs webhooks after Standard Webhooks: `{id}.{timestamp}.{body}`, with one key or several.
 *
 * @module
 */

import { type Clock, systemClock } from "../../async/clock.ts";
import { checkOptions, show } from "../../options.ts";
import { concatBytes } from "../../protocol/concat-bytes.ts";
import type { OutgoingRequest, Signer } from "../outgoing-request.ts";
import { toBase64 } from "../payloads/base64.ts";
import {
  checkWebhookKeys,
  isPublicWebhookKey,
  toWebhookKeys,
  type WebhookKeys,
} from "./webhook-keys.ts";

/** What is signed. */
export interface WebhookContent {
  /**
   * Which event it is, the same however often it is sent: the receiver knows a repetition by it. It has no full stop in it,
   * and nothing but what a header may have.
   */
  readonly id: string;
  /** What is sent, byte for byte; a text is sent as UTF-8. */
  readonly body: string | Uint8Array;
  /**
   * When it is sent, in ms since the epoch.
   *
   * @default {now}
   */
  readonly at?: number | undefined;
}

/** The headers of a signed webhook. */
export interface WebhookHeaders {
  /** Which event it is. */
  readonly "webhook-id": string;
  /** When it was sent, in seconds since the epoch. */
  readonly "webhook-timestamp": string;
  /** The signatures, with a space between them. */
  readonly "webhook-signature": string;
}

const cannotSign = "Cannot sign with a 'whpk_' key: expected 'whsec_…' or 'whsk_…'";

const encoder = new TextEncoder();

/** What is signed, as bytes. */
export function toSignedContent(
  id: string,
  timestamp: string,
  body: string | Uint8Array,
): Uint8Array<ArrayBuffer> {
  return concatBytes([
    encoder.encode(`${id}.${timestamp}.`),
    typeof body === "string" ? encoder.encode(body) : body,
  ]);
}

/**
 * Signs one webhook, for those who send it themselves; jobs are signed by {@linkcode webhookSigner}.
 *
 * @param content What is to be sent.
 * @param keys `whsec_…` or `whsk_…`. With several, each signs: give the old and the new one while a receiver changes over.
 * @returns The headers that go with it.
 * @throws {TypeError} If the id cannot be sent, or a key is none or cannot sign.
 *
 * @example
 * ```ts
 * import { signWebhook } from "@millrace/millrace/offload";
 *
 * const headers = await signWebhook(
 *   { id: "msg_p5jXN8AQM9LWM0D4loKWxJek", body: '{"test": 2432232314}', at: 1614265330_000 },
 *   "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
 * );
 * console.log(headers["webhook-signature"]); // v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=
 * ```
 */
export async function signWebhook(
  content: WebhookContent,
  keys: WebhookKeys,
): Promise<WebhookHeaders> {
  checkOptions("signWebhook", content, { id: 1, body: 1, at: 1 });
  const { id, body, at = systemClock.now() } = content;
  if (typeof id !== "string" || !/^[!-\-/-~]{1,256}$/.test(id)) {
    throw new TypeError(
      `Cannot use 'id' ${
        show(id)
      } for a webhook: expected 1 to 256 ASCII letters, digits and marks, ` +
        "without spaces and full stops",
    );
  }
  if (typeof body !== "string" && !(body instanceof Uint8Array)) {
    throw new TypeError(`Cannot sign 'body' ${show(body)}: expected a text or bytes`);
  }
  const timestamp = String(Math.floor(at / 1000));
  const signed = toSignedContent(id, timestamp, body);
  const signatures = (await toWebhookKeys(keys)).map(async ({ version, sign }) => {
    if (sign !== undefined) return `${version},${toBase64(await sign(signed))}`;
    throw new TypeError(cannotSign);
  });
  return {
    "webhook-id": id,
    "webhook-timestamp": timestamp,
    "webhook-signature": (await Promise.all(signatures)).join(" "),
  };
}

/** The keys of a signer: always the same, or those of the receiver that a request goes to. */
export type WebhookKeySource =
  | WebhookKeys
  | ((request: OutgoingRequest) => WebhookKeys | Promise<WebhookKeys>);

/** Options of {@linkcode webhookSigner}. */
export interface WebhookSignerOptions {
  /**
   * Where it reads the time.
   *
   * @default {the machine's clock}
   */
  readonly clock?: Pick<Clock, "now"> | undefined;
}

/**
 * Makes a signer of a worker: each request whose `sign` names it is sent as a webhook. Its `webhook-id` is the id of the
 * request, which stays the same when it is tried again, unless the request has a header of that name; the time is that of the
 * try.
 *
 * @param keys `whsec_…` or `whsk_…`, one or several; or a function that finds those of the receiver, by the URL or a header.
 * @param options Where it reads the time.
 * @throws {TypeError} If a key is none, or cannot sign.
 *
 * @example
 * ```ts
 * import { webhookSigner } from "@millrace/millrace/offload";
 *
 * const secrets = new Map([["shop.example", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]]);
 * const signers = {
 *   webhook: webhookSigner(({ url }) => {
 *     const secret = secrets.get(url.host);
 *     if (secret === undefined) throw new Error(`No secret for ${url.host}`);
 *     return secret;
 *   }),
 * };
 * console.log(typeof signers.webhook); // function: `createHttpWorker({ signers, … })`
 * ```
 */
export function webhookSigner(keys: WebhookKeySource, options: WebhookSignerOptions = {}): Signer {
  checkOptions("webhookSigner", options, { clock: 1 });
  const { clock = systemClock } = options;
  if (typeof keys !== "function" && checkWebhookKeys(keys).some(isPublicWebhookKey)) {
    throw new TypeError(cannotSign);
  }
  return async (request) => {
    const { headers, id, body = new Uint8Array() } = request;
    const content = { id: headers.get("webhook-id") ?? id, body, at: clock.now() };
    const signed = await signWebhook(
      content,
      typeof keys === "function" ? await keys(request) : keys,
    );
    for (const [name, value] of Object.entries(signed)) headers.set(name, value);
  };
}
