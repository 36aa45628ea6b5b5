import { readFileSync } from "node:fs";
import { env } from "node:process";
import { createBroker, createTokens, digestOfToken } from "millrace/broker";
import { createClient, defineJob } from "millrace/client";
import { createFetch, openSqlite, serve } from "millrace/node";
import { createWorker, handle } from "millrace/worker";

// The broker.
const cert = readFileSync("cert.pem", "utf8");
const key = readFileSync("key.pem", "utf8");
const newToken = () => `mr_${crypto.randomUUID()}`;
const [shopToken, mailerToken] = [newToken(), newToken()];
const tokens = createTokens([
  {
    name: "shop",
    sha256: await digestOfToken(shopToken),
    scopes: ["enqueue"],
    types: ["mail.*"],
    jobsPerSecond: 50,
  },
  { name: "mailer", sha256: await digestOfToken(mailerToken), scopes: ["work"], queues: ["mail"] },
]);
const broker = createBroker({ store: openSqlite("jobs.db"), auth: tokens.authenticate });
const server = await serve(broker, { port: Number(env["PORT"] ?? 7890), tls: { cert, key } });
const url = server.url.replace("127.0.0.1", "localhost");

// The shop. A certificate that is signed by itself is its own authority.
const welcome = defineJob<{ to: string }>({ type: "mail.welcome", queue: "mail" });
const fetch = createFetch({ ca: cert });
const shop = createClient({ url, token: shopToken, fetch });
await shop.enqueue(welcome, { to: "ada@example.com" });
await shop.count().catch((error) => console.log(`The shop may not look: ${error.message}`));

// The mailer.
const worker = createWorker({
  client: createClient({ url, token: mailerToken, fetch }),
  queues: ["mail"],
  handlers: [handle(welcome, ({ to }) => console.log(`Welcome ${to}`))],
});
worker.on("succeeded", () => void worker.stop());
await worker.run();

await fetch.close();
await Promise.all([server.stop(), broker.stop()]);
