import { readFile } from "node:fs/promises";
import { env } from "node:process";
import { createBroker, createTokens, digestOfToken } from "millrace/broker";
import { createClient } from "millrace/client";
import { openSqlite, serve, stopOnSignals } from "millrace/node";
import { createWorker, handle } from "millrace/worker";
import { visit } from "./visit.ts";

// Whoever opens the page can read it, so it may do next to nothing.
const token = "mr_of_the_page";
const sha256 = await digestOfToken(token);

const files: Record<string, [name: string, type: string]> = {
  "/": ["index.html", "text/html"],
  "/page.js": ["page.js", "text/javascript"],
};
const site = await serve(async (request: Request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/settings.json") return Response.json({ url: server.url, token });
  const [name, type] = files[pathname] ?? [];
  if (name === undefined) return new Response("not found", { status: 404 });
  const text = await readFile(new URL(name, import.meta.url));
  return new Response(text, { headers: { "content-type": `${type}; charset=utf-8` } });
}, { port: Number(env["PORT"] ?? 8000) });

const tokens = createTokens([
  { name: "page", sha256, scopes: ["enqueue"], types: ["visit"], jobsPerSecond: 5 },
]);
const broker = createBroker({
  store: openSqlite("jobs.db"),
  auth: tokens.authenticate,
  allowedOrigins: [site.url],
});
const server = await serve(broker, { port: Number(env["BROKER_PORT"] ?? 7890) });
const worker = createWorker({
  client: createClient({ fetch: broker.localFetch }),
  handlers: [handle(visit, ({ path }) => console.log(`Somebody was at ${path}`))],
});
await worker.start();
console.log(`Listening on ${site.url}`);

stopOnSignals({
  async stop(options) {
    await worker.stop(options);
    await Promise.all([site.stop(options), server.stop(options), broker.stop(options)]);
  },
});
