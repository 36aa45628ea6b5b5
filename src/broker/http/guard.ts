/**
 * Which callers are turned away before anything else: web pages, unless the operator wants them.
 *
 * Any page that a person opens may send requests to a broker on the same machine or network. It cannot read the answers,
 * but what it sends would be done: jobs stored, taken, deleted. A browser marks what a page sends with `Origin` or
 * `Sec-Fetch-Site`; a page that is not there (an address that a person types) has neither a source nor a site.
 *
 * What a browser marks, by where it asks, and what an image or a page by a pointed name can do there therefore:
 *
 * | Where                         | GET and HEAD       | Others   |
 * | ----------------------------- | ------------------ | -------- |
 * | `https:`, this machine's names | `Sec-Fetch-Site`   | `Origin` |
 * | any other name over `http:`   | nothing            | `Origin` |
 *
 * @module
 */

import { routes } from "../../protocol/routes.ts";
import { answerValue } from "./answer.ts";

/** Makes a fetch function refuse web pages. */
export function refuseWebPages(
  handle: (request: Request) => Promise<Response>,
): (request: Request) => Promise<Response> {
  return async (request) => isOfWebPage(request) ? refuseWebPage() : await handle(request);
}

/** The answer to a web page that may not call. */
export function refuseWebPage(): Response {
  return answerValue("json", 403, { error: "requests of web pages are refused" });
}

/** Whether a request is that of a web page. */
export function isOfWebPage({ headers, url }: Request): boolean {
  if (headers.get("origin") !== null) return true;
  const site = headers.get("sec-fetch-site");
  if (site !== null) return site !== "none";
  return engine.test(headers.get("user-agent") ?? "") && mayBeOfPage(url);
}

/** What browsers have in their `User-Agent`, and a page cannot change. Other programs too begin theirs with `Mozilla/`. */
const engine = /\b(?:AppleWebKit|Gecko|Trident)\//;

/**
 * Whether a page may have made a browser ask, that does not say so. An image of any page is enough to take jobs. And a page
 * that has pointed its own name at the broker reads what it is answered.
 */
function mayBeOfPage(url: string): boolean {
  if (!URL.canParse(url)) return true; // Bun gives none where a name is none to it.
  const { hostname, pathname } = new URL(url);
  return pathname.endsWith(routes.take.path) || !isOwnName(hostname);
}

/**
 * Whether nobody outside can point a name here: an address is no name, and one without a dot is no name of the public DNS.
 *
 * @param name In small letters, an IPv6 address in brackets.
 */
export function isOwnName(name: string): boolean {
  return name.startsWith("[") || /^[0-9.]+$/.test(name) || !name.includes(".") ||
    name.endsWith(".localhost");
}
