/** A Chromium without a window, and what a visitor does in it. */

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";

/** What is used of puppeteer-core, which is one of the gate's tools and has types of its own there. */
interface Page {
  goto(url: string, options?: object): Promise<unknown>;
  evaluate(expression: string): Promise<unknown>;
  setViewport(size: { width: number; height: number }): Promise<void>;
  waitForFunction(expression: string, options?: { timeout: number }): Promise<unknown>;
  on(event: string, listener: (event: never) => void): unknown;
  createCDPSession(): Promise<{ send(method: string, params: object): Promise<unknown> }>;
  keyboard: { press(key: string): Promise<void> };
  screenshot(options: { path: string }): Promise<unknown>;
  close(): Promise<void>;
}

interface Browser {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

/** A page, as somebody who looks at it has it. */
export interface Visit {
  /** Goes to a place behind `#/`, and waits until it is loaded. */
  open(place: string): Promise<void>;
  chooseTheme(theme: string): Promise<void>;
  resize(width: number): Promise<void>;
  /** Waits until a text is there. */
  waitForText(text: string): Promise<void>;
  /** Waits until an expression is true. */
  waitUntil(expression: string): Promise<void>;
  textOf(selector: string): Promise<string>;
  count(selector: string): Promise<number>;
  /** Waits until there are so many elements. */
  waitForCount(selector: string, count: number): Promise<void>;
  /** Clicks on the first element that has a text, in the row or card that has another one. */
  click(selector: string, text?: string, row?: string): Promise<void>;
  /** Replaces what stands in a field. */
  fill(selector: string, text: string): Promise<void>;
  press(key: string): Promise<void>;
  /** Writes a picture of what is on the screen, as PNG. */
  screenshot(path: string): Promise<unknown>;
  /** Has the browser pretend something, such as another zone or forced colours, by a command of its protocol. */
  pretend(command: string, params: object): Promise<unknown>;
  /** What axe finds. */
  findFaults(): Promise<readonly string[]>;
  /** What is wider than the screen, and cannot be moved by itself. */
  findTooWide(): Promise<readonly string[]>;
  /** Evaluates an expression in the page. */
  evaluate(expression: string): Promise<unknown>;
  /** What the browser complained of, such as a broken policy or an error of the script. */
  complaints(): readonly string[];
  /** The hosts that were asked. */
  hosts(): ReadonlySet<string>;
  close(): Promise<void>;
}

/** A browser. */
export interface OpenBrowser {
  visit(url: string): Promise<Visit>;
  close(): Promise<void>;
}

const tools = createRequire(`${process.env["MILLRACE_TOOLS"]}/`);

/** Opens it. */
export async function openBrowser(): Promise<OpenBrowser> {
  const { launch } = (await import(tools.resolve("puppeteer-core"))) as {
    launch(options: object): Promise<Browser>;
  };
  const browser = await launch({
    executablePath: process.env["MILLRACE_CHROMIUM"],
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  return {
    visit: async (url) => await openPage(browser, url),
    close: () => browser.close(),
  };
}

/** A page that is loaded shows no 'Loading', and nothing that waits for its first answer or is hidden until then. */
const isLoaded = `document.querySelector("#app")?.textContent !== "" &&
  document.querySelector("main.settling") === null &&
  ![...document.querySelectorAll("[role=status].empty")].some((one) => one.textContent === "Loading")`;

async function openPage(browser: Browser, url: string): Promise<Visit> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  const hosts = new Set<string>();
  page.on(
    "console",
    (message: { type(): string; text(): string; location(): { url?: string } }) => {
      const isFaulty = message.type() === "error" || message.type() === "warn";
      // That a call was refused is shown on the page.
      if (isFaulty && !/status of 4\d\d/.test(message.text())) complaints.push(message.text());
    },
  );
  page.on("pageerror", (error: Error) => complaints.push(String(error)));
  page.on("request", (request: { url(): string }) => {
    const { protocol, host } = new URL(request.url());
    if (protocol.startsWith("http")) hosts.add(host);
  });
  await page.setViewport({ width: 1280, height: 900 });
  await page.goto(url, { waitUntil: "load" });
  await page.waitForFunction(isLoaded);
  const session = await page.createCDPSession();
  const axe = readFileSync(tools.resolve("axe-core/axe.min.js"), "utf8");

  /** Evaluated by the debugger, which no policy of the page holds up. */
  const debug = async (expression: string): Promise<unknown> => {
    const { result } = await session.send("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    }) as { result: { value?: unknown } };
    return result.value;
  };

  const waitFor = async (expression: string, what: string) => {
    try {
      await page.waitForFunction(expression, { timeout: 15_000 });
    } catch {
      const text = String(await page.evaluate("document.body.innerText")).slice(0, 1500);
      throw new Error(`Waited for ${what} in vain; the page shows:\n${text}`);
    }
  };

  const find = (selector: string, text: string, row: string) =>
    `[...document.querySelectorAll(${JSON.stringify(selector)})].find((one) =>
      one.textContent.trim() ${selector.includes("button") ? "===" : ".length >= 0 || "} ${
      JSON.stringify(text)
    } && (${JSON.stringify(row)} === "" ||
        one.closest("tr, section, .notice")?.textContent.includes(${JSON.stringify(row)})))`;

  return {
    async open(place) {
      await page.evaluate(`location.hash = ${JSON.stringify(`#/${place}`)}`);
      await page.evaluate("new Promise((resolve) => setTimeout(resolve, 50))");
      await waitFor(isLoaded, `#/${place}`);
    },
    async chooseTheme(theme) {
      await page.evaluate(`{
        const choice = document.querySelector("select[aria-label=Theme]");
        choice.value = ${JSON.stringify(theme)};
        choice.dispatchEvent(new Event("change", { bubbles: true }));
      }`);
      await waitFor(
        `document.documentElement.dataset.theme === ${JSON.stringify(theme)}`,
        "the theme",
      );
    },
    resize: (width) => page.setViewport({ width, height: 900 }),
    waitForText: (text) =>
      waitFor(
        `document.body.textContent.includes(${JSON.stringify(text)})`,
        JSON.stringify(text),
      ),
    waitUntil: (expression) => waitFor(expression, expression),
    textOf: async (selector) =>
      String(
        await page.evaluate(
          `document.querySelector(${JSON.stringify(selector)})?.textContent.trim() ?? ""`,
        ),
      ),
    count: async (selector) =>
      Number(await page.evaluate(`document.querySelectorAll(${JSON.stringify(selector)}).length`)),
    waitForCount: (selector, count) =>
      waitFor(
        `document.querySelectorAll(${JSON.stringify(selector)}).length === ${count}`,
        `${count} of ${selector}`,
      ),
    async click(selector, text = "", row = "") {
      const one = text === "" && row === ""
        ? `document.querySelector(${JSON.stringify(selector)})`
        : find(selector, text, row);
      await waitFor(`(${one}) && !(${one}).disabled`, `${selector} '${text}' ${row}`);
      await page.evaluate(`(${one}).click()`);
    },
    async fill(selector, text) {
      const one = `document.querySelector(${JSON.stringify(selector)})`;
      await waitFor(one, selector);
      await page.evaluate(`{
        const field = ${one};
        field.focus();
        field.value = ${JSON.stringify(text)};
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }`);
    },
    press: (key) => page.keyboard.press(key),
    screenshot: (path) => page.screenshot({ path }),
    pretend: (command, params) => session.send(command, params),
    async findFaults() {
      if (await debug("typeof axe") === "undefined") await debug(axe);
      return await debug(`axe.run(document).then(({ violations }) =>
        violations.map(({ id, nodes }) => id + ": " + nodes[0].html.slice(0, 200)))`) as string[];
    },
    findTooWide: async () =>
      await page.evaluate(`document.documentElement.scrollWidth <= innerWidth + 1 ? [] :
        [...document.querySelectorAll("*")]
          .filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !one.closest(".scroll"))
          .slice(0, 3).map((one) => one.outerHTML.slice(0, 150))`) as string[],
    evaluate: (expression) => page.evaluate(expression),
    complaints: () => complaints,
    hosts: () => hosts,
    close: () => page.close(),
  };
}
