/** What the dashboard says of numbers, of pages that are empty, and of long names. Runs as `dashboard.test.ts` does. */

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createWorker } from "../../src/worker/mod.ts";
import { type OpenBrowser, openBrowser, type Visit } from "./open-browser.ts";
import { createScene, type Scene } from "./scene.ts";

let browser: OpenBrowser;
let scene: Scene;
let visit: Visit;

before(async () => {
  scene = await createScene();
  browser = await openBrowser();
  visit = await browser.visit(scene.url);
});

after(async () => {
  await browser?.close();
  await scene?.close();
});

describe("what is told and shown", () => {
  it("has a singular, and the number that it came to", async () => {
    await scene.client.enqueue({ type: "one", queue: "single", payload: { n: 1 } });
    await visit.open("jobs?queue=single");
    await visit.waitForText("1 job");
    assert.equal(await visit.textOf("main > p.hint"), "1 job");
    await visit.click("input[aria-label^='Choose all']");
    await visit.click("button", "Delete 1");
    await visit.waitForText("Delete 1 job?");
    // Somebody else is quicker.
    await scene.client.deleteMany({ queue: "single" });
    await visit.click("dialog button", "Delete");
    await visit.waitForText("0 jobs deleted");
  });

  it("keeps what an address asks for: several statuses, and a path of jq with its question mark", async () => {
    await visit.open("jobs?status=dead,completed&filter=.n? != null");
    await visit.waitForText("12 jobs");
    const value = async (selector: string) =>
      await visit.evaluate(`document.querySelector(${JSON.stringify(selector)}).value`);
    assert.equal(await value("select[name=status]"), "dead,completed");
    assert.equal(await value("input[name=filter]"), ".n? != null");
    await visit.click("form button", "Search");
    await visit.waitForText("12 jobs");
    assert.match(String(await visit.evaluate("location.hash")), /status=dead%2Ccompleted/);
  });

  it("waits for no number where the question is wrong", async () => {
    await visit.open(`jobs?filter=${encodeURIComponent(".n [")}`);
    await visit.waitForText("expected a term");
    assert.equal(await visit.textOf("main > p.hint"), "");
  });

  it("says of a later page that it has nothing any more, and not that all is well", async () => {
    for (const place of ["failures?from=zzz", "batches?from=zzz", "jobs?queue=crawl&from=0"]) {
      await visit.open(place);
      await visit.waitForText("Nothing is left on this page");
      await visit.click("main .empty a");
      await visit.waitForCount("main .empty", 0);
    }
  });

  it("cuts long names of failures and tags at the edge of the screen", async () => {
    const name = "A".repeat(200);
    const { id } = await scene.client.enqueue({
      type: "long",
      queue: "long",
      payload: 1,
      retryLimit: 0,
      tags: [name.slice(0, 100)],
    });
    const worker = createWorker({
      client: scene.client,
      queues: ["long"],
      logger: false,
      fallback: () => {
        throw Object.assign(new Error("long"), { name });
      },
    });
    await worker.runOnce();
    for (const place of ["", `jobs/${id}`]) {
      await visit.open(place);
      await visit.waitForText("AAAA");
      for (const width of [320, 1280]) {
        await visit.resize(width);
        assert.deepEqual(await visit.findTooWide(), [], `#/${place} at ${width}`);
      }
    }
    await scene.client.delete(id);
  });
});
