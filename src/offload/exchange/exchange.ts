/**
 * One exchange: a request, the redirects that it leads to, and an answer or a failure. It knows nothing of jobs.
 *
 * | Step    | What happens                                                     | What ends it badly                        |
 * | ------- | ---------------------------------------------------------------- | ----------------------------------------- |
 * | admit   | the address is looked at                                         | `config`; `redirect` if a redirect led to it |
 * | prepare | secrets, headers and signatures                                  | `config`                                  |
 * | send    | `fetch`; again after a failed connection, if that does no harm   | `connection`, `tls`, `protocol`, `config` |
 * | follow  | a redirect: back to admit                                        | `redirect`                                |
 * | read    | the body                                                         | `connection`, `too_large`, `protocol`     |
 * | any     | the time is over; the caller's signal                            | `timeout`; `aborted`, or stopped          |
 *
 * @module
 */

import { backoffMs } from "../../async/backoff.ts";
import { wait } from "../../async/wait.ts";
import { isMillraceError } from "../../errors.ts";
import type { HttpFailure } from "../failure.ts";
import type { HttpCallEnd, HttpCallTrace } from "../http-tracing.ts";
import type { OutgoingRequest } from "../outgoing-request.ts";
import { CallError, isCallError } from "./call-error.ts";
import { classifyFetchError } from "./classify.ts";
import { type Limits, watchLimits } from "./limits.ts";
import type { ExchangeOutcome, ExchangePorts, ExchangeRequest } from "./ports.ts";
import { prepare } from "./prepare.ts";
import { readBody, SinkError } from "./read-body.ts";
import { createRedaction, type Redaction } from "./redaction.ts";
import { type Hop, redirectTarget, toNextHop } from "./redirect.ts";

const retryDelays = { baseMs: 200, maxMs: 5_000 };

/** Sending these twice is like sending them once. */
const repeatable: ReadonlySet<string> = new Set(["GET", "HEAD", "PUT", "DELETE", "OPTIONS"]);

/** With these nothing was sent: every request can be sent again. */
const unsent =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|connect_timeout|UND_ERR_CONNECT_TIMEOUT)$/;

/** How a platform packs bodies, and unpacks them before anybody sees them. */
const unpacked =
  /^\s*((x-)?gzip|deflate|br|zstd|identity)(\s*,\s*((x-)?gzip|deflate|br|zstd))*\s*$/i;

/**
 * Makes one exchange.
 *
 * @param request What to send.
 * @param ports What is needed for it.
 * @param signal Ends it: with a `JobCancelledError` as a failure of kind `aborted`, for any other reason without a word.
 * @returns An answer, a failure, or that it was stopped.
 * @throws {SinkError} If the payload store failed: the call itself did not.
 */
