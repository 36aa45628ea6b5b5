/**
 * The keys of webhooks, as Standard Webhooks writes them:
 *
 * | Text       | What it is                                          | Signs as | Who has it        |
 * | ---------- | --------------------------------------------------- | -------- | ----------------- |
 * | `whsec_…`  | 24 to 64 random bytes, for HMAC with SHA-256        | `v1`     | both              |
 * | `whsk_…`   | a private Ed25519 key: its seed of 32 bytes         | `v1a`    | the sender alone  |
 * | `whpk_…`   | a public Ed25519 key: 32 bytes                      | –        | every receiver    |
 *
 * All are base64. A text without a prefix is taken for a `whsec_` one, as other implementations take it.
 *
 * @module
 */

import { show } from "../../options.ts";
import { fromBase64, toBase64 } from "../payloads/base64.ts";

/** One key or several: each of them signs, and any of them is enough to be believed. */
export type WebhookKeys = string | readonly string[];

/** A key, ready for use. */
export interface WebhookKey {
  /** The name of its signatures. */
  readonly version: "v1" | "v1a";
  /** Signs; undefined of a key that only verifies. */
  readonly sign: ((content: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>) | undefined;
  /** A function that says of one signature after the other whether it is one of this content. */
  readonly verifier: (
    content: Uint8Array<ArrayBuffer>,
  ) => (signature: Uint8Array<ArrayBuffer>) => Promise<boolean>;
}

/** What stands before the seed of an Ed25519 key in PKCS #8: its version, the name of the algorithm, and two lengths. */
const pkcs8Head = [48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];

/** A key, taken apart. */
interface ReadKey {
  readonly prefix: "whsec_" | "whsk_" | "whpk_";
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The keys that were made ready before: that takes longer than to sign with one. */
const known = new Map<string, Promise<WebhookKey>>();

/** How many keys are kept. One process may sign for very many receivers. */
const mostKnown = 1000;

/**
 * Makes all keys ready that were given.
 *
 * @param keys One or several.
 * @throws {TypeError} If there is none, or one of them is no key. The message does not show it.
 */
export function toWebhookKeys(keys: WebhookKeys): Promise<WebhookKey[]> {
  return Promise.all(
    checkWebhookKeys(keys).map((text) => {
      const found = known.get(text);
      if (found !== undefined) return found;
      if (known.size >= mostKnown) known.delete(known.keys().next().value!);
      const key = makeReady(readKey(text));
      known.set(text, key);
      key.catch(() => known.delete(text)); // An engine without Ed25519 may be given a signer of its own.
      return key;
    }),
  );
}

/**
 * Demands one key or several.
 *
 * @param keys What was given.
 * @returns All of them.
 * @throws {TypeError} If there is none, or one of them is no key. The message does not show it.
 */
export function checkWebhookKeys(keys: WebhookKeys): readonly string[] {
  const texts = Array.isArray(keys) ? keys : [keys];
  if (texts.length === 0) {
    throw new TypeError("Cannot use an empty list as keys of a webhook: expected one or more");
  }
  texts.forEach(readKey);
  return texts;
}

/** Whether a key only verifies. */
export function isPublicWebhookKey(text: string): boolean {
  return text.startsWith("whpk_");
}

/**
 * Makes a secret for a new receiver of webhooks. Each receiver should have its own.
 *
 * @returns `whsec_` and 32 random bytes as base64.
 *
 * @example
 * ```ts
 * import { randomWebhookSecret } from "@millrace/millrace/offload";
 *
 * console.log(randomWebhookSecret().startsWith("whsec_")); // true
 * ```
 */
export function randomWebhookSecret(): string {
  return `whsec_${toBase64(crypto.getRandomValues(new Uint8Array(32)))}`;
}

/** A pair of keys: one signs, the other one verifies and may be known to all. */
export interface WebhookKeyPair {
  /** `whsk_…`: signs. The sender keeps it. */
  readonly secretKey: string;
  /** `whpk_…`: verifies. Receivers get it. */
  readonly publicKey: string;
}

/**
 * Makes a pair of Ed25519 keys, with which a receiver can verify but nobody but the sender can sign.
 *
 * @example
 * ```ts
 * import { randomWebhookKeyPair, signWebhook, verifyWebhook } from "@millrace/millrace/offload";
 *
 * const { secretKey, publicKey } = await randomWebhookKeyPair();
 * const headers = await signWebhook({ id: "msg_1", body: "hello" }, secretKey);
 * console.log((await verifyWebhook({ headers, body: "hello" }, publicKey)).text()); // hello
 * ```
 */
export async function randomWebhookKeyPair(): Promise<WebhookKeyPair> {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  const { privateKey, publicKey } = pair as CryptoKeyPair;
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey));
  const raw = new Uint8Array(await crypto.subtle.exportKey("raw", publicKey));
  return {
    secretKey: `whsk_${toBase64(pkcs8.subarray(pkcs8.length - 32))}`,
    publicKey: `whpk_${toBase64(raw)}`,
  };
}

