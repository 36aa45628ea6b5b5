/**
 * When a heavy call holds others for too long.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { holdsTrial } from "./holds.ts";

const hold = (healthMs: number, heartbeatLateMs: number) => ({
  runtime: "node" as const,
  call: "bulk",
  answer: "201",
  ms: 500,
  peakRssBytes: undefined,
  healthMs,
  heartbeatLateMs,
  lateMs: 1,
});

const toResults = (...holds: ReturnType<typeof hold>[]) => ({ limitMs: 100, holds });

describe("holdsTrial", () => {
  it("passes at the limit, and not above it, for an answer and for a heartbeat", () => {
    assert.equal(holdsTrial.passes!(toResults(hold(100, 100), hold(3, 0))), true);
    assert.equal(holdsTrial.passes!(toResults(hold(3, 0), hold(101, 0))), false);
    assert.equal(holdsTrial.passes!(toResults(hold(3, 101))), false);
  });

  it("counts the calls that were above it", () => {
    const text = holdsTrial.toMarkdown(toResults(hold(3, 0), hold(101, 200), hold(5, 300)));
    assert.match(text, /2 of 3 calls held others for more than 100 ms/);
  });
});
