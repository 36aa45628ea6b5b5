/** A broker beside pages of H3. */

import { loadRuntime } from "../../adapters/cli/runtime.ts";
import { load, type OpenApp } from "./framework.ts";

export const openH3: OpenApp = async (broker) => {
  const { H3 } = await load("h3");
  const { serve } = await loadRuntime();

  const app = new H3();
  app.get("/", () => "a page of the app");
  app.all("/millrace/**", (event: { readonly req: Request }) => broker.fetch(event.req));

  const server = await serve(app.fetch, { port: 0 });
  return { url: server.url, close: () => server.stop({ timeoutMs: 0 }) };
};
