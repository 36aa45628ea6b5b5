/** A real broker with jobs of all kinds, and dashboards on it. */

import { openSqlite, serve } from "../../adapters/node/mod.ts";
import { createBroker, createTokens, digestOfToken } from "../../src/broker/mod.ts";
import {
  type BudgetsClient,
  type Client,
  createBudgets,
  createClient,
  createCrons,
  createQueues,
  type CronsClient,
  type QueuesClient,
} from "../../src/client/mod.ts";
import { createDashboard } from "../../src/dashboard/mod.ts";
import { createWorker } from "../../src/worker/mod.ts";
import { enqueueBatches, enqueueRequests, type Outbound } from "./outbound.ts";

/** What the tests look at and change. */
export interface Scene {
  /** Where the dashboard is, with a slash at its end. */
  readonly url: string;
  readonly client: Client;
  readonly queues: QueuesClient;
  readonly crons: CronsClient;
  readonly budgets: BudgetsClient;
  /** A job whose every text wants to be more than a text. */
  readonly hostile: { readonly id: string; readonly queue: string; readonly type: string };
  /** Requests of outbound HTTP in several states. */
  readonly outbound: Outbound;
  /** A token that may look. */
  readonly viewerToken: string;
  /** A token that may change jobs of the queue `mail`. */
  readonly mailToken: string;
  /** Serves a broker that asks for tokens; gives where its dashboard is. */
  serveWithTokens(): Promise<string>;
  /** Serves a dashboard that cannot find out who somebody is, the first time. */
  serveForgetfully(): Promise<string>;
  /** Serves a dashboard whose calls to the broker go through a function. */
  serveThrough(fetch: (request: Request, pass: Pass) => Promise<Response>): Promise<string>;
  /** Serves a dashboard whose events are refused once, and whose counts of jobs can be held. */
  serveSlowly(): Promise<SlowDashboard>;
  /** Stores so many queues with so many jobs each. */
  fill(queues: number, jobs: number): Promise<void>;
  close(): Promise<void>;
}

/** Asks the broker. */
export type Pass = (request: Request) => Promise<Response>;

/** A dashboard whose broker is slow to count jobs. */
export interface SlowDashboard {
  readonly url: string;
  /** Holds counts of jobs from now on. */
  hold(): void;
  /** Lets all go that are held, and those that come. */
  letGo(): void;
  /** How many are held. */
  held(): number;
}

/** Creates it. */
export async function createScene(): Promise<Scene> {
  const closing: (() => Promise<unknown>)[] = [];
  const broker = createBroker({ store: openSqlite(":memory:"), logger: false, history: "all" });
  closing.push(() => broker.close());
  const client = createClient({ fetch: broker.fetch });
  const [queues, crons, budgets] = [createQueues, createCrons, createBudgets].map((create) =>
    create({ fetch: broker.fetch })
  ) as [QueuesClient, CronsClient, BudgetsClient];
  const listen = async (fetch: (request: Request) => Promise<Response>, basePath: string) => {
    const server = await serve(fetch, { port: 0, logger: false });
    closing.push(() => server.stop({ timeoutMs: 0 }));
    return `${server.url.replace(/\/$/, "")}${basePath}`;
  };

  const numbers = (count: number) => Array.from({ length: count }, (_, n) => ({ n }));
  const mail = { type: "mail.send", queue: "mail" };
  await client.enqueueMany(numbers(20).map((payload) => ({ ...mail, payload })));
  const crawl = { type: "crawl.page", queue: "crawl", retryLimit: 0, tags: ["web"] };
  await client.enqueueMany(numbers(12).map((payload) => ({ ...crawl, payload })));
  const worker = createWorker({
    client,
    queues: ["crawl"],
    workerId: "alpha",
    logger: false,
    fallback: () => {
      throw new RangeError("The server said no");
    },
  });
  await worker.runOnce();
  await crons.put("reports", {
    timezone: "Europe/Berlin",
    entries: [{
      name: "daily",
      expression: "0 4 * * *",
      job: { type: "report", queue: "reports", payload: null },
    }],
  });
  const strategy = { type: "time_based", durationMs: 1000 } as const;
  await budgets.put("mail-api", { allocation: 10, strategy });
  await client.enqueue({
    type: "call",
    queue: "calls",
    payload: 1,
    budgets: [{ key: "mail-api", cost: 1 }],
  });

  const outbound = await enqueueRequests(client);
  await enqueueBatches(client);

  const hostile = { queue: "<b>bold</b>", type: "<script>alert(1)</script>" };
  const { id } = await client.enqueue({
    ...hostile,
    payload: {
      html: "<img src=x onerror=alert(1)>",
      bidi: "\u202eevil",
      long: "x".repeat(2_000_000),
    },
    tags: ["\u202etag", "<i>"],
  });

  await client.enqueue({ ...hostile, payload: { html: "<img src=y onerror=alert(1)>" } });

  const dashboard = createDashboard({
    fetch: broker.fetch,
    access: "anyone",
    basePath: "/admin/jobs/",
  });
  const viewerToken = "mr_viewer_of_the_tests";
  const mailToken = "mr_mail_of_the_tests";

  return {
    url: await listen(dashboard.fetch, "/admin/jobs/"),
    client,
    queues,
    crons,
    budgets,
    hostile: { ...hostile, id },
    outbound,
    viewerToken,
    mailToken,
    async serveWithTokens() {
      const tokens = createTokens([
        { name: "viewer", sha256: await digestOfToken(viewerToken), scopes: ["read"] },
        {
          name: "mailer",
          sha256: await digestOfToken(mailToken),
          scopes: ["read", "manage"],
          queues: ["mail", "mail.*"],
        },
      ]);
      const guarded = createBroker({
        store: openSqlite(":memory:"),
        logger: false,
        auth: tokens.authenticate,
      });
      closing.push(() => guarded.close());
      return await listen(
        createDashboard({ fetch: guarded.fetch, access: "tokens", logger: false }).fetch,
        "/",
      );
    },
    async serveForgetfully() {
      let isAsked = false;
      const forgetful = createDashboard({
        fetch: broker.fetch,
        logger: false,
        access() {
          if (isAsked) return "read";
          isAsked = true;
          throw new Error("The sessions cannot be read");
        },
      });
      return await listen(forgetful.fetch, "/");
    },
    async serveThrough(fetch) {
      const through = createDashboard({
        access: "anyone",
        logger: false,
        fetch: (request) => fetch(request, broker.fetch),
      });
      return await listen(through.fetch, "/");
    },
    async serveSlowly() {
      let isRefused = false;
      let isHolding = false;
      let held: (() => void)[] = [];
      const slow = createDashboard({
        access: "anyone",
        async fetch(request) {
          const { pathname, searchParams } = new URL(request.url);
          if (pathname === "/events" && !isRefused) {
            isRefused = true;
            return Response.json({ error: "starting" }, { status: 503 });
          }
          if (pathname === "/jobs/count" && searchParams.has("queue") && isHolding) {
            await new Promise<void>((resolve) => held.push(resolve));
          }
          return await broker.fetch(request);
        },
      });
      return {
        url: await listen(slow.fetch, "/"),
        hold: () => isHolding = true,
        letGo() {
          isHolding = false;
          for (const go of held) go();
          held = [];
        },
        held: () => held.length,
      };
    },
    async fill(queueCount, jobs) {
      for (let at = 0; at < queueCount; at++) {
        const queue = `many-${at}`;
        await client.enqueueMany(numbers(jobs).map((payload) => ({ type: "a", queue, payload })));
      }
    },
    async close() {
      for (const close of closing.reverse()) await close();
    },
  };
}
