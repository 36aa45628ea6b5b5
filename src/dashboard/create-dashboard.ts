/**
 * The dashboard: a page, and a way for its calls to the broker that checks who makes them.
 *
 * | Path below the base | Answer                                                                            |
 * | ------------------- | --------------------------------------------------------------------------------- |
 * | `/`                 | the page; its own places stand behind `#`                                         |
 * | `/assets/{name}`    | the files of the page                                                             |
 * | `/session`          | `GET` what the visitor may do, `POST` a token, `DELETE` it                        |
 * | `/api/...`          | the broker's answer to `/...`, if the visitor may ask that                        |
 *
 * @module
 */

import type { Fetch } from "../client/options.ts";
import { checkOptions, type Names, show } from "../options.ts";
import { findCall } from "./calls.ts";
import { readSmallBody } from "./read-small-body.ts";
import { isFromPage } from "./same-origin.ts";
import { safeHeaders, serveAsset, servePage } from "./serve-assets.ts";
import { isToken, readToken, toCookie } from "./session.ts";
import { type DashboardAccess, isVisitor, mayDo, type Visitor } from "./visitor.ts";

/** What a dashboard is made from. */
export interface DashboardOptions {
  /**
   * Asks the broker: `broker.fetch` of one in the same process, or any function of this shape.
   *
   * @default {the platform's `fetch`}
   */
  readonly fetch?: Fetch | undefined;
  /** Where the broker is, if it is not in the same process: `http://127.0.0.1:7890`. */
  readonly url?: string | undefined;
  /** The token that the dashboard itself shows to the broker, unless visitors show theirs (`access: "tokens"`). */
  readonly token?: string | undefined;
  /** Who may come in. It has to be said: a dashboard shows payloads, and deletes jobs. */
  readonly access: DashboardAccess;
  /**
   * Names under which browsers may ask for it, besides those of this machine (`localhost`, `127.0.0.1`, `[::1]`), where
   * `access` is `"anyone"`: any other name may be that of a page which was pointed here to read what it should not.
   *
   * @default {[]}
   */
  readonly hosts?: readonly string[] | undefined;
  /**
   * Whether nobody may change anything here, whatever else they may.
   *
   * @default {false}
   */
  readonly readOnly?: boolean | undefined;
  /**
   * The path below which browsers see the dashboard, such as `/admin/jobs/`. Requests may come with it or without it, as
   * frameworks take it off or not.
   *
   * @default {"/"}
   */
  readonly basePath?: string | undefined;
  /**
   * The title of the page.
   *
   * @default {"Millrace"}
   */
  readonly title?: string | undefined;
}

/** A dashboard. */
export interface Dashboard {
  /** Answers a request. */
  readonly fetch: (request: Request) => Promise<Response>;
}

const names: Names<DashboardOptions> = {
  fetch: 1,
  url: 1,
  token: 1,
  access: 1,
  hosts: 1,
  readOnly: 1,
  basePath: 1,
  title: 1,
};

/**
 * Creates a dashboard over any Millrace broker. It keeps nothing, and needs no close.
 *
 * @param options Whose dashboard it is, and who may come in.
 * @returns What answers requests.
 * @throws {TypeError} If `access` is missing, neither `fetch` nor `url` is given, or an option is none.
 *
 * @example
 * ```ts
 * import { createBroker } from "@millrace/millrace/broker";
 * import { createDashboard } from "@millrace/millrace/dashboard";
 * import { openSqlite } from "@millrace/millrace/deno";
 *
 * await using broker = createBroker({ store: openSqlite(":memory:") });
 * const dashboard = createDashboard({ fetch: broker.fetch, access: () => "read" });
 * console.log((await dashboard.fetch(new Request("http://localhost/"))).status); // 200
 * ```
 */
