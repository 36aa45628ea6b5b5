/**
 * The pages of the dashboard that came later, in a real browser: outbound HTTP, batches, and what is done with one job and with
 * many. Runs as `dashboard.test.ts` does.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { plainSecret } from "./outbound.ts";
import type { Visit } from "./open-browser.ts";
import { browser, findFaults, scene, until, visit } from "./stage.ts";

const textOfPage = async () => String(await visit.evaluate("document.body.innerText"));

describe("outbound HTTP", () => {
  it("is counted by where it stands, and listed by what it is", async () => {
    await visit.open("requests");
    await visit.waitForText("api.example/v1/later");
    const tiles = await visit.evaluate(
      `[...document.querySelectorAll(".tile")].map((tile) => tile.innerText.replace(/\\s+/g, " "))`,
    );
    assert.deepEqual(tiles, [
      "Waiting 1",
      "Under way 0",
      "Scheduled 1",
      "Answered 0",
      "Given up 0",
      "Callbacks 0",
      "Dead letters 1",
    ]);
    await visit.open("requests?state=retrying");
    await visit.waitForText("api.example/v1/overloaded");
    await visit.waitForText("is sent again after status 503");
    await visit.open("requests?state=letters");
    await visit.click("td a", "save-reply");
    await visit.waitForText("The chat is gone");
    assert.match(String(await visit.evaluate("location.hash")), /\?callback=/);
    await visit.open("requests?by=origin");
    await visit.waitForText("https://api.example");
    await visit.click("td a", "https://api.example");
    await visit.waitForText("api.example/v1/later");
  });

  it("shows a request that was answered: its way, its answer and its dead callback", async () => {
    await visit.open(`requests/${scene.outbound.answered}`);
    await visit.waitForText('"reply": "Because."');
    await visit.waitForCount(".hops li", 2);
    for (const text of ["The chat is gone", "c-42", "x-request", "save-reply"]) {
      await visit.waitForText(text);
    }
    assert.deepEqual(await findFaults(), []);
    await visit.click("button", "Retry");
    await visit.waitForText("The job runs again");
    assert.equal(await scene.client.count({ type: "http:callback", status: "ready" }), 1);
  });

  it("shows a request that waits for its next try, and sends it at once", async () => {
    await visit.open(`requests/${scene.outbound.retrying}`);
    await visit.waitForText("the next one");
    await visit.waitForText("is sent again after status 503");
    await visit.waitForText("Bearer ••• (secret 'model')");
    assert.deepEqual(await findFaults(), []);
    await visit.click("button", "Run now");
    await visit.waitForText("The job is ready");
    assert.equal((await scene.client.get(scene.outbound.retrying)).status, "ready");
  });

  it("shows no secret anywhere, also where one stands in a job as it is", async () => {
    const places = [
      `requests/${scene.outbound.answered}`,
      `requests/${scene.outbound.waiting}`,
      `jobs/${scene.outbound.waiting}`,
      "jobs?type=http:request",
      "jobs?type=http:callback",
    ];
    for (const place of places) {
      await visit.open(place);
      await visit.waitForText(place.startsWith("jobs?") ? "http:" : "api.example");
      const text = await textOfPage();
      for (const secret of [plainSecret, "hidden-cookie", "the-model-secret", "abcdef"]) {
        assert.ok(!text.includes(secret), `${secret} at #/${place}`);
      }
    }
  });

  it("says so of a request that is gone", async () => {
    await visit.open("requests/nobody");
    await visit.waitForText("Nothing is known of nobody");
  });
});

describe("batches", () => {
  it("are shown with what they have taken in, and run before their time", async () => {
    await visit.open("batches");
    await visit.click("button", "digest:later");
    await visit.waitForText("$existing | .to += $new.to");
    await visit.waitForText('"cy"');
    assert.deepEqual(await findFaults(), []);
    await visit.click("button", "Run now", "digest:later");
    await visit.waitForText("Batch 'digest:later' is ready");
    assert.equal(await scene.client.count({ queue: "digests", status: "ready" }), 2);
    await visit.click("button", "Undo", "Batch 'digest:later'");
    await until(async () => await scene.client.count({ queue: "digests", status: "ready" }) === 1);
    await visit.click("button", "Cancel", "digest:now");
    await visit.click("dialog button", "Cancel the batch");
    await visit.waitForText("Batch 'digest:now' is cancelled");
    assert.equal(await scene.client.count({ queue: "digests", status: "dead" }), 1);
  });
});

describe("one job", () => {
  it("is put off, and taken back", async () => {
    const { id } = await scene.client.enqueue({ type: "a", queue: "later", payload: 1 });
    await visit.open(`jobs/${id}`);
    await visit.evaluate(`{
      const choice = document.querySelector("select[aria-label='Put off']");
      choice.selectedIndex = 2;
      choice.dispatchEvent(new Event("change", { bubbles: true }));
    }`);
    await visit.waitForText("The job was put off");
    const { status, readyAt } = await scene.client.get(id);
    assert.equal(status, "scheduled");
    assert.ok(Math.abs(readyAt - Date.now() - 3_600_000) < 60_000);
    await visit.click("button", "Undo", "The job was put off");
    await until(async () => (await scene.client.get(id)).status === "ready");
  });

  it("begins anew with another payload, of which is shown what differs", async () => {
    const { id } = await scene.client.enqueue({
      type: "edit",
      queue: "edited",
      payload: { to: "ada", lines: [1, 2] },
    });
    await visit.open(`jobs/${id}`);
    await visit.click("button", "Edit and begin anew");
    await visit.fill("textarea", '{"to": "bob", "lines": [1, 2]');
    await visit.waitForText("JSON");
    assert.equal(await visit.count(".editor button[type=submit]:disabled"), 1);
    await visit.fill("textarea", '{"to": "bob", "lines": [1, 2]}');
    await visit.fill(".editor input[name=priority]", "7");
    await visit.click("button", "Show what differs");
    await visit.waitForText('-   "to": "ada"');
    await visit.waitForText('+   "to": "bob"');
    assert.deepEqual(await findFaults(), []);
    await visit.click(".editor button", "Begin anew");
    await visit.waitForText("The job begins anew");
    const { payload, priority } = await scene.client.get(id);
    assert.deepEqual([payload, priority], [{ to: "bob", lines: [1, 2] }, 7]);
  });

  it("shows its life as a line", async () => {
    const dead = (await scene.client.page({ status: "dead", queue: "crawl", limit: 1 })).jobs[0]!;
    await visit.open(`jobs/${dead.id}`);
    await visit.waitForCount(".timeline li", 3);
    assert.match(await visit.textOf(".timeline"), /Enqueued.*Taken.*Died/);
  });
});

describe("many jobs", () => {
  it("are found by views, which the address keeps", async () => {
    await visit.open("jobs?queue=crawl");
    await visit.click(".views a[href*='status=dead']");
    await visit.waitForText("12 jobs");
    assert.match(String(await visit.evaluate("location.hash")), /queue=crawl&status=dead/);
    assert.equal(await visit.textOf(".views [aria-current]"), "Dead");
  });

  it("are moved in parts, with how far it is", async () => {
    const jobs = Array.from(
      { length: 450 },
      (_, payload) => ({ type: "m", queue: "from", payload }),
    );
    await scene.client.enqueueMany(jobs);
    await visit.open("jobs?queue=from");
    await visit.waitForText("450 jobs");
    await visit.click(".many input[type=checkbox]");
    await visit.click("button", "Move 450");
    await visit.fill("form input[name=value]", "to");
    await visit.click("form button", "Move 450");
    await visit.waitForText("Move all 450 jobs that fit?");
    await visit.click("dialog button", "Move");
    await visit.waitForText("450 of 450 moved");
    assert.equal(await scene.client.count({ queue: "to" }), 450);
  });

  it("are ready at once, if they were scheduled", async () => {
    const job = { type: "s", queue: "soon", payload: 1, delayMs: 3_600_000 };
    await scene.client.enqueueMany([job, job]);
    await visit.open("jobs?queue=soon&status=scheduled");
    await visit.click("input[aria-label^='Choose all']");
    await visit.click("button", "Run now 2");
    await visit.click("dialog button", "Run now");
    await visit.waitForText("2 of 2 ready");
    assert.equal(await scene.client.count({ queue: "soon", status: "ready" }), 2);
  });

  it("are not all for each deed, and the button says so", async () => {
    await visit.open("jobs?queue=crawl&status=dead");
    await visit.click("input[aria-label^='Choose all']");
    await visit.waitForText("Retry 12");
    const disabled = await visit.evaluate(
      `[...document.querySelectorAll(".many button:disabled")].map((one) => one.title)`,
    );
    assert.deepEqual(disabled, Array(4).fill("Not for jobs that are dead"));
  });
});

describe("recurring jobs", () => {
  it("are made in the page, with their next times while somebody types", async () => {
    await visit.open("crons");
    await visit.click("button", "New group");
    await visit.fill("main input[name=group]", "nightly");
    await visit.fill("main input[name=name]", "clean");
    await visit.fill("main input[name=timezone]", "Asia/Tokyo");
    await visit.fill("main input[name=expression]", "99 4 * * *");
    await visit.waitForText("invalid cron expression");
    assert.equal(await visit.count(".cron-editor button[type=submit]:disabled"), 1);
    await visit.fill("main input[name=expression]", "15 4 * * *");
    await visit.waitForCount(".times li", 10);
    await visit.waitForText("4:15");
    assert.deepEqual(await findFaults(), []);
    await visit.fill("main input[name=type]", "clean");
    await visit.fill("main input[name=queue]", "night");
    await visit.fill("main textarea", '{"deep": true}');
    await visit.click(".cron-editor button", "Create");
    await visit.waitForText("'clean' recurs");
    const [entry] = (await scene.crons.get("nightly")).entries;
    assert.deepEqual([entry!.expression, entry!.timezone], ["15 4 * * *", "Asia/Tokyo"]);
    assert.deepEqual(entry!.job.payload, { deep: true });
    await visit.click("button", "Undo", "'clean' recurs");
    await until(async () => (await scene.crons.get("nightly")).entries.length === 0);
  });

  it("are deleted with their group, and brought back", async () => {
    await visit.click("button", "Delete", "reports");
    await visit.waitForText("Delete group 'reports'?");
    await visit.click("dialog button", "Delete");
    await visit.waitForText("Group 'reports' is deleted");
    assert.deepEqual(await scene.crons.list(), ["nightly"]);
    await visit.click("button", "Undo", "Group 'reports' is deleted");
    await until(async () => (await scene.crons.list()).includes("reports"));
    const [entry] = (await scene.crons.get("reports")).entries;
    assert.deepEqual([entry!.name, entry!.expression], ["daily", "0 4 * * *"]);
  });
});

describe("queues, failures and budgets", () => {
  it("are steered: leases of a queue, a group's last jobs, a new budget", async () => {
    await visit.open("queues/crawl");
    await visit.fill("main input[name=lease_ms]", "90");
    await visit.press("Enter");
    await visit.waitForText("Set");
    await until(async () => (await scene.queues.settings("crawl")).leaseMs === 90_000);
    await visit.click("button", "Retry 12 dead");
    await visit.waitForText("Retry 12 dead jobs of 'crawl'?");
    await visit.click("dialog button", "Cancel");
    await visit.open("failures");
    await visit.click("button", "RangeError");
    await visit.waitForText("The server said no");
    assert.deepEqual(await findFaults(), []);
    await visit.open("budgets");
    await visit.click("button", "New budget");
    await visit.fill("input[name=key]", "sms");
    await visit.fill("main form input[name=allocation]", "5");
    await visit.fill("input[name=seconds]", "1.5");
    await visit.click("form button", "Create");
    await visit.waitForText("Budget 'sms' is there");
    const { allocation, strategy } = await scene.budgets.get("sms");
    assert.deepEqual([allocation, strategy], [5, { type: "time_based", durationMs: 1500 }]);
  });
});

describe("a viewer", () => {
  it("sees no button that would be refused, and reads why", async () => {
    const guest = await browser.visit(await scene.serveWithTokens());
    await guest.fill("input[name=token]", scene.viewerToken);
    await guest.press("Enter");
    await guest.waitForText("Overview");
    await guest.waitForText("Looks only");
    for (const place of ["", "jobs", "crons", "budgets", "failures", "requests", "batches"]) {
      await guest.open(place);
      const buttons = await guest.evaluate(
        // Who may only look may well choose what to look at.
        `[...document.querySelectorAll("main button:not([aria-pressed])")].map((one) => one.innerText)
          .filter((text) => text !== "Search")`,
      );
      assert.deepEqual(buttons, [], `#/${place}`);
    }
    await guest.click("button", "Sign out");
    await guest.waitForCount("input[name=token]", 1);
    await guest.close();
  });
});

describe("a visitor for some queues", () => {
  it("is refused once on the page of another queue and of all jobs, and led to their own", async () => {
    const guest = await browser.visit(await scene.serveWithTokens());
    await guest.fill("input[name=token]", scene.mailToken);
    await guest.press("Enter");
    await guest.waitForText("Overview");
    await guest.open("queues/crawl");
    await guest.waitForText("Queue crawl");
    await guest.waitForCount("main .empty", 1);
    assert.match(await guest.textOf("main .empty"), /^Your token is for some queues/);
    assert.equal(await guest.count("main h2"), 0);
    await guest.open("jobs");
    await guest.waitForCount("main .empty", 1);
    const deeds = "main [aria-label='With the chosen jobs']";
    assert.equal(await guest.count(deeds), 0);
    await guest.open("jobs?queue=mail");
    await guest.waitForCount(deeds, 1);
    await guest.click("button", "Sign out");
    await guest.waitForCount("input[name=token]", 1);
    await guest.close();
  });
});

describe("this browser", () => {
  it("holds what is shown if somebody wants that, and remembers it", async () => {
    const choose = (page: Visit, pace: string) =>
      page.evaluate(`{
        const choice = [...document.querySelectorAll("main select")].at(0);
        choice.value = ${JSON.stringify(pace)};
        choice.dispatchEvent(new Event("change", { bubbles: true }));
      }`);
    const other = await browser.visit(`${scene.url}#/settings`);
    await choose(other, "held");
    await other.waitForText("Held");
    await other.open("queues/held-up");
    await scene.client.enqueue({ type: "a", queue: "held-up", payload: 1 });
    // Longer than the second after which a page is told.
    await other.evaluate("new Promise((resolve) => setTimeout(resolve, 2500))");
    await other.waitForText("No job is ready.");
    await other.open("settings");
    await choose(other, "live");
    await other.open("queues/held-up");
    await other.waitForText("ready1");
    await other.close();
  });
});

describe("the whole visit", () => {
  it("gave the browser nothing to complain of", () => {
    assert.deepEqual(visit.complaints(), []);
  });
});
