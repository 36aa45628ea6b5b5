/** What the dashboard says of numbers, empty pages, long names, and what waits for what. Runs as `dashboard.test.ts` does. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createWorker } from "../../src/worker/mod.ts";
import { findFaults, scene, until, visit } from "./stage.ts";

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

  it("shows what workers serve, makes one quiet, and stops one that understands it", async () => {
    const types = ["first", "second", "third", "fourth", "fifth"];
    const about = new URLSearchParams([["stop", "1"], ...types.map((type) => ["type", type])]);
    const run = { id: "run-of-ours", withinMs: 60_000, about: about.toString() };
    const foreign = await scene.client.take({ queues: ["steered"], workerId: "theirs" });
    const ours = await scene.client.take({ queues: ["steered", "b"], workerId: "ours", run });
    try {
      const told: string[] = [];
      void (async () => {
        for await (const frame of ours.frames()) {
          if (frame.kind === "control") told.push(frame.name);
        }
      })().catch(() => {});
      await visit.open("workers");
      await visit.waitForText("b, steered · fifth, first, fourth and 2 more");
      await visit.waitForText("steered · does not say which types");
      await visit.waitForText("Cannot be stopped");
      await visit.click("button", "Make quiet", "theirs");
      await visit.waitForText("Make 'theirs' quiet?");
      await visit.click("dialog button", "Make quiet");
      await visit.waitForText("'theirs' gets no more jobs");
      const { id } = await scene.client.enqueue({ type: "a", queue: "steered", payload: 1 });
      await ours.tell({ taking: false, holds: [] });
      await visit.open(`jobs/${id}`);
      assert.equal((await scene.client.get(id)).status, "ready");
      await visit.waitForText("2 workers read steered, and take no jobs now");
      await visit.open("workers");
      await visit.click("button", "Resume", "theirs");
      await visit.waitForText("'theirs' gets jobs again");
      await until(async () => (await scene.client.get(id)).status === "in_flight");
      await visit.click("button", "Stop", "ours");
      await visit.waitForText("Stop 'ours'?");
      await visit.click("dialog button", "Stop");
      await visit.waitForText("'ours' was told to stop");
      await until(() => Promise.resolve(told.join() === "stop"));
      await scene.client.delete(id);
    } finally {
      await foreign.close();
      await ours.close();
    }
  });

  it("cuts names of what workers serve that are long, and hides nothing in them", async () => {
    const queues = [`long-${"x".repeat(900)}`, "\u202eevil<b>"];
    const stream = await scene.client.take({ queues, workerId: "long" });
    try {
      await visit.open("workers");
      await visit.waitForText("\\u202eevil<b>");
      const [title, most] = await visit.evaluate(`{
        const names = [...document.querySelectorAll(".names")].find((one) => one.title.includes("evil"));
        [names.title, Math.max(...[...names.children].map((one) => one.offsetHeight))];
      }`) as [string, number];
      assert.ok(!title.includes("\u202e") && title.includes("x".repeat(900)));
      assert.ok(most < 40, `A name is ${most} px high`);
    } finally {
      await stream.close();
    }
  });

  it("says of a job that no worker serves its queue, or runs its type", async () => {
    const { id } = await scene.client.enqueue({ type: "lonely", queue: "unserved", payload: 1 });
    await visit.open(`jobs/${id}`);
    await visit.waitForText("No worker for its queue: no stream reads unserved");
    const run = { id: "run-of-others", withinMs: 60_000, about: "type=other" };
    // The stream gets another one, and no room for this one.
    await scene.client.enqueue({ type: "first", queue: "unserved", payload: 1, priority: 0 });
    const stream = await scene.client.take({ queues: ["unserved"], prefetch: 1, run });
    try {
      await visit.open("jobs");
      await visit.open(`jobs/${id}`);
      await visit.waitForText(
        "No worker for its type: the worker that reads unserved does not run lonely.",
      );
    } finally {
      await stream.close();
      await scene.client.deleteMany({ queue: "unserved" });
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

describe("what is searched for", () => {
  it("is offered by its names: queues, types, tags, failures and places of payloads", async () => {
    await visit.open("jobs?queue=crawl");
    const offers = {
      queue: "mail",
      // None of the page is of it.
      type: "call",
      tag: "web",
      failure_group: "RangeError",
      filter: ".n",
    };
    for (const [field, name] of Object.entries(offers)) {
      await visit.waitUntil(
        `[...document.querySelector("main [name=${field}]").list.options].some(({ value }) => value === "${name}")`,
      );
    }
    await visit.open("crons");
    await visit.click("button", "New group");
    await visit.waitUntil(
      `document.querySelector("main [name=type]").list.options.length > 1 && document.querySelector("main [name=queue]").list.options.length > 1`,
    );
  });
});

describe("what a job waits for", () => {
  it("is another one, and no more", async () => {
    const first = await scene.client.enqueue({ type: "a", queue: "graph", payload: 1 });
    const other = await scene.client.enqueue({ type: "b", queue: "graph", payload: 1 });
    const { id } = await scene.client.enqueue({
      type: "c",
      queue: "graph",
      payload: 1,
      dependsOn: [first.id],
    });
    await visit.open(`jobs/${id}`);
    await visit.fill("input[name=other]", other.id);
    await visit.press("Enter");
    await visit.waitForText(`It waits for '${other.id}' too`);
    assert.deepEqual((await scene.client.get(id)).dependsOn, [first.id, other.id]);
    await visit.click(`button[aria-label='Stop waiting for ${first.id}']`);
    await visit.click("dialog button", "Stop waiting");
    await visit.waitForText("It waits for that no more");
    assert.deepEqual((await scene.client.get(id)).dependsOn, [other.id]);
  });

  it("is drawn with what waits for it, also by way of others, as a graph and as a list", async () => {
    const queue = "graph-of-all";
    const wait = (...items: number[]) => ({ dependsOn: items.map((item) => ({ item })) });
    const jobs = await scene.client.enqueueMany([
      { type: "fetch", queue, payload: 1 },
      { type: "parse", queue, payload: 1, ...wait(0) },
      { type: "<b>\u202estore", queue, payload: 1, ...wait(1) },
      { type: "tell", queue, payload: 1, ...wait(2) },
      { type: "tidy", queue, payload: 1, ...wait(2, 3) },
    ]);
    const [fetch, parse, store, tell, tidy] = jobs.map(({ id }) => id);
    await visit.open(`jobs/${store}`);
    await visit.waitForCount(".graph .node", 5);
    assert.deepEqual(
      await visit.evaluate(
        `[...document.querySelectorAll(".graph .node")].map((one) =>
          [one.getAttribute("href").slice(7), one.querySelector(".state").textContent])`,
      ),
      [[fetch, "ready"], [parse, "blocked"], [store, "blocked"], [tell, "blocked"], [
        tidy,
        "blocked",
      ]],
    );
    const heads = await visit.evaluate(
      `[...document.querySelectorAll("main h2, .facts dt")].map((one) => one.textContent)`,
    ) as string[];
    assert.ok(heads.indexOf("Dependencies") < heads.indexOf("Payload"));
    assert.ok(!heads.includes("Ready"), "it is not ready, and was not");
    assert.equal(await visit.textOf(".node[aria-current] text"), "<b>\\u202estore");
    await visit.click(".as-list summary");
    await visit.waitForText("It waits for these, by 2 steps");
    assert.equal(await visit.count(".as-list li"), 4);
    for (const width of [320, 1280]) {
      await visit.resize(width);
      assert.deepEqual([...await visit.findTooWide(), ...await findFaults()], [], `at ${width}`);
    }
    // It is one stop for the tab key; from there, arrows go along the lines.
    assert.equal(await visit.count(".node[tabindex='0']"), 1);
    await visit.evaluate(`document.querySelector(".node[aria-current]").focus()`);
    for (const key of ["ArrowLeft", "ArrowLeft", "ArrowRight"]) await visit.press(key);
    assert.equal(
      await visit.evaluate("document.activeElement.getAttribute('href')"),
      `#/jobs/${parse}`,
    );
    // What has succeeded is gone from it, without being asked for.
    for await (const job of await scene.client.take({ queues: [queue], workerId: "graph" })) {
      await scene.client.success(job.id);
      break;
    }
    await visit.waitForCount(".graph .node", 4);
    await visit.waitForCount(".node.ready", 1);
    await visit.press("Enter");
    await visit.waitForText("It waits for nothing, and 1 job waits for it");
    assert.equal(await visit.evaluate("location.hash"), `#/jobs/${parse}`);
  });
});