export function createDashboard(options: DashboardOptions): Dashboard {
  checkOptions("createDashboard", options, names);
  const { access, readOnly = false, token, title = "Millrace" } = options;
  const hosts = new Set(["localhost", "127.0.0.1", "[::1]", ...lower(options.hosts ?? [])]);
  const isKnown = access === "tokens" || access === "anyone" || typeof access === "function";
  if (!isKnown) {
    throw new TypeError(
      `Cannot use ${show(access)} as 'access': expected 'tokens', 'anyone' or a function`,
    );
  }
  if (options.fetch === undefined && options.url === undefined) {
    throw new TypeError("Cannot reach a broker: give its 'url', or its 'fetch'");
  }
  const ask: Fetch = options.fetch ?? ((request) => fetch(request));
  const brokerUrl = (options.url ?? "http://localhost").replace(/\/+$/, "");
  const basePath = toBasePath(options.basePath ?? "/");

  /** Asks the broker, with the token of the visitor or of the dashboard. */
  const askBroker = async (path: string, shown: string | undefined, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    if (shown !== undefined) headers.set("authorization", `Bearer ${shown}`);
    // Workers know no `"error"`.
    const request = new Request(`${brokerUrl}${path}`, { ...init, headers, redirect: "manual" });
    const answer = await ask(request);
    if (answer.status < 200 || answer.status >= 300 && answer.status < 400) {
      await answer.body?.cancel();
      throw new Error(`The broker answered ${answer.status}`);
    }
    return answer;
  };

  let isKnownToAsk = false;

  /** Whether the broker asks for tokens at all: one that lets in everybody would let in every visitor. */
  const asksForTokens = async (): Promise<boolean> => {
    if (isKnownToAsk) return true;
    const answer = await askBroker("/jobs/count", undefined);
    await answer.body?.cancel();
    if (answer.status >= 500) throw new Error(`The broker answered ${answer.status}`);
    isKnownToAsk = answer.status === 401;
    return isKnownToAsk;
  };

  /** What the visitor may do; undefined if it has to say who it is. */
  const find = async (request: Request): Promise<Visitor | undefined> => {
    if (access === "anyone") return hosts.has(hostOf(request)) ? "admin" : undefined;
    // The broker looks at the scopes of its token.
    if (access === "tokens") return readToken(request) === undefined ? undefined : "admin";
    let visitor: unknown;
    try {
      visitor = await access(request);
    } catch (error) {
      throw new AccessFailure("'access' failed", { cause: error });
    }
    if (visitor === undefined || isVisitor(visitor)) return visitor;
    throw new AccessFailure(
      `'access' gave ${show(visitor)}, expected 'read', 'manage', 'admin' or undefined`,
    );
  };

  const signIn = async (request: Request): Promise<Response> => {
    if (access !== "tokens") return refuse(404, "this dashboard takes no tokens");
    const body = await readSmallBody(request);
    const given = body === undefined ? undefined : readTokenOf(body);
    if (!isToken(given)) return refuse(400, "expected an object with a token");
    if (!await asksForTokens()) {
      return refuseOpenBroker();
    }
    const answer = await askBroker("/jobs/count", given);
    await answer.body?.cancel();
    if (answer.status === 401) return refuse(401, "the broker does not know this token");
    if (answer.status >= 500) return refuse(502, `the broker answered ${answer.status}`);
    return answerJson(200, {}, { "set-cookie": toCookie(given, request, basePath) });
  };

  const answerSession = async (request: Request): Promise<Response> => {
    if (request.method === "GET") {
      const visitor = await find(request);
      const may = readOnly && visitor !== undefined ? "read" : visitor ?? null;
      return answerJson(200, { may, signIn: access === "tokens", readOnly, title });
    }
    if (!isFromPage(request)) return refuse(403, "only the dashboard's own page may ask this");
    if (request.method === "POST") return await signIn(request);
    if (request.method !== "DELETE") return refuse(405, "method not allowed");
    return answerJson(200, {}, { "set-cookie": toCookie(undefined, request, basePath) });
  };

  const passOn = async (request: Request, path: string, search: string): Promise<Response> => {
    const { method, headers, signal } = request;
    const call = findCall(method, path);
    if (call === undefined) return refuse(404, "not found");
    const visitor = await find(request);
    if (visitor === undefined) return refuse(401, "sign in first");
    // A cookie is easily made up.
    if (access === "tokens" && !await asksForTokens()) return refuseOpenBroker();
    if (method !== "GET" && !isFromPage(request)) {
      return refuse(403, "only the dashboard's own page may ask this");
    }
    if (readOnly && call.needed !== "read") return refuse(403, "this dashboard only shows");
    if (!mayDo(visitor, call.needed)) {
      return refuse(403, `you may not do this: it needs '${call.needed}'`);
    }
    const body = method === "GET" ? undefined : await readSmallBody(request);
    if (method !== "GET" && body === undefined) return refuse(413, "the body is too large");
    const answer = await askBroker(
      path + search,
      access === "tokens" ? readToken(request) : token,
      {
        method,
        signal,
        headers: {
          accept: call.isStream ? "text/event-stream" : "application/json",
          "millrace-extensions": "1",
          ...body === undefined || body.length === 0 ? {} : { "content-type": "application/json" },
          ...pick(headers, "last-event-id"),
        },
        ...body === undefined || body.length === 0 ? {} : { body },
      },
    );
    return new Response(answer.body, {
      status: answer.status,
      headers: {
        ...safeHeaders,
        "cache-control": "no-store",
        ...pick(answer.headers, "content-type"),
        ...pick(answer.headers, "retry-after"),
        // Its token is none any more: the page asks for another one.
        ...access === "tokens" && answer.status === 401
          ? { "set-cookie": toCookie(undefined, request, basePath) }
          : {},
      },
    });
  };

  const answer = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    if (`${pathname}/` === basePath) {
      return new Response(null, { status: 308, headers: { ...safeHeaders, location: basePath } });
    }
    const path = pathname.startsWith(basePath) ? pathname.slice(basePath.length - 1) : pathname;
    if (path.startsWith("/api/")) return await passOn(request, path.slice(4), search);
    if (path === "/session") return await answerSession(request);
    if (request.method !== "GET" && request.method !== "HEAD") {
      return refuse(405, "method not allowed");
    }
    if (path.startsWith("/assets/")) {
      return serveAsset(path.slice(8), request) ?? refuse(404, "not found");
    }
    return path === "/" ? servePage(basePath, title) : refuse(404, "not found");
  };

  return {
    async fetch(request) {
      try {
        return await answer(request);
      } catch (error) {
        if (request.signal.aborted) throw error;
        // What it says may name a host or a path, which is nothing for visitors.
        if (error instanceof AccessFailure) {
          return refuse(500, "the dashboard could not find out who you are");
        }
        return refuse(502, "the broker cannot be asked");
      }
    },
  };
}

