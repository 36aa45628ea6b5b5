/**
 * Which web pages may call the broker, and read its answers: none, unless the operator names their origins.
 *
 * A browser asks before it sends most calls (a "preflight", an `OPTIONS` without credentials); it shows a page an answer only
 * if that names the page's origin. Nothing here lets a caller in: that is what tokens are for.
 *
 * @module
 */

import { extensionsHeader } from "../../protocol/extensions.ts";
import { isOfWebPage, refuseWebPage } from "./guard.ts";

/** How long a browser may go by the answer to a preflight, in seconds. */
const maxAge = "7200";

const methods = "GET, HEAD, POST, PUT, PATCH, DELETE";
const exposed = `retry-after, www-authenticate, ${extensionsHeader}`;

/**
 * Makes a fetch function answer the web pages of some origins, and refuse others.
 *
 * @param handle Answers calls.
 * @param origins The origins, such as `https://shop.example`; `"*"` is any.
 */
export function allowOrigins(
  handle: (request: Request) => Promise<Response>,
  origins: readonly string[],
): (request: Request) => Promise<Response> {
  const known = new Set(origins);
  const allows = (origin: string | null) =>
    origin !== null && (known.has("*") || known.has(origin));

  return async (request) => {
    const { headers, method } = request;
    if (!isOfWebPage(request)) return await handle(request);
    const origin = headers.get("origin");
    // A page of this very server sends no origin with what it only reads.
    if (!allows(origin)) return refuseWebPage();
    const isPreflight = method === "OPTIONS" &&
      headers.get("access-control-request-method") !== null;
    const answer = isPreflight ? toPreflight(headers) : await handle(request);
    answer.headers.set("access-control-allow-origin", origin!);
    answer.headers.append("vary", "origin");
    if (!isPreflight) answer.headers.set("access-control-expose-headers", exposed);
    return answer;
  };
}

function toPreflight(asked: Headers): Response {
  return new Response(null, {
    status: 204,
    headers: {
      "access-control-allow-methods": methods,
      // Whatever a page sends is looked at when it comes.
      "access-control-allow-headers": asked.get("access-control-request-headers") ?? "",
      "access-control-max-age": maxAge,
    },
  });
}

/**
 * Demands origins as a browser sends them.
 *
 * @throws {TypeError} If one is none.
 */
export function checkOrigins(origins: readonly string[]): void {
  for (const origin of origins) {
    if (origin === "*" || origin === "null") continue;
    if (URL.canParse(origin) && new URL(origin).origin === origin) continue;
    throw new TypeError(
      `Cannot use ${
        JSON.stringify(origin)
      } in 'allowedOrigins': expected one such as 'https://shop.example'`,
    );
  }
}
