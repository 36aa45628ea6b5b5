/** How it went over an hour, a day or a month, in a real browser. Runs as `dashboard.test.ts` does. */

import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import { createWorker } from "../../src/worker/mod.ts";
import { browser, findFaults, scene, visit } from "./stage.ts";

const hash = async () => String(await visit.evaluate("location.hash"));
const listTypes = () =>
  visit.evaluate(
    `[...document.querySelectorAll("[aria-label='Types of jobs'] tbody tr")]
      .map((row) => row.cells[0].innerText)`,
  );

describe("how it went", () => {
  before(async () => {
    const jobs = ["good", "good", "bad"].map((type) => ({
      type,
      queue: "kinds",
      payload: 1,
      retryLimit: 0,
    }));
    await scene.client.enqueueMany(jobs);
    const worker = createWorker({
      client: scene.client,
      queues: ["kinds"],
      logger: false,
      fallback: ({ type }) => {
        if (type === "bad") throw new Error("It is bad");
      },
    });
    await worker.runOnce();
  });

  it("is shown of all queues, over what stands in the address", async () => {
    await visit.open("");
    await visit.waitForText("3 runs succeeded, 1 retried, 14 died");
    await visit.waitForText("Runs a minute");
    await visit.click("button", "Month");
    await visit.waitForText("Runs in 6 h");
    assert.equal(await hash(), "#/?over=month");
    await visit.waitForText("In the last month");
    await visit.open("?over=day");
    await visit.waitForText("Runs in 15 min");
    assert.deepEqual(await findFaults(), []);
  });

  it("is told by keys, with the exact instant, and as a table", async () => {
    await visit.open("?over=month");
    await visit.waitForText("Runs in 6 h");
    const chart = `document.querySelector("[role=slider][aria-label='Runs in 6 h']")`;
    await visit.evaluate(`${chart}.focus()`);
    const value = async () =>
      await visit.evaluate(`[${chart}.ariaValueNow, ${chart}.ariaValueText]`) as [string, string];
    const [last, now] = await value();
    assert.equal(last, "119");
    assert.match(now, /: succeeded 3, retried 1, died 14$/);
    await visit.press("ArrowLeft");
    const [before, told] = await value();
    assert.equal(before, "118");
    assert.match(told, /\d{4}-\d\d-\d\dT\d\d:00:00Z\): succeeded 0, retried 0, died 0$/);
    assert.match(await visit.textOf(".instant:not(:empty)"), /T\d\d:00:00Z/);
    await visit.click("summary", "As a table");
    await visit.waitForCount("[aria-label='How it went'] tbody tr", 1);
    assert.deepEqual(await findFaults(), []);
  });

  it("is shown of a queue, and of its types: those that fail or are slow first", async () => {
    await visit.open("queues/kinds");
    await visit.waitForText("2 runs succeeded, 1 died");
    assert.deepEqual(await listTypes(), ["bad", "good"]);
    await visit.click("button", "Slowest");
    await visit.waitForCount("button[aria-pressed=true]", 2);
    assert.match(await hash(), /^#\/queues\/kinds\?.*order=slow/);
    assert.deepEqual(await listTypes(), ["good", "bad"]);
    await visit.click("button", "Day");
    await visit.waitForText("Runs in 15 min");
    assert.match(await hash(), /order=slow.*over=day|over=day.*order=slow/);
    assert.deepEqual(
      await visit.evaluate(
        `[...document.querySelectorAll("[aria-label='Types of jobs'] a")]
          .map((one) => one.getAttribute("href"))`,
      ),
      ["#/jobs?queue=kinds&type=good", "#/jobs?queue=kinds&type=bad"],
    );
    assert.deepEqual(await findFaults(), []);
  });

  it("shows how old the oldest ready job was, also where nothing happens", async () => {
    // A broker looks once a minute.
    const url = await scene.serveThrough(async (request, pass) => {
      const answer = await pass(request);
      if (new URL(request.url).pathname !== "/stats") return answer;
      const stats = await answer.json();
      for (const [at, point] of stats.points.entries()) {
        point.oldest_ms = at < 50 ? null : (at - 49) * 61_000;
      }
      return Response.json({ ...stats, total: { ...stats.total, oldest_ms: 10 * 61_000 } });
    });
    const burning = await browser.visit(url);
    await burning.open("queues/burning");
    await burning.waitForText(
      "Nothing happened in the last hour. At most, a job had been ready for 10 min 10 s.",
    );
    const chart = `document.querySelector("[role=slider][aria-label='Oldest ready job']")`;
    await burning.evaluate(`${chart}.focus()`);
    assert.match(
      String(await burning.evaluate(`${chart}.ariaValueText`)),
      /: ready for 10 min 10 s$/,
    );
    await burning.click("summary", "As a table");
    await burning.waitForCount("[aria-label='How it went'] tbody tr", 10);
    await burning.open("");
    await burning.waitForText("At most, a job had been ready for 10 min 10 s.");
    assert.deepEqual(burning.complaints(), []);
    await burning.close();
  });

  it("says so where nothing happened", async () => {
    await visit.open("queues/nothing");
    await visit.waitForText("Nothing happened in the last hour.");
    assert.equal(await visit.count("[aria-label='Types of jobs']"), 0);
  });

  it("is said not to be told by an older broker, and the rest stands", async () => {
    const url = await scene.serveThrough((request, pass) =>
      /^\/stats$|\/serving$/.test(new URL(request.url).pathname)
        ? Promise.resolve(Response.json({ error: "not found" }, { status: 404 }))
        : pass(request)
    );
    const { id } = await scene.client.enqueue({ type: "good", queue: "old", payload: 1 });
    const old = await browser.visit(url);
    for (const [place, text] of [["", "Jobs a second"], ["queues/old", "A day (UTC)"]] as const) {
      await old.open(place);
      await old.waitForText("The broker is older than this dashboard");
      await old.waitForText(text);
      assert.equal(await old.count("[aria-label='How far back']"), 0);
    }
    await old.open(`jobs/${id}`);
    await old.waitForText("no worker takes from this queue");
    assert.deepEqual(old.complaints(), []);
    await old.close();
    await scene.client.delete(id);
  });

  it("gave the browser nothing to complain of", () => {
    assert.deepEqual(visit.complaints(), []);
  });
});