/** `access` did not say who a visitor is. */
class AccessFailure extends Error {
  override readonly name = "AccessFailure";
}

function lower(names: readonly string[]): string[] {
  return names.map((name) => name.toLowerCase());
}

/** The name that the browser asked, without a port. */
function hostOf({ headers, url }: Request): string {
  const host = headers.get("host") ?? new URL(url).host;
  return host.replace(/:\d+$/, "").toLowerCase();
}

function toBasePath(given: string): string {
  if (!/^\/(?:[\w.~-]+\/)*[\w.~-]*$/.test(given)) {
    throw new TypeError(
      `Cannot use ${show(given)} as 'basePath': expected a path such as '/admin/jobs/'`,
    );
  }
  return given.endsWith("/") ? given : `${given}/`;
}

function readTokenOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body))?.token;
  } catch {
    return undefined;
  }
}

function pick(headers: Headers, name: string): Record<string, string> {
  const value = headers.get(name);
  return value === null ? {} : { [name]: value };
}

function answerJson(
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: {
      ...safeHeaders,
      "content-type": "application/json",
      "cache-control": "no-store",
      ...headers,
    },
  });
}

function refuseOpenBroker(): Response {
  return refuse(
    409,
    "the broker lets in everybody: give it tokens, or the dashboard another 'access'",
  );
}

function refuse(status: number, error: string): Response {
  return answerJson(status, { error });
}
