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

  it("takes from a worker what it has not finished since it was asked", async () => {
    const jobs = [1, 2, 3].map((payload) => ({ type: "a", queue: "busy", payload }));
    const ids = (await scene.client.enqueueMany(jobs)).map(({ id }) => id);
    const stream = await scene.client.take({ queues: ["busy"], workerId: "busy", prefetch: 3 });
    let taken = 0;
    for await (const _ of stream) {
      if (++taken < 3) continue;
      await visit.open("workers/busy");
      await visit.click("button", "Take 3 from it");
      await visit.waitForText("Take 3 jobs away?");
      await scene.client.success(ids[0]!);
      await visit.click("dialog button", "Take");
      await visit.waitForText("2 jobs were taken from 'busy'");
      break;
    }
  });

  it("says of a job that is no request that it is none", async () => {
    const { id } = await scene.client.enqueue({ type: "a", queue: "plain", payload: 1 });
    await visit.open(`requests/${id}`);
    await visit.waitForText("This is no request");
    assert.equal(await visit.count(`main a[href='#/jobs/${id}']`), 1);
  });

  it("tells how many jobs of a queue are gone", async () => {
    const jobs = [1, 2].map((payload) => ({ type: "a", queue: "emptied", payload }));
    const [first] = await scene.client.enqueueMany(jobs);
    await visit.open("queues/emptied");
    await visit.click("button", "Empty");
    await visit.waitForText("Delete 2 jobs of 'emptied'?");
    await scene.client.delete(first!.id);
    await visit.click("dialog button", "Delete");
    await visit.waitForText("1 job of 'emptied' deleted");
  });

  it("leaves a table as wide as it was when a row is opened", async () => {
    await visit.open("batches");
    await visit.click("button", "digest:later");
    await visit.waitForText('"cy"');
    const widths =
      "[...document.querySelectorAll('.scroll')].map((one) => one.scrollWidth - one.clientWidth)";
    assert.deepEqual(await visit.evaluate(widths), [0]);
  });

  it("lists what most jobs died of first", async () => {
    await scene.client.enqueue({ type: "a", queue: "first", payload: 1, retryLimit: 0 });
    const worker = createWorker({
      client: scene.client,
      queues: ["first"],
      logger: false,
      fallback: () => {
        throw Object.assign(new Error("rare"), { name: "AardvarkError" });
      },
    });
    await worker.runOnce();
    await visit.open("failures");
    await visit.waitForText("AardvarkError");
    const counts = await visit.evaluate(
      "[...document.querySelectorAll('td.number')].map((one) => Number(one.textContent))",
    );
    assert.deepEqual(counts, [12, 1, 1]);
    assert.match(await visit.textOf("tbody tr"), /^RangeError/);
  });
});
