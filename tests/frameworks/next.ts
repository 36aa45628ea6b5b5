/**
 * A broker as a route handler of Next.js, `app/millrace/[...path]/route.ts`. Next itself is no tool of the gate, as it is larger
 * than all others together: what stands here is called as Next calls it, by the export of the method's name.
 */

import { loadRuntime } from "../../adapters/cli/runtime.ts";
import type { Broker } from "../../src/broker/mod.ts";
import type { OpenApp } from "./framework.ts";

/** What `app/millrace/[...path]/route.ts` exports. */
export function toRouteHandlers({ fetch }: Broker): RouteHandlers {
  const handle = (request: Request) => fetch(request);
  return { GET: handle, HEAD: handle, POST: handle, PUT: handle, PATCH: handle, DELETE: handle };
}

export const openNext: OpenApp = async (broker) => {
  const { serve } = await loadRuntime();
  const route = toRouteHandlers(broker);
  const server = await serve((request) => {
    const { pathname } = new URL(request.url);
    if (pathname === "/") return new Response("a page of the app");
    if (!pathname.startsWith("/millrace/")) return new Response(null, { status: 404 });
    const handle = Object.hasOwn(route, request.method) ? route[request.method] : undefined;
    return handle?.(request, { params: Promise.resolve({ path: pathname.split("/").slice(2) }) }) ??
      new Response(null, { status: 405 });
  }, { port: 0 });
  return { url: server.url, close: () => server.stop({ timeoutMs: 0 }) };
};

type RouteHandlers = Readonly<
  Record<
    string,
    (
      request: Request,
      context: { readonly params: Promise<{ readonly path: readonly string[] }> },
    ) => Promise<Response>
  >
>;
