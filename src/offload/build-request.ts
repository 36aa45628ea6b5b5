/**
 * Makes the job of a request: checks what can be checked before it is enqueued, and resolves all that has a default.
 *
 * @module
 */

import { toMs } from "../async/duration.ts";
import { PayloadError } from "../errors.ts";
import { show } from "../options.ts";
import type { EnqueueRequest } from "../protocol/enqueue.ts";
import { findUnfit } from "../protocol/unfit.ts";
import type { HttpCallbackOf } from "./define-http-callback.ts";
import type { HttpParam } from "./http-options.ts";
import type { Merged } from "./merge-options.ts";
import { toBase64 } from "./payloads/base64.ts";
import {
  type InlineBody,
  jobRetries,
  requestQueue,
  type RequestRecord,
  requestType,
  type RetryRecord,
} from "./records.ts";
import type { HttpRetryOptions } from "./retry-options.ts";
import { isSecretRef, type SecretRef } from "./secret.ts";

/** The methods that there are. */
export const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] as const;

/**
 * Makes the job of a request.
 *
 * @param method The method, in any case.
 * @param address The address.
 * @param options What was said of it.
 * @throws {TypeError} If something is of a wrong kind, or cannot be sent.
 * @throws {RangeError} If a number is out of range.
 * @throws {PayloadError} If the arguments of the callback do not fit, or JSON does not carry them.
 */
export async function buildRequest(
  method: string,
  address: string | URL,
  options: Merged,
): Promise<EnqueueRequest> {
  const { callback, payloads, delay, callbackJob, job: { budgets, ...job } = {} } = options;
  const name = toName(callback, options);
  const args = options.callbackArgs ?? {};
  demandJson("callbackArgs", args);
  if (typeof args !== "object" || Array.isArray(args)) {
    refuse("'callbackArgs'", args, "an object");
  }
  if (typeof callback === "object") await (callback as HttpCallbackOf<unknown>).checkArgs(args);

  const { baseUrl, headers, params } = options;
  const url = toUrl(address, baseUrl);
  // A path that begins with two slashes names a host.
  if (baseUrl && url.origin !== new URL(baseUrl).origin) {
    const hasSecret = [...Object.values(headers), ...Object.values(params)].some(isSecretRef);
    if (hasSecret) {
      refuse("address", url.origin, "the origin of 'baseUrl', which its secrets are for");
    }
  }
  const record = toRecord(method, url, { ...options, callbackArgs: args });
  const seal = crypto.randomUUID();
  const packed = await payloads?.pack(
    new TextEncoder().encode(JSON.stringify(record)),
    toSeal(seal),
  );
  return {
    ...job,
    queue: job.queue ?? requestQueue,
    type: requestType,
    payload: {
      v: 1,
      callback: name,
      callbackJob,
      ...packed && !("text" in packed) ? { sealed: packed, seal } : { request: record },
    },
    delayMs: delay === undefined ? undefined : toMs(delay, "delay"),
    retryLimit: jobRetries + (record.retry?.limit ?? 0),
    budgets: typeof budgets === "function" ? budgets(url) : budgets,
  };
}

/** What a request is packed for. */
export function toSeal(seal: string): string {
  return `http-request:${seal}`;
}

/** Demands a callback, and gives its name. */
function toName(callback: Merged["callback"], { callbacks }: Merged): string {
  const { name = callback, onComplete } = (callback ?? {}) as Partial<HttpCallbackOf<never>>;
  const isFit = typeof callback === "string" || typeof onComplete === "function";
  if (!isFit || typeof name !== "string" || name === "") {
    refuse("'callback'", callback, "what defineHttpCallback gives, or its name");
  }
  const known = callbacks?.map((one) => typeof one === "string" ? one : one.name);
  if (known?.includes(name) === false) {
    refuse("'callback'", name, `one of ${known.join(", ")}`);
  }
  return name;
}

function toUrl(address: string | URL, baseUrl: string | URL | undefined): URL {
  if (!address) throw new TypeError("Cannot send a request without an address: expected a URL");
  if (typeof address !== "string" && !(address instanceof URL)) {
    refuse("address", address, "a text or a URL");
  }
  if (!URL.canParse(address, baseUrl)) {
    refuse("address", `${address}`, "a whole URL, or a 'baseUrl'");
  }
  const url = new URL(address, baseUrl);
  if (!/^https?:$/.test(url.protocol)) refuse("protocol", url.protocol, "'http:' or 'https:'");
  if (url.username + url.password) {
    refuse("credentials in", url.host, "an 'authorization' header with a 'secret'");
  }
  url.hash = "";
  return url;
}

function refuse(what: string, value: unknown, wanted: string): never {
  throw new TypeError(`Cannot use ${what} ${show(value)}: expected ${wanted}`);
}

