/**
 * Signs requests as QStash signs them, so that receivers which verify its signatures stay as they are.
 *
 * @module
 */

import { type Clock, systemClock } from "../../async/clock.ts";
import { checkOptions, show } from "../../options.ts";
import type { OutgoingRequest, Signer } from "../outgoing-request.ts";
import { toBase64 } from "../payloads/base64.ts";

/** Options of {@linkcode publishSigner}. */
export interface PublishSignerOptions {
  /**
   * How long a signature is good for, in ms.
   *
   * @default {300_000}
   */
  readonly lifetimeMs?: number | undefined;
  /**
   * Where it reads the time.
   *
   * @default {the machine's clock}
   */
  readonly clock?: Pick<Clock, "now"> | undefined;
}

const encoder = new TextEncoder();

/**
 * Makes a signer of a worker that adds the header `upstash-signature`: a JWT (HS256) over the address and a digest of the body, as
 * QStash's receivers verify it with `QSTASH_CURRENT_SIGNING_KEY`. Also `upstash-message-id`. For receivers that need no such
 * signature, {@linkcode webhookSigner} is the standard.
 *
 * @param signingKey The key, the same as in the receivers; long and random.
 * @param options How long signatures are good for.
 * @throws {TypeError} If the key is empty or not text.
 * @throws {RangeError} If the lifetime is not above 0.
 *
 * @example
 * ```ts
 * import { publishSigner } from "@millrace/millrace/offload";
 *
 * const signers = { publish: publishSigner("sig_5ZB6DVzB1wjE8S6rZ7eenA8Pdnhs") };
 * console.log(typeof signers.publish); // function: `createHttpWorker({ signers, … })`
 * ```
 */
export function publishSigner(signingKey: string, options: PublishSignerOptions = {}): Signer {
  checkOptions("publishSigner", options, { lifetimeMs: 1, clock: 1 });
  const { lifetimeMs = 300_000, clock = systemClock } = options;
  if (typeof signingKey !== "string" || signingKey === "") {
    throw new TypeError("Cannot use an empty key to sign: expected a text");
  }
  if (!(lifetimeMs > 0)) {
    throw new RangeError(
      `Cannot use 'lifetimeMs' ${show(lifetimeMs)}: expected a number above 0`,
    );
  }
  let key: Promise<CryptoKey> | undefined;
  return async ({ url, headers, id, body }: OutgoingRequest) => {
    const now = Math.floor(clock.now() / 1000);
    const bytes = new Uint8Array(body ?? []);
    const parts = [
      { alg: "HS256", typ: "JWT" },
      {
        iss: "Upstash",
        sub: url.href,
        iat: now,
        nbf: now,
        exp: now + Math.ceil(lifetimeMs / 1000),
        jti: `jwt_${crypto.randomUUID()}`,
        body: toUrlText(await crypto.subtle.digest("SHA-256", bytes)),
      },
    ].map((part) => toUrlText(encoder.encode(JSON.stringify(part))));
    const content = encoder.encode(parts.join("."));
    key ??= crypto.subtle.importKey(
      "raw",
      encoder.encode(signingKey),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["sign"],
    );
    const signature = await crypto.subtle.sign("HMAC", await key, content);
    headers.set("upstash-message-id", id);
    headers.set("upstash-signature", [...parts, toUrlText(signature)].join("."));
  };
}

/** Bytes as base64 for URLs, without padding. */
function toUrlText(bytes: ArrayBuffer | Uint8Array): string {
  return toBase64(new Uint8Array(bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(
    /=+$/,
    "",
  );
}
