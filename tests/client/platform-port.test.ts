/** What bundles for browsers and Workers carry in the place of Node's dispatcher. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { fetchPort } from "../../src/client/fetch-port.ts";
import * as platform from "../../src/client/platform-port.ts";
import { platformPort } from "../../src/client/platform-port-web.ts";
import * as web from "../../src/client/platform-port-web.ts";

const root = new URL("../../", import.meta.url);

describe("the port of a bundle", () => {
  it("is fetch, under the same name", () => {
    assert.equal(platformPort, fetchPort);
    assert.deepEqual(Object.keys(web), Object.keys(platform));
  });

  it("is put in the place of the other by what the package says to bundlers", () => {
    const { browser } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
    // The package is built from the sources.
    assert.deepEqual(browser, {
      "./dist/src/client/platform-port.js": "./dist/src/client/platform-port-web.js",
    });
    for (const name of Object.entries<string>(browser).flat()) {
      const source = name.replace("dist/", "").replace(/js$/, "ts");
      assert.ok(existsSync(new URL(source, root)), source);
    }
  });
});
