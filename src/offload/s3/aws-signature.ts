/**
 * Signature V4 of AWS, as S3 wants it: the path is signed as it is sent, and the digest of the body is a header.
 *
 * @module
 */

import { sha256Hex, toHex } from "../payloads/sha256.ts";

/** Whom a request is signed for. */
export interface S3Credentials {
  /** The name of the key. */
  readonly accessKeyId: string;
  /** The key itself. */
  readonly secretAccessKey: string;
  /** What goes with a key that is lent for a while. */
  readonly sessionToken?: string | undefined;
}

/** What is signed for what. */
export interface SignOptions {
  readonly credentials: S3Credentials;
  readonly region: string;
  readonly service: string;
  /** When, in ms since the epoch. Servers refuse more than a quarter of an hour. */
  readonly now: number;
}

/** A request that is to be signed. */
export interface UnsignedRequest {
  readonly method: string;
  /** Where it goes. Its path is encoded as `encodeStrictly` encodes; the order of its query is free. */
  readonly url: URL;
  /** What is sent; all of it is signed. */
  readonly headers: Readonly<Record<string, string>>;
}

const algorithm = "AWS4-HMAC-SHA256";
const text = new TextEncoder();

/**
 * Signs a request.
 *
 * @returns Its headers with the signature and what it needs. `host` is signed, and is for `fetch` to send.
 */
export async function signRequest(
  { method, url, headers }: UnsignedRequest,
  { credentials, region, service, now }: SignOptions,
): Promise<Record<string, string>> {
  const instant = new Date(now).toISOString().replace(/[-:]|\.\d+/g, "");
  const day = instant.slice(0, 8);
  const token = credentials.sessionToken;
  const sent: Record<string, string> = {
    ...headers,
    "x-amz-date": instant,
    ...(token === undefined ? {} : { "x-amz-security-token": token }),
  };
  const signed = { ...sent, host: url.host } as Record<string, string>;
  const names = Object.keys(signed).sort();
  const canonical = [
    method,
    url.pathname,
    toCanonicalQuery(url.searchParams),
    ...names.map((name) => `${name}:${signed[name]!.trim().replace(/\s+/g, " ")}`),
    "",
    names.join(";"),
    headers["x-amz-content-sha256"] ?? await sha256Hex(new Uint8Array()),
  ].join("\n");

  const scope = `${day}/${region}/${service}/aws4_request`;
  const toSign = [algorithm, instant, scope, await sha256Hex(text.encode(canonical))].join("\n");
  let key = text.encode(`AWS4${credentials.secretAccessKey}`);
  for (const part of [day, region, service, "aws4_request"]) key = await hmac(key, part);
  const signature = toHex(await hmac(key, toSign));
  sent.authorization =
    `${algorithm} Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${
      names.join(";")
    }, Signature=${signature}`;
  return sent;
}

/** Percent-encodes all but letters, digits and `-._~`, as AWS does. */
export function encodeStrictly(value: string): string {
  return encodeURIComponent(value).replace(
    /[!'()*]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function toCanonicalQuery(query: URLSearchParams): string {
  return [...query]
    .map(([name, value]) => [encodeStrictly(name), encodeStrictly(value)] as const)
    .sort(([a, x], [b, y]) => a === b ? compare(x, y) : compare(a, b))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

async function hmac(key: Uint8Array<ArrayBuffer>, value: string): Promise<Uint8Array<ArrayBuffer>> {
  const params = { name: "HMAC", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("raw", key, params, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, text.encode(value)));
}
