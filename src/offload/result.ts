/**
 * The answer to a request, as callbacks get it. All of it is in memory, so reading it is no promise.
 *
 * @module
 */

import { describeIssues, type StandardSchema } from "../jobs/standard-schema.ts";
import { checkOptions, type Names } from "../options.ts";

/** How a body becomes text. */
export interface TextOptions {
  /**
   * Whether bytes that are no text become `U+FFFD`, and nothing is thrown.
   *
   * @default {false}
   */
  readonly lenient?: boolean | undefined;
}

/** The answer to a request. */
export interface HttpResult {
  /** The status, such as 200. */
  readonly status: number;
  /** The headers; those about how the body was packed (`content-encoding`, `content-length`) are left out. */
  readonly headers: Headers;
  /** The values of `set-cookie`, each by itself. */
  readonly setCookie: readonly string[];
  /** The address that answered, without secrets. */
  readonly url: string;
  /** The method of the last request, in upper case: redirects may change it. */
  readonly method: string;
  /** The addresses that led there, the first one first. */
  readonly redirects: readonly string[];
  /** How long it took, redirects and all, in ms. */
  readonly durationMs: number;
  /** The id of the request: what `http.post()` and its like gave. */
  readonly requestId: string;
  /** Whether the status is from 200 to 299. */
  readonly ok: boolean;
  /** Whether the status is from 300 to 399: a redirect that was not followed. */
  readonly isRedirect: boolean;
  /** Whether the status is from 400 to 499. */
  readonly isClientError: boolean;
  /** Whether the status is from 500 to 599. */
  readonly isServerError: boolean;
  /** Whether the server says that it had done what the `idempotency-key` names before, and repeats what it answered then. */
  readonly isReplay: boolean;
  /** The body. */
  bytes(): Uint8Array;
  /**
   * The body as text, by the charset that the answer names; UTF-8 if it names none that is known.
   *
   * @param options What becomes of bytes that are no text.
   * @throws {TypeError} If there are such, and it is not `lenient`.
   */
  text(options?: TextOptions): string;
  /**
   * The body as JSON, whatever its content type says. Its type is what the schema makes of it; without one, what the
   * programmer says.
   *
   * @param schema Checks it; one that answers at once.
   * @throws {SyntaxError} If it is no JSON.
   * @throws {TypeError} If it does not fit the schema.
   */
  json<Value = unknown>(schema?: StandardSchema<unknown, Value>): Value;
}

/** What {@linkcode toHttpResult} makes a result from. */
export interface HttpResultFacts {
  /**
   * The status.
   *
   * @default {200}
   */
  readonly status?: number | undefined;
  /**
   * The headers, as pairs; a name may come more than once.
   *
   * @default {[]}
   */
  readonly headers?: readonly (readonly [name: string, value: string])[] | undefined;
  /**
   * The body.
   *
   * @default {nothing}
   */
  readonly body?: Uint8Array | string | undefined;
  /**
   * The address that answered.
   *
   * @default {"http://localhost/"}
   */
  readonly url?: string | undefined;
  /**
   * The method.
   *
   * @default {"GET"}
   */
  readonly method?: string | undefined;
  /**
   * The addresses that led there.
   *
   * @default {[]}
   */
  readonly redirects?: readonly string[] | undefined;
  /**
   * How long it took, in ms.
   *
   * @default {0}
   */
  readonly durationMs?: number | undefined;
  /**
   * The id of the request.
   *
   * @default {"test"}
   */
  readonly requestId?: string | undefined;
}

/** By which servers say so: no standard names one. */
const replayHeaders = ["idempotent-replayed", "idempotency-replayed", "x-idempotent-replayed"];

const factNames: Names<HttpResultFacts> = {
  status: 1,
  headers: 1,
  body: 1,
  url: 1,
  method: 1,
  redirects: 1,
  durationMs: 1,
  requestId: 1,
};

/**
 * Puts a result together: what the worker does with what came, and what a test of a callback needs.
 *
 * @param facts What is in it.
 * @throws {TypeError} If there is a member that is not known.
 *
 * @example
 * ```ts
 * import { toHttpResult } from "@millrace/millrace/offload";
 *
 * const result = toHttpResult({ status: 404, body: '{"error":"no such chat"}' });
 * console.log(result.isClientError, result.json<{ error: string }>().error); // true no such chat
 * ```
 */
export function toHttpResult(facts: HttpResultFacts): HttpResult {
  checkOptions("toHttpResult", facts, factNames);
  const {
    status = 200,
    headers: pairs = [],
    body = "",
    url = "http://localhost/",
    method = "GET",
    redirects = [],
    durationMs = 0,
    requestId = "test",
  } = facts;
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const headers = new Headers();
  for (const [name, value] of pairs) headers.append(name, value);
  const isIn = (hundred: number) => Math.floor(status / 100) === hundred;
  const text = ({ lenient = false }: TextOptions = {}): string => {
    try {
      return decoderFor(headers.get("content-type"), !lenient).decode(bytes);
    } catch (error) {
      const advice = "read 'bytes()', or give 'lenient: true'";
      throw new TypeError(`Cannot read the body of ${shown(url)} as text: ${advice}`, {
        cause: error,
      });
    }
  };

  return {
    status,
    headers,
    setCookie: headers.getSetCookie(),
    url,
    method,
    redirects,
    durationMs,
    requestId,
    ok: isIn(2),
    isRedirect: isIn(3),
    isClientError: isIn(4),
    isServerError: isIn(5),
    isReplay: replayHeaders.some((name) => headers.get(name)?.toLowerCase() === "true"),
    bytes: () => bytes,
    text,
    json<Value>(schema?: StandardSchema<unknown, Value>): Value {
      const value = parse(text({ lenient: true }), url);
      if (schema === undefined) return value as Value;
      const result = schema["~standard"].validate(value);
      if (result instanceof Promise) {
        throw new TypeError(
          "Cannot use a schema that answers later: expected one that is not async",
        );
      }
      if (result.issues === undefined) return result.value;
      throw new TypeError(
        `Body of ${shown(url)} does not fit: ${describeIssues(result.issues)}`,
      );
    },
  };
}

function parse(text: string, url: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SyntaxError(`Cannot read the body of ${shown(url)} as JSON: ${text.slice(0, 60)}`, {
      cause: error,
    });
  }
}

/** An address as messages show it: a query may hold what is nobody's business. */
function shown(url: string): string {
  if (!URL.canParse(url)) return "'an address that is none'";
  const { host, pathname } = new URL(url);
  return `'${host}${pathname}'`;
}

function decoderFor(contentType: string | null, fatal: boolean): TextDecoder {
  const [, label] = /;\s*charset\s*=\s*"?([^\s";]+)/i.exec(contentType ?? "") ?? [];
  try {
    return new TextDecoder(label ?? "utf-8", { fatal });
  } catch {
    return new TextDecoder("utf-8", { fatal });
  }
}
