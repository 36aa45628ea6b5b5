/**
 * Options of a request over those that hold for all.
 *
 * @module
 */

import { spanMs } from "../async/duration.ts";
import { checkOptions, type Names } from "../options.ts";
import type {
  CreateHttpOptions,
  HttpDefaults,
  HttpHeaders,
  HttpParams,
  HttpRequestOptions,
} from "./http-options.ts";
import type { SecretRef } from "./secret.ts";

/** Options that were put together: headers and parameters are plain, and spans in ms. */
export interface Merged
  extends
    Omit<HttpRequestOptions, "headers" | "params" | "timeout">,
    Pick<CreateHttpOptions, "payloads" | "callbacks"> {
  readonly headers: Readonly<Record<string, string | SecretRef | undefined>>;
  readonly params: HttpParams;
  readonly callbackArgs?: unknown;
}

/** What nothing was said of. */
export const nothingSaid: Merged = { headers: {}, params: {} };

/**
 * Puts options over others. None of them is changed.
 *
 * @param of Whose options they are, for the message.
 * @param options What is said now.
 * @param setup The members that there are, and what was said before.
 * @throws {TypeError} If a member is not known.
 */
export function mergeOptions<Options extends HttpDefaults>(
  of: string,
  options: Options,
  { names, before }: { readonly names: Names<Options>; readonly before: Merged },
): Merged {
  checkOptions(of, options, names);
  const { timeout, timeoutMs, ...rest } = options;
  const said = { ...rest, timeoutMs: spanMs("timeout", timeout, timeoutMs) };
  const merged: Record<string, unknown> = { ...before };
  for (const [name, value] of Object.entries(said)) {
    if (value !== undefined) merged[name] = value;
  }
  return {
    ...merged,
    headers: { ...before.headers, ...toHeaderRecord(options.headers) },
    params: { ...before.params, ...options.params },
    job: { ...before.job, ...options.job },
  };
}

/** Headers under names in lower case; of two with one name the last one wins. */
function toHeaderRecord(
  headers: HttpHeaders = {},
): Record<string, string | SecretRef | undefined> {
  const pairs = Symbol.iterator in headers
    ? [...headers as Iterable<readonly [string, string | SecretRef]>]
    : Object.entries(headers);
  return Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value]));
}
