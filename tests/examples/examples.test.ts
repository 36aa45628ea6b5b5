/** What each project of `examples/` does when somebody runs it. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import type { Readable } from "node:stream";
import { describe, it } from "node:test";
import {
  ask,
  bundle,
  folderOf,
  freePort,
  loadTool,
  programs,
  type Running,
  start,
} from "./run-example.ts";

const limit = { timeout: 100_000 };

/** Where a browser may be. */
const chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
  .find((path) => existsSync(path));

/** A page of an example that answers with the id of a job, of which the worker tells. */
async function assertWelcomes(running: Running, url: string): Promise<void> {
  try {
    const answer = await ask(`${url}/?name=Ada`);
    assert.equal(answer.status, 202);
    assert.match((await answer.json()).id, /^\w{25}$/);
    assert.equal(await running.line("Welcome"), "Welcome Ada");
  } finally {
    assert.equal(await running.stop(), 0);
  }
}

describe("an example", () => {
  it("is short, and has one command", () => {
    const names = readdirSync(folderOf(".")).filter((name) => !/\.|node_modules/.test(name));
    assert.equal(names.length, 6);
    for (const name of names) {
      const sources = readdirSync(folderOf(name)).filter((file) => file.endsWith(".ts"));
      const texts = sources.map((file) => readFileSync(`${folderOf(name)}/${file}`, "utf8"));
      assert.ok(texts.join("").split("\n").length <= 64, `${name} is long`);
      const readme = readFileSync(`${folderOf(name)}/README.md`, "utf8");
      assert.equal(readme.match(/^```sh$/gm)?.length, 1, `${name} has one command`);
    }
  });

  it("on Deno has the broker inside", { ...limit, skip: !programs.deno }, async () => {
    const port = await freePort();
    const running = start("deno-embedded", [
      programs.deno!,
      ...["run", "--allow-net", "--allow-read", "--allow-write", "--allow-env", "--quiet"],
      ...["--config", `${folderOf(".")}/deno.json`, "main.ts"],
    ], { PORT: port });
    await assertWelcomes(running, `http://127.0.0.1:${port}`);
  });

  it("with Hono serves an app and the broker", limit, async () => {
    const variables = { PORT: "0", MILLRACE_TOKEN: "t" };
    const running = start("hono", [programs.node, "main.ts"], variables);
    const url = (await running.line("Listening on ")).replace("Listening on ", "");
    assert.equal((await fetch(`${url}/jobs-api/version`)).status, 200);
    assert.equal((await fetch(`${url}/jobs-api/jobs`)).status, 401);
    await assertWelcomes(running, url);
  });

  it("on Node has TLS and tokens", limit, async () => {
    const { scripts } = JSON.parse(
      readFileSync(`${folderOf("node-tls-tokens")}/package.json`, "utf8"),
    );
    const cwd = folderOf("node-tls-tokens");
    execFileSync("sh", ["-c", scripts.certificate], { cwd, stdio: "ignore" });
    const running = start("node-tls-tokens", [programs.node, "main.ts"], { PORT: "0" });
    assert.equal(await running.line("Welcome"), "Welcome ada@example.com");
    const refusal = "The shop may not look: 'shop' lacks the scope 'read'";
    assert.equal(await running.line("The shop"), refusal);
    assert.equal(await running.code, 0);
  });

  it("enqueues from a Worker and works under Bun", { ...limit, skip: !programs.bun }, async () => {
    const running = start("worker-and-bun", [programs.bun!, "main.ts"], { PORT: "0" });
    const url = (await running.line("Listening on ")).replace("Listening on ", "");
    const { Miniflare } = loadTool("miniflare");
    const edge = new Miniflare({
      modules: true,
      script: await bundle("worker-and-bun", "edge.ts"),
      compatibilityDate: "2026-07-01",
      bindings: { MILLRACE_URL: url },
    });
    try {
      await assertWelcomes(running, (await edge.ready).origin);
    } finally {
      await edge.dispose();
    }
  });

  it("is inside Cloudflare alone", limit, async () => {
    const { Miniflare, Log, LogLevel } = loadTool("miniflare");
    let printed = "";
    const app = new Miniflare({
      modules: true,
      script: await bundle("cloudflare", "main.ts"),
      compatibilityDate: "2026-07-01",
      compatibilityFlags: ["nodejs_compat", "enable_request_signal"],
      durableObjects: { JOBS: { className: "Jobs", useSQLite: true } },
      log: new Log(LogLevel.NONE),
      handleRuntimeStdio: (stdout: Readable) =>
        void stdout.on("data", (text) => void (printed += text)),
    });
    try {
      const answer = await ask(`${(await app.ready).origin}/?name=Ada`);
      assert.equal(answer.status, 202);
      await (await app.getWorker()).scheduled();
    } finally {
      await app.dispose();
    }
    assert.match(printed, /Welcome Ada/);
  });

  const noBrowser = chromium === undefined && "there is no Chromium: apt-get install chromium";
  it("is a page in a browser", { ...limit, skip: noBrowser }, async () => {
    writeFileSync(`${folderOf("browser")}/page.js`, await bundle("browser", "page.ts"));
    const variables = { PORT: "0", BROKER_PORT: "0" };
    const running = start("browser", [programs.node, "main.ts"], variables);
    try {
      const url = (await running.line("Listening on ")).replace("Listening on ", "");
      const browser = start("browser", [
        chromium!,
        ...["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
        ...[`--user-data-dir=${folderOf("browser")}/profile`, "--virtual-time-budget=20000"],
        ...["--dump-dom", `${url}/`],
      ]);
      const line = await browser.line("<p>Your visit is");
      assert.match(line, /<output>job \w{25}<\/output>/);
      assert.equal(await running.line("Somebody"), "Somebody was at /");
      assert.equal(await browser.stop(), 0);
    } finally {
      assert.equal(await running.stop(), 0);
    }
  });
});
