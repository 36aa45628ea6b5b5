/**
 * The map's judge must be able to fail.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { listMapFaults } from "./map.ts";

const rooms = [{ level: 0, paths: ["src/a/"] }, { level: 1, paths: ["src/b/", "mod.ts"] }];
const page =
  "```text\nlevel 0   src/a/    floor\nlevel 1   src/b/    above\n          mod.ts\n```\n";

describe("listMapFaults()", () => {
  it("finds nothing on a map that says what is", () => {
    assert.deepEqual(listMapFaults(page, rooms, ["src/a/", "src/b/"]), []);
  });

  it("tells a room at another level, a room that is missing, and a folder that is missing", () => {
    const others = [{ level: 1, paths: ["src/a/"] }, { level: 2, paths: ["src/c/"] }];
    assert.deepEqual(listMapFaults(page, others, ["src/b/deep/"]), [
      "'src/b/deep/' is not on the map",
      "'src/a/' is at level 0, not 1",
      "'src/c/' is at level none, not 2",
    ]);
  });

  it("tells a page without a map", () => {
    assert.equal(listMapFaults("# Nothing", rooms, []).length, 3);
  });
});
