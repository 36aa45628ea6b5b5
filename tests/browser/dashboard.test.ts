/**
 * The dashboard in a real browser, on a real broker: what an operator does, and what hostile jobs may not do.
 *
 * Runs on Node alone, in a stage of its own: `MILLRACE_TOOLS` is the folder with puppeteer-core and axe-core,
 * `MILLRACE_CHROMIUM` the browser.
 */

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { describe, it } from "node:test";
import { browser, scene, until, visit } from "./stage.ts";

const places = [
  "",
  "jobs",
  "jobs?status=dead",
  "failures",
  "workers",
  "crons",
  "budgets",
  "budgets/mail-api",
  "batches",
  "requests",
  "requests?by=origin",
  "requests?state=letters",
  "requests?state=retrying",
  "requests/nobody",
  "tags",
  "tracked",
  "settings",
  "queues/mail",
  "queues/crawl?over=month&order=slow",
  "nowhere",
];

describe("each page", () => {
  for (const theme of ["light", "dark"]) {
    it(`has no fault for who cannot see or use a mouse, in the ${theme} theme`, async () => {
      await visit.chooseTheme(theme);
      for (const place of places) {
        await visit.open(place);
        assert.deepEqual(await visit.findFaults(), [], `#/${place}`);
      }
    });
  }

  it("fits a screen of 320 px, and one of 4k", async () => {
    for (const width of [320, 3840]) {
      await visit.resize(width);
      for (const place of places) {
        await visit.open(place);
        assert.deepEqual(await visit.findTooWide(), [], `#/${place} at ${width}`);
      }
    }
    await visit.resize(1280);
  });

  it("shows names and payloads of others as text, with nothing hidden", async () => {
    await visit.open("jobs?queue=" + encodeURIComponent(scene.hostile.queue));
    await visit.waitForText("2 MB");
    await visit.waitForText("<img src=y onerror=alert(1)>");
    await visit.waitForText(scene.hostile.type);
    await visit.open(`jobs/${scene.hostile.id}`);
    await visit.click("button", "Load it");
    await visit.waitForText("\\u202eevil");
    await visit.waitForText("more characters");
    assert.equal(await visit.count("img, iframe, main script"), 0);
  });
});

