/**
 * Redirects: which answers are some, and what is asked next.
 *
 * | Status        | Method and body of the next request                         |
 * | ------------- | ----------------------------------------------------------- |
 * | 301, 302      | `GET` without a body after a `POST`; all others stay        |
 * | 303           | `GET` without a body; `GET` and `HEAD` stay                 |
 * | 307, 308      | stay                                                        |
 *
 * That is what the Fetch standard says. To another origin go no secrets, no signatures, and no headers for one origin
 * only; who comes back later comes back without them.
 *
 * @module
 */

import { isSecretRef, type SecretRef } from "../secret.ts";
import { CallError } from "./call-error.ts";
import { isForOneOrigin } from "./own-origin.ts";
import type { ExchangeRequest } from "./ports.ts";

/** What is asked of one address. */
export interface Hop {
  readonly method: string;
  /** The address without secrets, and without a fragment. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string | SecretRef>>;
  /** Headers that are sent unless there are others of these names. */
  readonly defaultHeaders?: Readonly<Record<string, string>> | undefined;
  readonly secretParams: Readonly<Record<string, SecretRef>>;
  readonly body: Uint8Array | undefined;
  readonly sign: readonly string[];
}

const followed: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Where an answer sends to.
 *
 * @param response The answer.
 * @returns The value of `location`; undefined if this is no redirect.
 */
export function redirectTarget(response: Response): string | undefined {
  if (!followed.has(response.status)) return undefined;
  return toText(response.headers.get("location") ?? "") || undefined;
}

/**
 * What is asked next.
 *
 * @param hop What was asked.
 * @param status The status of the answer.
 * @param location Where it sends to.
 * @param request What was asked at first.
 * @throws {CallError} If the redirect must not be followed.
 */
export function toNextHop(
  hop: Hop,
  status: number,
  location: string,
  request: ExchangeRequest,
): Hop {
  const url = URL.parse(location, hop.url);
  if (url === null) throw refuse("to what is no address");
  url.hash = "";
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw refuse(`to '${url.protocol}', expected 'http:' or 'https:'`);
  }
  if (url.username !== "" || url.password !== "") {
    throw refuse("to an address with a user name or a password");
  }
  if (
    hop.url.protocol === "https:" && url.protocol === "http:" && !request.allowInsecureRedirects
  ) {
    throw refuse("from 'https:' to 'http:', expected 'allowInsecureRedirects: true'");
  }

  const toGet = status === 303
    ? hop.method !== "GET" && hop.method !== "HEAD"
    : status < 303 && hop.method === "POST";
  const isElsewhere = url.origin !== hop.url.origin;
  const headers = Object.entries(hop.headers).filter(([name, value]) => {
    if (toGet && name.startsWith("content-")) return false;
    if (!isElsewhere) return true;
    return !isSecretRef(value) && !isForOneOrigin(name) && !request.sensitiveHeaders.includes(name);
  });
  return {
    method: toGet ? "GET" : hop.method,
    url,
    headers: Object.fromEntries(headers),
    secretParams: {},
    body: toGet ? undefined : hop.body,
    sign: isElsewhere ? [] : hop.sign,
  };
}

function refuse(what: string): CallError {
  return new CallError("redirect", `Refused a redirect ${what}`, { reason: "refused" });
}

/** Headers come as Latin-1, one character for a byte. Addresses in them are UTF-8, if they are not ASCII. */
function toText(value: string): string {
  // deno-lint-ignore no-control-regex -- all of ASCII
  if (/^[\x00-\x7f]*$/.test(value) || /[^\x00-\xff]/.test(value)) return value;
  try {
    const bytes = Uint8Array.from(value, (character) => character.charCodeAt(0));
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return value;
  }
}