/** The bytes of a text in base64; undefined if it is none. */
export function tryBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return fromBase64(text);
  } catch {
    return undefined;
  }
}

function readKey(text: string): ReadKey {
  if (typeof text !== "string") {
    throw new TypeError(
      `Cannot use ${show(text)} as a key of a webhook: expected 'whsec_…', 'whsk_…' or 'whpk_…'`,
    );
  }
  const [, given = "whsec_", rest = ""] = /^(whsec_|whsk_|whpk_)?(.*)$/s.exec(text)!;
  const prefix = given as ReadKey["prefix"];
  const bytes = tryBase64(rest);
  if (bytes === undefined) {
    throw new TypeError(`Cannot use a key of a webhook: what follows '${prefix}' is no base64`);
  }
  const { length } = bytes;
  if (prefix === "whsec_") {
    if (length >= 16) return { prefix, bytes };
    throw new TypeError(`Cannot use a 'whsec_' key of ${length} bytes: expected 16 or more`);
  }
  // Some write the public key behind the seed.
  const isKey = length === 32 || (prefix === "whsk_" && length === 64);
  if (isKey) return { prefix, bytes: bytes.slice(0, 32) };
  throw new TypeError(`Cannot use a '${prefix}' key of ${length} bytes: expected 32`);
}

function makeReady({ prefix, bytes }: ReadKey): Promise<WebhookKey> {
  return prefix === "whsec_"
    ? sharedKey(bytes)
    : prefix === "whpk_"
    ? publicKey(bytes)
    : secretKey(bytes);
}

async function sharedKey(bytes: Uint8Array<ArrayBuffer>): Promise<WebhookKey> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign"]);
  const sign = async (content: Uint8Array<ArrayBuffer>) =>
    new Uint8Array(await crypto.subtle.sign("HMAC", key, content));
  return {
    version: "v1",
    sign,
    verifier(content) {
      // Once, however many signatures there are to compare it with.
      let own: Promise<Uint8Array> | undefined;
      return async (signature) => isEqual(await (own ??= sign(content)), signature);
    },
  };
}

async function secretKey(seed: Uint8Array<ArrayBuffer>): Promise<WebhookKey> {
  const pkcs8 = new Uint8Array([...pkcs8Head, ...seed]);
  const key = await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", true, ["sign"]);
  const { x } = await crypto.subtle.exportKey("jwk", key);
  const raw = fromBase64(x!.replaceAll("-", "+").replaceAll("_", "/"));
  return {
    ...await publicKey(raw),
    sign: async (content) => new Uint8Array(await crypto.subtle.sign("Ed25519", key, content)),
  };
}

async function publicKey(raw: Uint8Array<ArrayBuffer>): Promise<WebhookKey> {
  const key = await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
  return {
    version: "v1a",
    sign: undefined,
    verifier: (content) => (signature) => crypto.subtle.verify("Ed25519", key, signature, content),
  };
}

/** Whether they are the same, in a time that does not tell where they differ. */
function isEqual(own: Uint8Array, given: Uint8Array): boolean {
  let difference = own.length ^ given.length;
  for (const [at, byte] of own.entries()) difference |= byte ^ (given[at] ?? 0);
  return difference === 0;
}
