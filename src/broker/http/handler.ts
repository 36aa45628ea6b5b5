/**
 * From a request to its answer: the checks that every call goes through, in the protocol's order
 * (docs/protocol.md, section 1.6): route, method, `Accept`, path, then the endpoint with its body and query.
 *
 * @module
 */

import { type Clock, systemClock } from "../../async/clock.ts";
import type { Logger } from "../../log.ts";
import type { Format } from "../../protocol/codec.ts";
import { responseFormat, supportedMediaTypes } from "../../protocol/negotiate.ts";
import { QueryError } from "../../protocol/query.ts";
import type { Access, Route } from "../../protocol/routes.ts";
import { BusyStoreError } from "../../store/busy.ts";
import { TooLongStoreError } from "../../store/too-long.ts";
import { UnusableStoreError } from "../../store/unusable.ts";
import { everywhere, type Reach } from "../access/reach.ts";
import { AccessError } from "../access/refused.ts";
import { BusyError } from "../engine/turnstile.ts";
import { answerNothing, answerValue } from "./answer.ts";
import type { Surface } from "./call.ts";
import { logOnce } from "./log-once.ts";
import { Refusal } from "./refusal.ts";
import { createLoad, type Load, type LoadLimits } from "./load.ts";
import { toLongAnswer } from "./long-answer.ts";
import { createRouter, type Router } from "./router.ts";

/** What a caller asks for, before its body is read. */
export interface Asking<Name> {
  readonly request: Request;
  readonly access: Access;
  readonly route: Name;
  readonly params: readonly string[];
  readonly query: string;
}

/** What is too much, or takes too long. */
interface HandlerLimits extends LoadLimits {
  readonly bodyTimeoutMs: number;
}

const noLimits: HandlerLimits = {
  maxCalls: Infinity,
  maxWaiting: Infinity,
  maxHeldBytes: Infinity,
  bodyTimeoutMs: 2 ** 32,
};

/** What a handler does besides its endpoints. */
export interface HandlerOptions<Name> {
  /** How much may be at work, and how long a long answer waits for who reads nothing of it, in ms; default no limit. */
  readonly limits?: HandlerLimits;
  /** Times that wait; default the platform's clock. */
  readonly clock?: Clock;
  /** The path below which calls come, those aside that come without it; default none. */
  readonly basePath?: string;
  /** Lets callers in; default all, to everything. */
  readonly admit?: ((asked: Asking<Name>) => Promise<Reach>) | undefined;
}

/** Creates a fetch function that answers the routes of a surface with what `services` offer. */
export function createHandler<Name extends string, Services extends { readonly logger: Logger }>(
  surface: Surface<Name, Services>,
  services: Services,
  { limits = noLimits, clock = systemClock, basePath = "", admit }: HandlerOptions<Name> = {},
): (request: Request) => Promise<Response> {
  const router = createRouter(surface.routes);
  const route = basePath === "" ? router : routeBelow(basePath, router);
  const load = createLoad(limits);
  return async (request) => {
    const answer = await handle(request, route, surface, { services, load, limits, clock, admit });
    if (request.method !== "HEAD") return answer;
    await answer.body?.cancel();
    return new Response(null, answer);
  };
}

async function handle<Name extends string, Services extends { readonly logger: Logger }>(
  request: Request,
  route: Router<Name>,
  { routes, endpoints, noticed }: Surface<Name, Services>,
  { services, load, limits, clock, admit }: Pick<HandlerOptions<Name>, "admit"> & {
    readonly services: Services;
    readonly load: Load;
    readonly limits: HandlerLimits;
    readonly clock: Clock;
  },
): Promise<Response> {
  const { path, query } = splitUrl(request.url);
  const match = route(request.method, path);
  if (match !== undefined && "allow" in match) return answerNothing(405, { allow: match.allow });
  const hasOwnFormat = match !== undefined && routes[match.name].ownFormat === true;
  const format = hasOwnFormat ? "json" : responseFormat(request.headers.get("accept"));
  if (format === undefined) {
    return answerValue("json", 406, { error: "not acceptable", supported: supportedMediaTypes });
  }
  try {
    if (match === undefined) throw new Refusal(404, "not found");
    const params = match.params.map(decodeSegment);
    const { access, isStream } = routes[match.name] as Route;
    const reach = admit === undefined || access === "open"
      ? everywhere
      : await admit({ request, access, route: match.name, params, query });
    const call = { ...services, request, params, query, format, reach };
    noticed?.[match.name]?.(services, params);
    // What tells whether the broker is well is always answered, and a stream is no work while nothing happens.
    if (access === "open" || isStream) {
      return await endpoints[match.name]({ ...call, load: load.idle });
    }
    const callLoad = load.begin();
    try {
      const answer = await endpoints[match.name]({ ...call, load: callLoad });
      const long = toLongAnswer(answer);
      if (long !== undefined) {
        const over = callLoad.answer(long.bytes, request.method === "GET");
        long.begin(clock, limits.bodyTimeoutMs, over);
      }
      return answer;
    } finally {
      callLoad.end();
    }
  } catch (error) {
    if (error instanceof QueryError) {
      return answerValue(format, error.status, { error: error.message });
    }
    if (error instanceof Refusal) {
      return refuse(format, error.status, { error: error.message, ...error.extra });
    }
    if (error instanceof AccessError) {
      const answer = answerValue(format, error.status, { error: error.message });
      for (const [name, value] of Object.entries(error.headers)) answer.headers.set(name, value);
      return answer;
    }
    if (error instanceof UnusableStoreError) {
      logOnce(services.logger, error);
      return refuse(format, 503, { error: error.message });
    }
    if (error instanceof BusyStoreError) {
      services.logger.warn(`Cannot answer ${request.method} ${path} in time`, { error });
      return refuse(format, 503, { error: error.message });
    }
    if (error instanceof TooLongStoreError) {
      return answerValue(format, 400, { error: error.message });
    }
    if (error instanceof BusyError) return refuse(format, 503, { error: `busy: ${error.message}` });
    services.logger.error(`Cannot answer ${request.method} ${path}`, { error });
    return answerValue(format, 500, { error: "internal server error" });
  }
}

/** Refuses a call. What is too much now may not be in a second. */
function refuse(format: Format, status: number, body: object): Response {
  const answer = answerValue(format, status, body);
  if (status === 503) answer.headers.set("retry-after", "1");
  return answer;
}

/** Finds routes below a path, and as they are. */
function routeBelow<Name>(basePath: string, route: Router<Name>): Router<Name> {
  const before = `${basePath}/`;
  return (method, path) => {
    const match = path.startsWith(before) ? route(method, path.slice(basePath.length)) : undefined;
    return match ?? route(method, path);
  };
}

/** Splits by hand: a URL object costs more than a whole small call, and would normalise what was sent. */
function splitUrl(url: string): { readonly path: string; readonly query: string } {
  // An HTTP/1.0 call need not name a host, and Bun makes up none.
  const start = url.startsWith("/") ? 0 : url.indexOf("/", url.indexOf("//") + 2);
  if (start === -1) return { path: "/", query: "" };
  const hash = url.indexOf("#", start);
  const target = hash === -1 ? url.slice(start) : url.slice(start, hash);
  const mark = target.indexOf("?");
  if (mark === -1) return { path: target, query: "" };
  return { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/** An incomplete escape is taken literally; bytes that are not UTF-8 are refused. */
function decodeSegment(segment: string): string {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment.replace(/%(?![0-9a-fA-F]{2})/g, "%25"));
  } catch {
    throw new Refusal(400, `path segment '${segment}' is not UTF-8`);
  }
}
