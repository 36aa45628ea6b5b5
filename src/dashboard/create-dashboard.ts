/**
 * The dashboard: a page, and a way for its calls to the broker that checks who makes them.
 *
 * | Path below the base | Answer                                                                            |
 * | ------------------- | --------------------------------------------------------------------------------- |
 * | `/`                 | the page; its own places stand behind `#`                                         |
 * | `/assets/{name}`    | the files of the page                                                             |
 * | `/session`          | `GET` what the visitor may do, `POST` a token, `DELETE` it                        |
 * | `/live`             | while it is open: that something changed, and how many jobs came and went         |
 * | `/api/...`          | the broker's answer to `/...`, if the visitor may ask that                        |
 *
 * @module
 */

import { answerJson, refuse } from "./answer-json.ts";
import { createBrokerCalls } from "./broker-calls.ts";
import { type DashboardOptions, toSettings } from "./dashboard-options.ts";
import { createPassOn } from "./pass-on.ts";
import { readSmallBody } from "./read-small-body.ts";
import { createRefusedTokens } from "./refused-tokens.ts";
import { isFromPage } from "./same-origin.ts";
import { safeHeaders, serveAsset, servePage } from "./serve-assets.ts";
import { isToken, readToken, toCookie } from "./session.ts";
import { findGrant } from "./token-grant.ts";
import { AccessFailure, createVisitors, refuseOpenBroker } from "./visitors.ts";

/** A dashboard. */
export interface Dashboard {
  /** Answers a request. */
  readonly fetch: (request: Request) => Promise<Response>;
}

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
  const settings = toSettings(options);
  const { access, readOnly, title, basePath } = settings;
  const broker = createBrokerCalls(settings);
  const visitors = createVisitors(settings, broker);
  const noteRefused = createRefusedTokens(settings);
  const passOn = createPassOn({ settings, broker, visitors });

  const signIn = async (request: Request): Promise<Response> => {
    if (access !== "tokens") return refuse(404, "this dashboard takes no tokens");
    const body = await readSmallBody(request);
    const given = body === undefined ? undefined : readTokenOf(body);
    if (!isToken(given)) return refuse(400, "expected an object with a token");
    if (!await broker.asksForTokens()) return refuseOpenBroker();
    const grant = await findGrant(broker, given);
    if (grant === undefined) {
      noteRefused();
      return refuse(401, "the broker does not know this token");
    }
    if (grant.may === null) return refuse(403, "this token may not look: it lacks 'read'");
    return answerJson(200, {}, { "set-cookie": toCookie(given, request, basePath) });
  };

  const answerSession = async (request: Request): Promise<Response> => {
    if (request.method === "GET") {
      const visitor = await visitors.find(request);
      const token = access === "tokens" ? readToken(request) : undefined;
      const grant = token === undefined ? { may: visitor } : await findGrant(broker, token);
      const may = grant?.may ?? null;
      return answerJson(
        200,
        {
          ...grant,
          may: readOnly && may !== null ? "read" : may,
          signIn: access === "tokens",
          readOnly,
          title,
        },
        // Its token is none any more.
        token !== undefined && grant === undefined
          ? { "set-cookie": toCookie(undefined, request, basePath) }
          : {},
      );
    }
    if (!isFromPage(request)) return refuse(403, "only the dashboard's own page may ask this");
    if (request.method === "POST") return await signIn(request);
    if (request.method !== "DELETE") return refuse(405, "method not allowed");
    return answerJson(200, {}, { "set-cookie": toCookie(undefined, request, basePath) });
  };

  const answer = async (request: Request): Promise<Response> => {
    const { pathname, search } = new URL(request.url);
    if (`${pathname}/` === basePath) {
      return new Response(null, { status: 308, headers: { ...safeHeaders, location: basePath } });
    }
    const path = pathname.startsWith(basePath) ? pathname.slice(basePath.length - 1) : pathname;
    if (path.startsWith("/api/")) return await passOn.call(request, path.slice(4), search);
    if (path === "/session") return await answerSession(request);
    if (path === "/live") return await passOn.listen(request);
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

function readTokenOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body))?.token;
  } catch {
    return undefined;
  }
}
