// A worker for a container: it can be asked how it is, and ends well.
import { createClient, defineJob } from "millrace/client";
import { serve, stopOnSignals } from "millrace/node";
import { createWorker, handle } from "millrace/worker";

const { MILLRACE_URL, MILLRACE_TOKEN, HEALTH_PORT = "8080", STOP_SECONDS = "50" } = process.env;

const greet = defineJob({ type: "greet", queue: "default" });
const worker = createWorker({
  client: createClient({ url: MILLRACE_URL, token: MILLRACE_TOKEN }),
  concurrency: 25,
  handlers: [handle(greet, (payload, { log }) => log.info("Hello", { payload }))],
});

// `/live` is for who would restart it: a broker that is away is no reason to. `/health` is for who watches.
const health = await serve(({ url }) => {
  if (new URL(url).pathname === "/live") return new Response("ok");
  const state = worker.health();
  return Response.json(state, { status: state.healthy ? 200 : 503 });
}, { host: "0.0.0.0", port: Number(HEALTH_PORT) });

stopOnSignals({
  async stop() {
    await worker.stop({ timeoutMs: Number(STOP_SECONDS) * 1000 });
    await health.stop({ timeoutMs: 0 });
  },
});
await worker.run();
