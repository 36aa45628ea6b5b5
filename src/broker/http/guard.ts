/**
 * Which callers are turned away before anything else: web pages, unless the operator wants them.
 *
 * Any page that a person opens may send requests to a broker on the same machine or network. It cannot read the answers,
 * but what it sends would be done: jobs stored, taken, deleted. A browser marks what a page sends with `Origin` or
 * `Sec-Fetch-Site`; a page that is not there (an address that a person types) has neither a source nor a site.
 *
 * @module
 */

import { answerValue } from "./answer.ts";

/** Makes a fetch function refuse web pages. */
export function refuseWebPages(
  handle: (request: Request) => Promise<Response>,
): (request: Request) => Promise<Response> {
  return async (request) => isOfWebPage(request.headers) ? refuseWebPage() : await handle(request);
}

/** The answer to a web page that may not call. */
export function refuseWebPage(): Response {
  return answerValue("json", 403, { error: "requests of web pages are refused" });
}

/** Whether a request is that of a web page. */
export function isOfWebPage(headers: { get(name: string): string | null }): boolean {
  if (headers.get("origin") !== null) return true;
  const site = headers.get("sec-fetch-site");
  return site !== null && site !== "none";
}
