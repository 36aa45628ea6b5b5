/**
 * The calls of a page, passed on to the broker; what many pages ask at once is asked once.
 *
 * @module
 */

import { pick, refuse } from "./answer-json.ts";
import type { BrokerCalls } from "./broker-calls.ts";
import { findCall } from "./calls.ts";
import type { DashboardSettings } from "./dashboard-options.ts";
import { packBytes, packStream } from "./gzip.ts";
import { createLiveStream } from "./live-stream.ts";
import { readSmallBody } from "./read-small-body.ts";
import { safeHeaders } from "./serve-assets.ts";
import { toCookie } from "./session.ts";
import { createSharedAnswers } from "./shared-answers.ts";
import type { Visitors } from "./visitors.ts";

/** Passes calls on. */
export interface PassOn {
  /**
   * Asks the broker, if the visitor may.
   *
   * @param path The path at the broker.
   * @param search The query, with its question mark.
   */
  call(request: Request, path: string, search: string): Promise<Response>;
  /** Tells a page of what happens, while it is open. */
  listen(request: Request): Promise<Response>;
}

/** What it is made of. */
export interface PassOnParts {
  readonly settings: DashboardSettings;
  readonly broker: BrokerCalls;
  readonly visitors: Visitors;
}

/** Creates it. */
export function createPassOn({ settings, broker, visitors }: PassOnParts): PassOn {
  const { access, basePath, clock, isShared, logger, random } = settings;
  const answers = createSharedAnswers({ clock, isShared, ask: broker.ask });
  const live = createLiveStream({
    clock,
    isShared,
    random,
    changed: answers.forget,
    open: ({ cursor, ...call }) =>
      broker.ask("/events", {
        ...call,
        accept: "application/x-ndjson",
        headers: cursor === undefined ? {} : { "last-event-id": cursor },
      }),
  });

  /** What the page gets of an answer of the broker. */
  const toPage = (
    request: Request,
    body: BodyInit | null,
    { status, headers, tag, isPacked = false }: {
      status: number;
      headers: Headers;
      tag?: string | undefined;
      isPacked?: boolean;
    },
  ): Response => {
    const init: ResponseInit & { encodeBody?: "manual" } = {
      status,
      // Workers would pack it once more.
      ...isPacked && { encodeBody: "manual" },
      headers: {
        ...safeHeaders,
        "cache-control": "no-store",
        ...pick(headers, "content-type"),
        ...pick(headers, "retry-after"),
        // Weak: it is the same in either coding, and not byte for byte.
        ...tag === undefined ? {} : { etag: `W/${tag}` },
        // Its token is none any more: the page asks for another one.
        ...access === "tokens" && status === 401
          ? { "set-cookie": toCookie(undefined, request, basePath) }
          : {},
        vary: "accept-encoding",
        ...isPacked && { "content-encoding": "gzip" },
      },
    };
    return new Response(body, init);
  };

  /** Looks something up, for all that ask the same at once. */
  const look = async (request: Request, path: string): Promise<Response> => {
    const { signal } = request;
    const answer = await answers.get(path, { token: visitors.tokenOf(request), signal });
    const { status, headers } = answer;
    if (answer instanceof Response) {
      const packed = isJson(answer) && answer.body !== null && packStream(answer.body, request);
      return toPage(request, packed || answer.body, { status, headers, isPacked: !!packed });
    }
    const { tag, bytes } = answer;
    if (tag !== undefined && request.headers.get("if-none-match")?.replace(/^W\//, "") === tag) {
      return toPage(request, null, { status: 304, headers, tag });
    }
    const packed = await packBytes(bytes, request);
    const isPacked = packed !== undefined;
    return toPage(request, packed ?? bytes, { status, headers, tag, isPacked });
  };

  /** Changes something, or opens a stream. */
  const pass = async (request: Request, path: string, accept: string): Promise<Response> => {
    const { method, headers, signal } = request;
    const body = method === "GET" ? new Uint8Array(0) : await readSmallBody(request);
    if (body === undefined) return refuse(413, "the body is too large");
    const answer = await broker.ask(path, {
      method,
      signal,
      accept,
      token: visitors.tokenOf(request),
      headers: pick(headers, "last-event-id"),
      ...body.length === 0 ? {} : { body, headers: { "content-type": "application/json" } },
    });
    return toPage(request, answer.body, answer);
  };

  /** What the token of a visitor is called, for the log; undefined if the broker does not say. */
  const findName = async (request: Request): Promise<string | undefined> => {
    const token = access === "tokens" ? visitors.tokenOf(request) : undefined;
    if (token === undefined) return undefined;
    try {
      const told = await answers.get("/whoami", { token, signal: request.signal });
      if (told instanceof Response) await told.body?.cancel();
      else if (told.status === 200) {
        const { name } = JSON.parse(new TextDecoder().decode(told.bytes));
        return typeof name === "string" ? name : undefined;
      }
    } catch {
      // The change is told all the same.
    }
    return undefined;
  };

  return {
    async call(request, path, search) {
      const { method } = request;
      const call = findCall(method, path);
      if (call === undefined) return refuse(404, "not found");
      const visitor = await visitors.find(request);
      const refusal = await visitors.refuse(visitor, call.needed, request);
      if (refusal !== undefined) return refusal;
      if (call.isStream) return await pass(request, path + search, "text/event-stream");
      if (method === "GET") return await look(request, path + search);
      const found = findName(request);
      const answer = await pass(request, path + search, "application/json");
      answers.forget();
      const by = await found;
      const fields = {
        method,
        path,
        status: answer.status,
        visitor,
        ...by !== undefined && { by },
      };
      logger.info("A visitor of the dashboard changed something", fields);
      return answer;
    },
    async listen(request) {
      if (request.method !== "GET") return refuse(405, "method not allowed");
      const visitor = await visitors.find(request);
      const refusal = await visitors.refuse(visitor, "read", request);
      return refusal ?? await live.listen(visitors.tokenOf(request), request.signal);
    },
  };
}

function isJson({ headers }: Response): boolean {
  return headers.get("content-type")?.startsWith("application/json") === true;
}