describe("what an operator does", () => {
  it("pauses a queue, and takes that back", async () => {
    await visit.open("");
    await visit.click("button", "Pause", "mail");
    await visit.waitForText("Queue 'mail' is paused");
    assert.equal((await scene.queues.settings("mail")).paused, true);
    await visit.click("button", "Undo", "Queue 'mail' is paused");
    await until(async () => !(await scene.queues.settings("mail")).paused);
  });

  it("finds dead jobs by jq, chooses some and retries them, after a question with their number", async () => {
    await visit.open("jobs?status=dead&queue=crawl&filter=" + encodeURIComponent(".n < 3"));
    await visit.waitForText("3 jobs");
    await visit.click("input[aria-label^='Choose all']");
    await visit.click("button", "Retry 3");
    await visit.waitForText("Retry 3 jobs?");
    await visit.click("dialog button", "Cancel");
    assert.equal(await scene.client.count({ queue: "crawl", status: "dead" }), 12);
    await visit.click("button", "Retry 3");
    await visit.click("dialog button", "Retry");
    await visit.waitForText("3 of 3 again");
    assert.equal(await scene.client.count({ queue: "crawl", status: "dead" }), 9);
  });

  it("is told what is wrong with a jq program, and where", async () => {
    await visit.open("jobs?filter=" + encodeURIComponent(".a | ("));
    await visit.waitForText("filter");
    assert.match(await visit.textOf("[role=alert]"), /filter/);
  });

  it("retries a group of failures, and deletes one", async () => {
    await visit.open("failures");
    await visit.waitForText("Retry all 10"); // Not 13 any more, as before the test above.
    await visit.click("button", "Delete", "RangeError");
    await visit.waitForText("Delete 9 jobs?");
    await visit.click("dialog button", "Delete");
    await visit.waitForText("9 jobs deleted");
    assert.equal(await scene.client.count({ status: "dead", queue: "crawl" }), 0);
    await until(async () => await visit.count("main tbody tr") === 1);
  });

  it("looks at a job, moves it, tags it, tracks it and cancels it", async () => {
    const { id } = await scene.client.enqueue({
      type: "page",
      queue: "slow",
      payload: { word: "hello" },
      delayMs: 3_600_000,
    });
    await visit.open(`jobs/${id}`);
    await visit.waitForText('"word": "hello"');
    await visit.waitForText("Why it does not run");
    await visit.click("button", "Change");
    await visit.fill("main input[name=queue]", "slower");
    await visit.click("button", "Set");
    await visit.waitForText("Changed");
    assert.equal((await scene.client.get(id)).queue, "slower");
    await visit.fill("main input[name=tag]", "red");
    await visit.press("Enter");
    await visit.waitForText("Tagged 'red'");
    await visit.click("button", "Track");
    await visit.waitForText("Tracked");
    assert.deepEqual((await scene.client.get(id)).tags, ["red"]);
    await visit.click("button", "Cancel");
    await visit.waitForText("Cancel this job?");
    await visit.click("dialog button", "Cancel the job");
    await visit.waitForText("The job is cancelled");
    assert.equal((await scene.client.get(id)).status, "dead");
    await visit.open("tracked");
    await visit.waitForText(id);
  });

  it("changes when an entry comes round, sees its next times and runs it now", async () => {
    await visit.open("crons");
    await visit.click("button", "daily");
    await visit.waitForText("Next times (Europe/Berlin)");
    await visit.waitForCount(".times li", 10);
    await visit.fill("main input[name=expression]", "0 5 * * *");
    await visit.click("form button", "Change");
    await visit.waitForText("Changed");
    const group = await scene.crons.get("reports");
    assert.equal(group.entries[0]!.expression, "0 5 * * *");
    await visit.click("button", "Run now", "daily");
    await visit.waitForText("Enqueued");
    assert.equal(await scene.client.count({ queue: "reports" }), 1);
  });

  it("sets a budget, a limit and a setting, and takes each back", async () => {
    await visit.open("budgets");
    await visit.fill("input[aria-label='Tokens of mail-api']", "20");
    await visit.press("Enter");
    await visit.waitForText("'mail-api' allows 20");
    assert.equal((await scene.budgets.get("mail-api")).allocation, 20);
    await visit.open("queues/mail");
    await visit.fill("main input[name=max_in_flight]", "7");
    await visit.press("Enter");
    await visit.waitForText("At most 7 in flight");
    assert.equal((await scene.queues.settings("mail")).maxInFlight, 7);
    await visit.click("button", "Undo", "At most 7 in flight");
    await until(async () => (await scene.queues.settings("mail")).maxInFlight === undefined);
    await visit.open("settings");
    await visit.fill("input[aria-label='New value of lease_ms']", "90000");
    await visit.press("Enter");
    await visit.waitForText("'lease_ms' is 90000");
  });

  it("does all of it with the keyboard", async () => {
    const fresh = await browser.visit(scene.url);
    await fresh.press("Tab");
    assert.equal(await fresh.textOf(":focus"), "To the content");
    const seen = new Set<string>();
    for (let at = 0; at < 60; at++) {
      await fresh.press("Tab");
      seen.add(await fresh.textOf(":focus"));
    }
    await fresh.close();
    for (const name of ["Jobs", "Failures", "Settings", "Pause", "mail"]) {
      assert.ok([...seen].some((text) => text.startsWith(name)), name);
    }
  });

  it("hears events again after they were refused, and asks a slow broker once at a time", async () => {
    const slow = await scene.serveSlowly();
    const other = await browser.visit(`${slow.url}#/jobs?queue=slowly`);
    await other.waitForText("Every 5 s");
    await other.waitForText("Live");
    await other.waitForText("0 jobs");
    slow.hold();
    for (let at = 0; at < 3; at++) {
      await scene.client.enqueue({ type: "a", queue: "slowly", payload: 1 });
      // The page gathers the events of a second.
      await other.evaluate("new Promise((resolve) => setTimeout(resolve, 1200))");
    }
    assert.equal(slow.held(), 1);
    slow.letGo();
    await other.waitForText("3 jobs");
    // What took so long is not asked again at once, whatever happens.
    slow.hold();
    await scene.client.enqueue({ type: "a", queue: "slowly", payload: 1 });
    await other.waitForCount("main tbody tr", 4);
    assert.equal(slow.held(), 0);
    slow.letGo();
    await other.close();
  });

  it("chooses anew in another list", async () => {
    await visit.open("jobs?queue=mail");
    await visit.click("input[aria-label^='Choose all']");
    await visit.click("label", "all that fit");
    await visit.waitForText("Delete 20");
    await visit.open("jobs?queue=calls");
    await visit.waitForText("1 job");
    assert.match(await visit.textOf("button.danger"), /^Delete\s*$/);
  });

  it("takes jobs from a worker after a question with their number", async () => {
    const stream = await scene.client.take({ queues: ["held"], workerId: "beta" });
    await scene.client.enqueue({ type: "a", queue: "held", payload: 1 });
    for await (const _ of stream) {
      await visit.open("workers/beta");
      await visit.waitForText("Take 1 from it");
      assert.equal(await visit.count("h3"), 2);
      assert.doesNotMatch(String(await visit.evaluate("document.body.innerText")), /#Stalled/);
      await visit.click("button", "Take 1 from it");
      await visit.waitForText("Take 1 job away?");
      await visit.click("dialog button", "Take");
      await visit.waitForText("1 job was taken from 'beta'");
      break;
    }
  });

  it("is told of hostile groups without what they hide", async () => {
    const { id } = await scene.client.enqueue({ type: "a", queue: "groups", payload: 1 });
    for await (const job of await scene.client.take({ queues: ["groups"] })) {
      await scene.client.failure(job, {
        message: "no",
        failureGroup: "\u202etxt.\u00adexe",
        kill: true,
      });
      break;
    }
    await visit.open("failures");
    await visit.click("button", "Delete", "\\u202etxt.\\u00adexe");
    await visit.waitForText("All that died of '\\u202etxt.\\u00adexe' are gone");
    await visit.click("dialog button", "Cancel");
    await scene.client.delete(id);
  });

  it("sees what happens as it happens", async () => {
    await visit.open("queues/live");
    await scene.client.enqueue({ type: "a", queue: "live", payload: 1 });
    await visit.waitForText("ready1");
  });
});

describe("a broker with 1,000 queues and 100,000 jobs", () => {
  it("is looked at in parts, of which no page has more than some thousand elements", async () => {
    await scene.fill(1000, 100);
    for (const [place, text] of [["", "many-1"], ["jobs", "100,0"], ["queues/many-500", "100"]]) {
      await visit.open(place!);
      await visit.waitForText(text!);
      assert.ok(await visit.count("*") < 5000, place);
    }
    // What is worst stands first, wherever it is by its name.
    await scene.client.enqueue({ type: "a", queue: "zz-last", payload: 1, delayMs: 3_600_000 });
    await scene.client.enqueueMany(
      Array.from({ length: 120 }, () => ({ type: "a", queue: "zz-last", payload: 1 })),
    );
    await visit.open("");
    await visit.click("th a", "Ready");
    await visit.waitUntil(
      "document.querySelector('main tbody tr')?.textContent.startsWith('zz-last') === true",
    );
    assert.equal(await visit.textOf("th[aria-sort=descending]"), "Ready");
    await visit.waitForText("The first 200 of 1,0");
    assert.equal(await visit.count("main tbody tr"), 200);
    assert.deepEqual(await visit.findFaults(), []);
    // The page lists the first 200 of the queues, and counts the jobs of all.
    const ready = await scene.client.count({ status: "ready" });
    await visit.open("");
    await visit.waitUntil(
      `document.querySelector(".tile.ready dd").title.replace(/\\D/g, "") === "${ready}"`,
    );
  });
});

describe("the whole visit", () => {
  it("asked no other host, and gave the browser nothing to complain of", () => {
    assert.deepEqual(visit.complaints(), []);
    assert.deepEqual([...visit.hosts()], [new URL(scene.url).host]);
  });
});

describe("a dashboard that cannot find out who looks", () => {
  it("says so, and asks again", async () => {
    const guest = await browser.visit(await scene.serveForgetfully());
    await guest.waitForText("could not find out who you are");
    await guest.waitForText("Overview");
    await guest.close();
  });
});

describe("a dashboard with tokens", () => {
  it("asks for one, says when it is wrong, and forgets it", async () => {
    const url = await scene.serveWithTokens();
    const guest = await browser.visit(url);
    await guest.waitForText("Token of the broker");
    await guest.fill("input[name=token]", "wrong");
    await guest.press("Enter");
    await guest.waitForText("does not know this token");
    await guest.fill("input[name=token]", scene.viewerToken);
    await guest.press("Enter");
    await guest.waitForText("Overview");
    await guest.click("button", "Sign out");
    await guest.waitForText("Token of the broker");
    await guest.close();
  });

  it("leads on whose token is for some queues, and offers nothing that would be refused", async () => {
    const guest = await browser.visit(await scene.serveWithTokens());
    await guest.fill("input[name=token]", scene.mailToken);
    await guest.press("Enter");
    await guest.waitForText("Your token is for some queues");
    for (const place of ["failures", "crons", "budgets"]) {
      await guest.open(place);
      await guest.waitForText("Yours: mail (jobs), mail.*");
      assert.equal(await guest.count("main button, main [role=alert]"), 0, place);
    }
    await guest.click("main a[href*='jobs?queue=mail']");
    await guest.waitForText("No job fits.");
    await guest.close();
  });

  it("is safe from a page of another site", async () => {
    const evil = createServer((_request, answer) => answer.end("<!doctype html><p>Free!</p>"));
    await new Promise<void>((resolve) => evil.listen(0, "127.0.0.1", resolve));
    const { port } = evil.address() as { port: number };
    try {
      const page = await browser.visit(`http://127.0.0.1:${port}/`);
      const before = await scene.client.count();
      const outcome = await page.evaluate(`
        fetch(${JSON.stringify(`${scene.url}api/jobs`)}, {
          method: "DELETE", headers: { "x-millrace-dashboard": "1" }
        }).then((answer) => answer.status, () => "refused")`);
      assert.equal(outcome, "refused");
      assert.equal(await scene.client.count(), before);
      await page.close();
    } finally {
      evil.close();
    }
  });
});
