/**
 * The frame of the dashboard in a real browser: what it does when things go wrong or are slow, its keys, and how it looks for those
 * who need it otherwise. Runs as `dashboard.test.ts` does.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Visit } from "./open-browser.ts";
import { browser, scene } from "./stage.ts";

/** Runs a test in a page of its own. */
async function withVisit(
  url: string,
  test: (visit: Visit) => Promise<void>,
  expected: RegExp = /status of 5\d\d/,
): Promise<void> {
  const visit = await browser.visit(url);
  try {
    await test(visit);
    assert.deepEqual(visit.complaints().filter((text) => !expected.test(text)), []);
  } finally {
    await visit.close();
  }
}

const isSettled = "document.querySelector('main:not(.settling)') !== null";

const isFocused = (selector: string) =>
  `document.activeElement?.matches(${JSON.stringify(selector)}) === true`;

describe("a broker that is away", () => {
  it("leaves what was seen of it also where somebody comes back in vain", () =>
    withVisit(`${scene.url}#/queues/mail`, async (visit) => {
      await visit.waitUntil("document.querySelectorAll('main tbody tr').length > 5");
      await visit.pretend("Network.enable", {});
      const cut = { offline: true, latency: 0, downloadThroughput: -1, uploadThroughput: -1 };
      await visit.pretend("Network.emulateNetworkConditions", cut);
      await visit.open("failures");
      await visit.waitForText("The dashboard cannot be reached");
      await visit.open("queues/mail");
      // Until the answer is there that there is none.
      await visit.evaluate("new Promise((resolve) => setTimeout(resolve, 500))");
      assert.ok(await visit.count("main tbody tr") > 5);
      assert.equal(await visit.count("main h1"), 1);
    }, /ERR_INTERNET_DISCONNECTED|status of 5\d\d/));

  it("is told of once, what was loaded stays, and it is asked again", async () => {
    let isAway = false;
    const url = await scene.serveThrough((request, pass) =>
      isAway ? Promise.reject(new Error("away")) : pass(request)
    );
    await withVisit(`${url}#/queues/mail`, async (visit) => {
      await visit.waitForText("Next jobs");
      isAway = true;
      await visit.open("jobs?queue=mail");
      await visit.waitForText("The broker cannot be asked");
      assert.equal(await visit.count("[role=alert]"), 1);
      await visit.waitForText("Not known yet");
      // What the page has seen stands there at once when somebody comes back.
      await visit.open("queues/mail");
      await visit.waitForText("Next jobs");
      assert.deepEqual(await visit.findFaults(), []);
      isAway = false;
      await visit.waitForCount("[role=alert]", 0);
    });
  });

  it("is no refusal: what may not be seen any more is not shown any more", async () => {
    let isRefused = false;
    const url = await scene.serveThrough((request, pass) =>
      isRefused
        ? Promise.resolve(Response.json({ error: "not for this token" }, { status: 403 }))
        : pass(request)
    );
    await withVisit(`${url}#/queues/mail`, async (visit) => {
      await visit.waitForText("mail.send");
      isRefused = true;
      await scene.client.enqueue({ type: "mail.send", queue: "mail", payload: 1 });
      await visit.waitForText("Not for this token");
      await visit.waitUntil("!document.querySelector('main').textContent.includes('mail.send')");
    });
  });
});