export async function exchange(
  request: ExchangeRequest,
  ports: ExchangePorts,
  signal: AbortSignal,
): Promise<ExchangeOutcome> {
  const startedAt = ports.clock.monotonic();
  const limits = watchLimits(ports.clock, request, signal);
  const redaction = createRedaction();
  const hidesQueries = Object.keys(request.secretParams).length > 0;
  const asked: string[] = [];
  const visited = new Set<string>();
  let method = request.method;
  let shownUrl = withoutUser(request.url);
  let retriesLeft = request.transportRetries;
  let calls = 0;
  /** The trace of the call that is under way, and the status that came. */
  let traced: HttpCallTrace | undefined;
  let status: number | undefined;
  const endCall = (failure?: HttpCallEnd["failure"]) => {
    traced?.end({ status, failure });
    traced = status = undefined;
  };
  const facts = () => ({
    url: shownUrl,
    method,
    redirects: [...asked],
    durationMs: Math.round(ports.clock.monotonic() - startedAt),
  });

  try {
    let hop = toFirstHop(request);
    for (;;) {
      await admit(hop.url, asked.length === 0, ports, limits);
      limits.startHop();
      const response = await send(hop);
      const location = redirectTarget(response);
      if (location === undefined || request.maxRedirects === 0) {
        const body = await readBody(response, hop.method, request.maxBytes, ports, limits);
        const headers = toPairs(response.headers, hop.method, redaction);
        endCall();
        return { kind: "response", status: response.status, headers, body, ...facts() };
      }
      // An unread body keeps its connection.
      response.body?.cancel().catch(() => {});
      endCall();
      hop = follow(hop, response.status, location);
    }
  } catch (error) {
    if (error instanceof SinkError) {
      endCall({ kind: "unknown", message: "The store of payloads failed" });
      throw error;
    }
    if (signal.aborted && limits.signal.reason === signal.reason && !isCancelled(signal.reason)) {
      endCall({ kind: "stopped", message: "It is sent again by another run" });
      return { kind: "stopped", reason: signal.reason };
    }
    const failed = toFailed(error, asked.length > 0, limits, ports, redaction);
    endCall(failed);
    return { kind: "failure", failure: { ...failed, ...facts(), requestId: request.id } };
  } finally {
    limits.stop();
  }

  /** Sends what a hop asks, and again as often as is allowed. */
  async function send(hop: Hop): Promise<Response> {
    for (let failures = 0;;) {
      traced = ports.tracing?.call({
        requestId: request.id,
        method: hop.method,
        url: redaction.url(hop.url, hidesQueries && asked.length > 0),
        resends: calls++,
        meta: request.meta,
      });
      const told = traced === undefined ? hop : { ...hop, defaultHeaders: traced.headers };
      const outgoing = await prepare(told, request, ports, limits, redaction);
      try {
        const response = await call(outgoing, ports, limits);
        status = response.status;
        return response;
      } catch (error) {
        const { kind, code = "" } = classify(error, ports);
        const isSafe = unsent.test(code) || kind === "connection" &&
            (repeatable.has(hop.method) || request.idempotencyKey !== undefined);
        if (limits.signal.aborted || retriesLeft === 0 || !isSafe) throw error;
        if (traced !== undefined) {
          endCall(toFailed(error, asked.length > 0, limits, ports, redaction));
        }
        retriesLeft--;
        failures++;
        const delayMs = backoffMs(failures, retryDelays, ports.random);
        await wait(delayMs, ports.clock, limits.signal);
      }
    }
  }

  function follow(hop: Hop, status: number, location: string): Hop {
    visited.add(`${hop.method} ${hop.url.href}`);
    const count = asked.push(redaction.url(hop.url, hidesQueries && asked.length > 0));
    const next = toNextHop(hop, status, location, request);
    method = next.method;
    shownUrl = redaction.url(next.url, hidesQueries);
    if (count > request.maxRedirects) {
      const message = `More than ${request.maxRedirects} redirects`;
      throw new CallError("redirect", message, { reason: "too_many" });
    }
    if (visited.has(`${next.method} ${next.url.href}`)) {
      throw new CallError("redirect", "The redirects lead in a circle", { reason: "loop" });
    }
    return next;
  }
}

/** A request that has one is refused; what is told of it must not tell the password. */
function withoutUser(text: string): string {
  const url = URL.parse(text);
  if (url === null || url.username === "" && url.password === "") return text;
  url.username = "";
  url.password = "";
  return url.href;
}

function toFirstHop(
  { method, url: text, headers, secretParams, body, sign }: ExchangeRequest,
): Hop {
  const url = URL.parse(text);
  if (url === null) throw new CallError("config", "The address is none", { code: "url_invalid" });
  url.hash = "";
  return { method, url, headers, secretParams, body, sign };
}

/** @throws {CallError} If an address must not be asked. */
async function admit(
  url: URL,
  isFirst: boolean,
  ports: ExchangePorts,
  limits: Limits,
): Promise<void> {
  limits.signal.throwIfAborted();
  const refuse = (what: string, code: string) =>
    isFirst
      ? new CallError("config", what, { code })
      : new CallError("redirect", `Refused a redirect: ${what}`, { code, reason: "refused" });
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw refuse(`Cannot ask '${url.protocol}', expected 'http:' or 'https:'`, "url_invalid");
  }
  if (url.username !== "" || url.password !== "") {
    throw refuse("Cannot ask an address with a user name, expected a header", "url_invalid");
  }
  if (ports.allowUrl === undefined) return;
  const isAllowed = await limits.race(Promise.resolve(ports.allowUrl(url)));
  if (!isAllowed) throw refuse(`Address '${url.host}' is not allowed`, "address_refused");
}

