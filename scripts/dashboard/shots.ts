/**
 * Makes the pictures of docs/dashboard/, of a real broker in a real browser:
 *
 * ```sh
 * MILLRACE_TOOLS=.cache/tools MILLRACE_CHROMIUM=/usr/bin/chromium node scripts/dashboard/shots.ts
 * ```
 *
 * @module
 */

import { mkdirSync } from "node:fs";
import { openBrowser } from "../../tests/browser/open-browser.ts";
import { createScene } from "../../tests/browser/scene.ts";

const folder = new URL("../../docs/dashboard/", import.meta.url).pathname;
mkdirSync(folder, { recursive: true });
const scene = await createScene();
await scene.client.deleteMany({ queue: scene.hostile.queue });
const dead = (await scene.client.page({ status: "dead", queue: "crawl", limit: 1 })).jobs[0]!;
const places = {
  overview: "",
  queue: "queues/crawl",
  jobs: "jobs?status=dead",
  job: `jobs/${dead.id}`,
  failures: "failures",
  batches: "batches",
  requests: "requests",
  request: `requests/${scene.outbound.answered}`,
  workers: "workers",
  crons: "crons",
  budgets: "budgets/mail-api",
  tags: "tags",
  tracked: "tracked",
  settings: "settings",
};
const browser = await openBrowser();
const visit = await browser.visit(scene.url);
// Something happens meanwhile, so that the overview has something to draw.
for (let at = 0; at < 12; at++) {
  await scene.client.enqueueMany(
    Array.from({ length: 5 + at % 4 }, (_, n) => ({ type: "ping", queue: "mail", payload: n })),
  );
  await visit.evaluate("new Promise((resolve) => setTimeout(resolve, 700))");
}
for (const theme of ["light", "dark"]) {
  await visit.chooseTheme(theme);
  for (const [name, place] of Object.entries(places)) {
    await visit.open(place);
    if (name === "crons") await visit.click("button", "daily");
    if (name === "batches") await visit.click("button", "digest:later");
    await visit.evaluate("new Promise((resolve) => setTimeout(resolve, 300))");
    await visit.screenshot(`${folder}${name}-${theme}.png`);
  }
}
await browser.close();
await scene.close();