describe("a place", () => {
  it("is shown when all of it is there", async () => {
    let letGo = () => {};
    const isHeld = new Promise<void>((resolve) => letGo = resolve);
    const url = await scene.serveThrough(async (request, pass) => {
      if (new URL(request.url).pathname.endsWith("/mail/stats")) await isHeld;
      return await pass(request);
    });
    await withVisit(url, async (visit) => {
      await visit.evaluate("location.hash = '#/queues/mail'");
      await visit.waitUntil("document.querySelector('main').textContent.includes('Next jobs')");
      const seen = () =>
        visit.evaluate("getComputedStyle(document.querySelector('main h2')).visibility");
      assert.equal(await seen(), "hidden");
      letGo();
      await visit.waitUntil(isSettled);
      assert.equal(await seen(), "visible");
    });
  });

  it("jumps nowhere while it is loaded, also with many rows", async () => {
    await scene.fill(250, 1);
    for (const place of ["", "queues/crawl", "jobs", "requests"]) {
      await withVisit(`${scene.url}#/${place}`, async (visit) => {
        await visit.waitUntil(isSettled);
        const jumps = await visit.evaluate(`new Promise((resolve) => {
          let sum = 0;
          new PerformanceObserver((list) => {
            for (const { value } of list.getEntries()) sum += value;
          }).observe({ type: "layout-shift", buffered: true });
          setTimeout(() => resolve(sum), 500);
        })`);
        // What browsers call good.
        assert.ok(Number(jumps) < 0.1, `#/${place} jumps by ${jumps}`);
      });
    }
  });

  it("has a title, and takes the focus of who came by one of its links", () =>
    withVisit(scene.url, async (visit) => {
      await visit.waitForText("crawl");
      await visit.waitUntil(isSettled);
      await visit.evaluate("document.querySelector('main a.name').focus()");
      await visit.press("Enter");
      await visit.waitUntil(isFocused("#main"));
      assert.match(String(await visit.evaluate("document.title")), /^\S+ · Overview · Millrace$/);
      await visit.open("jobs/nosuchjob");
      await visit.waitForText("It may be gone already");
    }));

  it("is not sent again what it has, nor drawn again", () =>
    withVisit(`${scene.url}#/queues/crawl`, async (visit) => {
      await visit.waitForText("Next jobs");
      await visit.evaluate(`{
        const row = document.querySelector("dl.facts");
        window.drawn = 0;
        new MutationObserver((all) => window.drawn += all.length)
          .observe(row, { childList: true, subtree: true, characterData: true });
        window.statuses = [];
        const { fetch } = window;
        window.fetch = async (...given) => {
          const answer = await fetch(...given);
          if (String(given[0]).endsWith("/crawl/settings")) window.statuses.push(answer.status);
          return answer;
        };
      }`);
      await scene.client.enqueue({ type: "a", queue: "elsewhere", payload: 1 });
      await visit.waitUntil("statuses.length > 0");
      assert.deepEqual(await visit.evaluate("[...new Set(statuses)]"), [304]);
      assert.equal(await visit.evaluate("drawn"), 0);
    }));
});

describe("keys", () => {
  it("show what they do, and lead to pages and through lists", () =>
    withVisit(scene.url, async (visit) => {
      await visit.press("?");
      await visit.waitUntil("document.querySelector('dialog.help').open");
      assert.deepEqual(await visit.findFaults(), []);
      await visit.press("Escape");
      await visit.waitUntil("!document.querySelector('dialog.help').open");
      await visit.press("g");
      await visit.press("j");
      await visit.waitUntil("location.hash === '#/jobs'");
      await visit.waitUntil("document.querySelectorAll('main tbody tr').length > 2");
      await visit.waitUntil(isSettled);
      await visit.press("j");
      await visit.waitUntil(isFocused("main tbody tr:nth-child(1) a"));
      await visit.press("j");
      await visit.waitUntil(isFocused("main tbody tr:nth-child(2) a"));
      await visit.press("x");
      await visit.waitUntil("document.querySelectorAll('tbody input')[1].checked");
      await visit.press("k");
      await visit.waitUntil(isFocused("main tbody tr:nth-child(1) a"));
      await visit.press("/");
      await visit.waitUntil(isFocused(".find input"));
      // Who writes, writes.
      await visit.press("g");
      await visit.press("f");
      assert.equal(await visit.evaluate("document.activeElement.value"), "gf");
      await visit.press("Escape");
      await visit.waitUntil(isFocused("body"));
    }));

  it("do nothing for who has switched them off, also the next time", () =>
    withVisit(scene.url, async (visit) => {
      await visit.press("?");
      await visit.click("dialog.help input[type=checkbox]");
      await visit.press("Escape");
      await visit.evaluate("location.reload()");
      await visit.waitForText("crawl");
      for (const key of ["?", "g", "j"]) await visit.press(key);
      assert.equal(await visit.count("dialog[open]"), 0);
      assert.equal(await visit.evaluate("location.hash.replace('#/', '')"), "");
      await visit.evaluate("localStorage.removeItem('millrace-keys')");
    }));
});

