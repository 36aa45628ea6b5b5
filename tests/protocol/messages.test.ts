import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readErrorRecord, toErrorRecordWire } from "../../src/protocol/error-record.ts";
import { toFailureWire } from "../../src/protocol/failure.ts";
import { failureSchema } from "../../src/protocol/failure-request.ts";
import { toPatchWire } from "../../src/protocol/patch.ts";
import { checkPatch, patchSchema } from "../../src/protocol/patch-request.ts";
import { runListSchema } from "../../src/protocol/release-request.ts";
import { readAs } from "../../src/protocol/schema.ts";

/** What is left of a value on its way through JSON. */
const sent = (value: unknown) => JSON.parse(JSON.stringify(value));

describe("failure", () => {
  it("is read by the other side as what was meant", () => {
    const failure = {
      message: "",
      errorType: "E",
      failureGroup: "g",
      backtrace: "b",
      retryAt: 7,
      kill: true,
      enforceLimit: true,
    };
    const wire = sent(toFailureWire(failure, { delivery: 3, token: "t", now: 0 }));
    const read = { ...failure, delayMs: undefined, delivery: 3, token: "t" };
    assert.deepEqual(readAs(failureSchema, wire), read);
    const later = sent(toFailureWire({ message: "m", delayMs: 5 }, { now: 10 }));
    const { retryAt, delayMs, delivery } = readAs(failureSchema, later);
    assert.deepEqual([retryAt, delayMs, delivery], [15, 5, undefined]);
    assert.equal(readAs(failureSchema, { message: "m" }).kill, false);
  });

  it("takes null for absent, but not as an answer to yes or no", () => {
    const nulls = { message: "m", error_type: null, backtrace: null, retry_at: null };
    assert.equal(readAs(failureSchema, nulls).retryAt, undefined);
    assert.throws(() => readAs(failureSchema, { message: "m", kill: null }), {
      message: "kill: expected true or false, got null",
    });
    assert.throws(() => readAs(failureSchema, {}), { message: "message: is missing" });
  });

  it("refuses an instant that is none", () => {
    assert.throws(() => toFailureWire({ message: "m", retryAt: NaN }, { now: 0 }), RangeError);
  });
});

describe("error record", () => {
  it("is read by the other side as what was meant", () => {
    const bare = { attempt: 1, message: "m", dequeuedAt: 2, failedAt: 3 };
    assert.deepEqual(readErrorRecord(sent(toErrorRecordWire(bare))), bare);
    const full = { ...bare, errorType: "E", backtrace: "b" };
    assert.deepEqual(readErrorRecord(sent(toErrorRecordWire(full))), full);
  });
});

describe("ids", () => {
  it("are texts in a list", () => {
    assert.deepEqual(readAs(runListSchema, { ids: ["a"] }).ids, ["a"]);
    assert.throws(() => readAs(runListSchema, { ids: ["a", 1] }), {
      message: "ids[1]: expected a text, got 1",
    });
  });
});

describe("patch", () => {
  it("is read by the other side as what was meant, null and absent apart", () => {
    const patch = {
      queue: "q",
      readyAt: null,
      retryLimit: 0,
      backoff: { exponent: 1, baseMs: 2, jitterMs: 3 },
      retention: { deadMs: null },
    };
    const read = readAs(patchSchema, sent(toPatchWire(patch)));
    assert.deepEqual(read, { ...patch, retention: { completedMs: undefined, deadMs: null } });
    const nulls = { retryLimit: null, backoff: null, retention: null };
    assert.deepEqual(readAs(patchSchema, sent(toPatchWire(nulls))), nulls);
    assert.deepEqual(readAs(patchSchema, { type: "z", id: 1 }), {});
  });

  it("complains of the queue first, then of the priority", () => {
    const check = (wire: object) => checkPatch(readAs(patchSchema, wire));
    assert.equal(check({ queue: null, priority: null }), "queue cannot be null");
    assert.equal(check({ queue: "a,b", priority: null }), "queue must not contain ','");
    assert.equal(check({ queue: "a", priority: null }), "priority cannot be null");
    assert.equal(check({ queue: "a", priority: 1, ready_at: null }), undefined);
  });

  it("refuses numbers that JSON would turn into null, which means something here", () => {
    assert.throws(() => toPatchWire({ readyAt: NaN }), RangeError);
    assert.throws(() => toPatchWire({ retention: { deadMs: Infinity } }), RangeError);
  });
});
