/** The broker, the browser and the page that the tests of one file share. */

import assert from "node:assert/strict";
import { after, before } from "node:test";
import { type OpenBrowser, openBrowser, type Visit } from "./open-browser.ts";
import { createScene, type Scene } from "./scene.ts";

export let browser: OpenBrowser;
export let scene: Scene;
export let visit: Visit;

before(async () => {
  scene = await createScene();
  browser = await openBrowser();
  visit = await browser.visit(scene.url);
});

after(async () => {
  await browser?.close();
  await scene?.close();
});

/** Waits until something is so at the broker. */
export async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await isSo()) return;
    await visit.evaluate("new Promise((resolve) => setTimeout(resolve, 50))");
  }
  assert.fail("It did not become so");
}

/** What axe finds, in both themes, and what does not fit a small screen. */
export async function findFaults(): Promise<readonly string[]> {
  const found: string[] = [];
  for (const theme of ["dark", "light"]) {
    await visit.chooseTheme(theme);
    // Colours go over into each other, and are measured when they have arrived.
    await visit.evaluate("new Promise((resolve) => setTimeout(resolve, 300))");
    found.push(...await visit.findFaults());
  }
  await visit.resize(320);
  found.push(...await visit.findTooWide());
  await visit.resize(1280);
  return found;
}
