/** A broker beside pages of Hono. */

import { loadRuntime } from "../../adapters/cli/runtime.ts";
import { load, type OpenApp } from "./framework.ts";

export const openHono: OpenApp = async (broker) => {
  const { Hono } = await load("hono");
  const { serve } = await loadRuntime();

  const app = new Hono();
  app.get("/", (context: HonoContext) => context.text("a page of the app"));
  app.all("/millrace/*", (context: HonoContext) => broker.fetch(context.req.raw));

  const server = await serve(app.fetch, { port: 0 });
  return { url: server.url, close: () => server.stop({ timeoutMs: 0 }) };
};

interface HonoContext {
  readonly req: { readonly raw: Request };
  text(text: string): Response;
}