describe("who needs it otherwise", () => {
  it("reads numbers and times as the browser's language and zone have them", () =>
    withVisit(`${scene.url}#/crons`, async (visit) => {
      await visit.pretend("Emulation.setLocaleOverride", { locale: "de-DE" });
      await visit.pretend("Emulation.setTimezoneOverride", { timezoneId: "Asia/Kathmandu" });
      await visit.evaluate("location.reload()");
      await visit.waitForText("daily");
      // Four o'clock in Berlin, in Nepal.
      const title = String(await visit.evaluate("document.querySelector('td time').title"));
      assert.match(title, /^\d\d\.\d\d\.\d{4}, 0[78]:45:00 \(\d{4}-\d\d-\d\dT0[23]:00:00\.000Z\)$/);
    }));

  it("sees nothing move where that is asked for", () =>
    withVisit(scene.url, async (visit) => {
      const features = [{ name: "prefers-reduced-motion", value: "reduce" }];
      await visit.pretend("Emulation.setEmulatedMedia", { features });
      await visit.open("jobs");
      await visit.waitUntil(isSettled);
      assert.equal(await visit.evaluate("document.getAnimations().length"), 0);
    }));

  it("sees where it is when the system forces its colours", () =>
    withVisit(`${scene.url}#/jobs`, async (visit) => {
      const features = [{ name: "forced-colors", value: "active" }];
      await visit.pretend("Emulation.setEmulatedMedia", { features });
      const style = (selector: string, name: string) =>
        visit.evaluate(`getComputedStyle(document.querySelector("${selector}")).${name}`);
      assert.equal(await style("nav a[aria-current]", "outlineStyle"), "solid");
      assert.equal(await style("td .badge", "borderTopStyle"), "solid");
    }));

  it("opens the list of pages on a small screen, and it closes behind who chose", () =>
    withVisit(scene.url, async (visit) => {
      await visit.resize(320);
      const isOpen = "document.querySelector('.side').checkVisibility()";
      assert.equal(await visit.evaluate(isOpen), false);
      await visit.click("button.menu");
      await visit.waitUntil(isOpen);
      assert.deepEqual(await visit.findTooWide(), []);
      await visit.click("nav a[href='#/workers']");
      await visit.waitUntil(`!${isOpen} && location.hash === "#/workers"`);
    }));
});

describe("a viewer of another language", () => {
  /** A page in a language, and how it writes digits. */
  const withLanguage = (locale: string, test: (visit: Visit) => Promise<void>) =>
    withVisit(scene.url, async (visit) => {
      await visit.pretend("Emulation.setLocaleOverride", { locale });
      await visit.pretend("Page.reload", {});
      await visit.waitUntil(`new Intl.NumberFormat().resolvedOptions().locale === "${locale}"`);
      await visit.waitUntil(isSettled);
      await test(visit);
    });

  it("reads numbers and instants as they are written there, wherever they stand", async () => {
    const { jobs: [dead] } = await scene.client.page({ status: "dead", queue: "crawl", limit: 1 });
    await withLanguage("ar-EG", async (visit) => {
      const places = ["", "jobs", `jobs/${dead!.id}`, "queues/crawl", "requests", "settings"];
      for (const place of places) {
        await visit.open(place);
        const numbers = await visit.evaluate(
          `[...document.querySelectorAll("main time, main td.number, main .tile dd, .figure, .facts dd, .settings td code")]
            .filter((one) => one.querySelector("code, a:not([href*=status]), bdi") === null)
            .map((one) => one.textContent.trim()).filter((text) => /\\d/.test(text))`,
        ) as string[];
        // What is no number: JSON of a setting.
        assert.deepEqual(numbers.filter((text) => !text.startsWith("{")), [], `#/${place}`);
        assert.ok(
          await visit.evaluate(
            "/[\\u0660-\\u0669]/.test(document.querySelector('main').innerText)",
          ),
          `#/${place}`,
        );
      }
      await visit.open("jobs");
      // Words from right to left do not take along what stands beside them.
      assert.equal(
        await visit.evaluate("getComputedStyle(document.querySelector('main time')).unicodeBidi"),
        "isolate",
      );
    });
    await withLanguage("de-DE", async (visit) => {
      await visit.open(`jobs/${dead!.id}`);
      await visit.waitForText("32.768");
      await visit.waitForText("1 of 1");
      await visit.open("settings");
      await visit.waitForText("604.800.000");
      await visit.waitForText("7 d");
    });
  });
});