function toRecord(given: string, url: URL, options: Merged): RequestRecord {
  const method = String(given).toUpperCase();
  if (!(methods as readonly string[]).includes(method)) {
    refuse("method", given, `one of ${methods.join(", ")}`);
  }
  const { httpErrors = "complete", sign } = options;
  if (httpErrors !== "complete" && httpErrors !== "error") {
    refuse("'httpErrors'", httpErrors, "'complete' or 'error'");
  }
  const headers = toHeaders(options.headers);
  const body = toBody(method, headers, options);
  const secretParams = addParams(url, options.params);
  // What is undefined does not go into the job.
  return {
    method,
    url: url.href,
    headers,
    secretParams,
    body,
    timeoutMs: whole(options, "timeoutMs") ?? 60_000,
    hopTimeoutMs: whole(options, "hopTimeoutMs"),
    idleTimeoutMs: whole(options, "idleTimeoutMs"),
    maxRedirects: whole(options, "maxRedirects", 0) ?? 5,
    maxBytes: whole(options, "maxBytes") ?? 1_048_576,
    httpErrors,
    sign: typeof sign === "string" ? [sign] : sign,
    sensitiveHeaders: options.sensitiveHeaders?.map((name) => name.toLowerCase()),
    allowInsecureRedirects: options.allowInsecureRedirects,
    transportRetries: whole(options, "transportRetries", 0),
    // False as text would be one key for all.
    idempotencyKey: options.idempotencyKey || undefined,
    retry: toRetry(options.retry),
    args: options.callbackArgs,
  };
}

function demandJson(name: string, value: unknown): void {
  const unfit = findUnfit(value);
  if (unfit !== undefined) throw new PayloadError(name + unfit);
}

/** Demands that a member is an integer, if it is there. */
function whole<Name extends string>(
  options: { readonly [Key in Name]?: unknown },
  name: Name,
  least = 1,
): number | undefined {
  const value = options[name] as number | undefined;
  if (value === undefined || (Number.isSafeInteger(value) && value >= least)) return value;
  throw new RangeError(`Cannot use '${name}' ${value}: expected an integer from ${least} on`);
}

/** What has an object in it is a secret in a template, or in a list. */
function toText(name: string, value: unknown): string {
  const text = String(value);
  if (text.includes("[object")) refuse(name, text, "text or a secret");
  return text;
}

function toHeaders(given: Merged["headers"]): Record<string, string | SecretRef> {
  const headers: Record<string, string | SecretRef> = {};
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    // The platform knows what a header may be.
    new Headers([[name, toText(name, isSecretRef(value) ? value.prefix : value)]]);
    headers[name] = value;
  }
  return headers;
}

function toBody(
  method: string,
  headers: Record<string, string | SecretRef>,
  { json, body }: Merged,
): InlineBody | undefined {
  if (json === undefined && body === undefined) return undefined;
  if (json !== undefined && body !== undefined) {
    throw new TypeError("Cannot send both 'json' and 'body': give one of them");
  }
  if (method === "GET" || method === "HEAD") {
    refuse("a body with method", method, "another one, or 'params'");
  }
  if (json !== undefined) {
    demandJson("json", json);
    headers["content-type"] ??= "application/json; charset=utf-8";
    return { text: JSON.stringify(json) };
  }
  if (body instanceof Uint8Array) return { base64: toBase64(body) };
  if (body instanceof URLSearchParams) {
    headers["content-type"] ??= "application/x-www-form-urlencoded;charset=UTF-8";
    return { text: body.toString() };
  }
  if (typeof body !== "string") {
    refuse("'body'", body, "text, bytes, URLSearchParams or 'json'");
  }
  headers["content-type"] ??= "text/plain;charset=UTF-8";
  return { text: body };
}

/** Adds what is no secret to the query, and gives what is one. */
function addParams(url: URL, params: Merged["params"]): Record<string, SecretRef> | undefined {
  const added = new URLSearchParams();
  let secrets: Record<string, SecretRef> | undefined;
  for (const [name, value] of Object.entries(params)) {
    if (isSecretRef(value)) (secrets ??= {})[name] = value;
    else {
      for (const one of (Array.isArray(value) ? value : [value]) as readonly HttpParam[]) {
        if (one !== null && one !== undefined) added.append(name, toText(name, one));
      }
    }
  }
  const text = added.toString();
  if (text !== "") url.search += (url.search === "" ? "?" : "&") + text;
  return secrets;
}

/** What is left out has the defaults of this version of the record (`retry-rules.ts`). */
function toRetry(given: number | HttpRetryOptions = 0): RetryRecord | undefined {
  // A limit that was mistyped is not none.
  const retry = typeof given === "object"
    ? { limit: NaN, ...given as Partial<HttpRetryOptions> }
    : { limit: given };
  for (const name of ["limit", "baseMs", "maxMs", "deadlineMs"] as const) whole(retry, name, 0);
  return retry.limit ? retry : undefined;
}