/** Calls `fetch`. What comes after the time is over is let go. */
async function call(
  { method, url, headers, body }: OutgoingRequest,
  ports: ExchangePorts,
  limits: Limits,
): Promise<Response> {
  const { signal } = limits;
  signal.throwIfAborted();
  const init: RequestInit = { method, headers, redirect: "manual", signal };
  if (body !== undefined) init.body = body as Uint8Array<ArrayBuffer>;
  const answered = Promise.resolve(ports.fetch(url.href, init));
  answered.then((late) => {
    if (signal.aborted) late.body?.cancel().catch(() => {});
  }, () => {});
  const response = await limits.race(answered);
  if (response.type !== "opaqueredirect") return response;
  throw new CallError("config", "This platform shows no redirects", { code: "redirect_hidden" });
}

function classify(error: unknown, ports: ExchangePorts) {
  return isCallError(error) ? error : ports.classify?.(error) ?? classifyFetchError(error);
}

/** The kind of a failure and what is said of it. */
function toFailed(
  error: unknown,
  isRedirected: boolean,
  limits: Limits,
  ports: ExchangePorts,
  redaction: Redaction,
):
  & Pick<HttpFailure, "message" | "code">
  & ({ kind: "redirect"; reason: "too_many" | "loop" | "refused" } | {
    kind: Exclude<HttpFailure["kind"], "http" | "redirect">;
  }) {
  const { reason } = limits.signal;
  if (limits.signal.aborted && isCancelled(reason)) {
    return { kind: "aborted", message: redaction.text((reason as Error).message) };
  }
  const cause = limits.signal.aborted ? reason : error;
  const { kind, code } = classify(cause, ports);
  const message = isCallError(cause) ? redaction.text(cause.message) : tell(kind, cause, redaction);
  const told = code === undefined ? { message } : { message, code };
  // A transport that looks at addresses knows nothing of redirects.
  if (kind === "redirect" || isRedirected && code === "address_refused") {
    return {
      kind: "redirect",
      ...told,
      reason: isCallError(cause) ? cause.reason ?? "refused" : "refused",
    };
  }
  return kind === "http" ? { kind: "unknown", ...told } : { kind, ...told };
}

const what: Readonly<Record<string, string>> = {
  timeout: "No answer came in time",
  connection: "The connection failed",
  tls: "No trusted connection could be made",
  protocol: "The answer is no HTTP",
  config: "The request cannot be sent",
};

/** Addresses in the words of a platform are cut off before their query. */
function tell(kind: string, error: unknown, redaction: Redaction): string {
  let deepest = error;
  while (deepest instanceof Error && deepest.cause instanceof Error) deepest = deepest.cause;
  const said = deepest instanceof Error ? deepest.message || deepest.name : String(deepest);
  const cut = redaction.text(said).replaceAll(
    /(https?:\/\/)([^\s"'?#)]*@)?([^\s"'?#)]*)[?#][^\s"')]*/g,
    "$1$3",
  );
  return `${what[kind] ?? "The call failed"}: ${cut.slice(0, 300)}`;
}

function isCancelled(reason: unknown): boolean {
  return isMillraceError(reason) && reason.code === "cancelled";
}

/** The headers as they are told: without those about how the body was packed. */
function toPairs(headers: Headers, method: string, redaction: Redaction): [string, string][] {
  const packing = headers.get("content-encoding");
  const isUnpacked = packing === null || unpacked.test(packing);
  return [...headers].filter(([name]) => {
    if (name === "content-encoding") return !isUnpacked;
    return name !== "content-length" || method === "HEAD";
  }).map(([name, value]) => [name, redaction.text(value)]);
}
