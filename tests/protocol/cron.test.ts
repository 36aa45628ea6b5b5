/** The messages of cron groups, read as the broker reads them. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encode } from "@msgpack/msgpack";
import type { Format } from "../../src/protocol/codec.ts";
import {
  checkCronEntry,
  checkDuplicateNames,
  type CronEntryRequest,
} from "../../src/protocol/cron.ts";
import { toCronEntryBody, toCronGroupBody } from "../../src/protocol/cron-request.ts";
import { readCronEntryRequest, readCronGroupRequest } from "../../src/protocol/request-body.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const inJson = (value: unknown) => bytes(JSON.stringify(value));
const inPack = (value: unknown) => encode(value, { ignoreUndefined: true });

const job = { type: "t", queue: "q", payload: { n: 1 } };
const entry = { name: "e", expression: "* * * * *", job };

describe("a cron group", () => {
  it("is read with the payload of each entry as it was sent", () => {
    const text = '{"entries":[' +
      '{"job":{"queue":"q","payload":{"job":{"payload":12345678901234567890}},"type":"t"},"name":"a","expression":"x"},' +
      '{"name":"b","payload":1,"job":{"payload":0,"type":"t","queue":"q","payload":[ 1.0, "\\u00e9"\n]},"expression":"y"},' +
      '{"name":"c","expression":"z","j\\u006fb":{"type":"t","queue":"q","pay\\u006coad":null}}],' +
      '"job":{"payload":5}}';
    const { entries, paused, timezone } = readCronGroupRequest(bytes(text), "json");
    assert.deepEqual(entries.map(({ job }) => job.payload), [
      '{"job":{"payload":12345678901234567890}}',
      '[ 1.0, "\\u00e9" ]',
      "null",
    ]);
    assert.deepEqual([paused, timezone], [null, null]);
  });

  it("is read the same from MessagePack", () => {
    const payload = { job: { payload: [1.5] } };
    const group = {
      paused: true,
      timezone: "UTC",
      entries: [{ ...entry, job: { ...job, payload } }, entry],
    };
    const read = readCronGroupRequest(inPack(group), "msgpack");
    assert.deepEqual(read.entries.map(({ job }) => job.payload), [
      new Uint8Array(encode(payload)),
      new Uint8Array(encode(job.payload)),
    ]);
    assert.deepEqual([read.paused, read.timezone], [true, "UTC"]);
  });

  for (
    const [value, message] of [
      [{}, "entries: is missing"],
      [[], "expected an object, got a list"],
      [{ entries: {} }, "entries: expected a list, got an object"],
      [{ entries: [entry, 5] }, "entries[1]: expected an object, got 5"],
      [{ entries: [], paused: 1 }, "paused: expected true or false, got 1"],
      [{ entries: [], timezone: {} }, "timezone: expected a text, got an object"],
      [{ entries: [{ ...entry, name: undefined }] }, "entries[0].name: is missing"],
      [
        { entries: [entry, { ...entry, job: { ...job, priority: -1 } }] },
        "entries[1].job.priority: expected an integer from 0 to 65535, got -1",
      ],
      [
        { entries: [entry, { ...entry, job: { type: "t", queue: "q" } }] },
        "entries[1].job.payload: is missing",
      ],
    ] as [object, string][]
  ) {
    it(`is refused when ${message}`, () => {
      for (const [body, format] of [[inJson(value), "json"], [inPack(value), "msgpack"]] as const) {
        assert.throws(() => readCronGroupRequest(body, format as Format), {
          name: "MessageError",
          message,
        });
      }
    });
  }
});

describe("a cron entry", () => {
  it("is read from what the client writes", async () => {
    const written = await toCronEntryBody({
      name: "e",
      expression: "@daily",
      timezone: "UTC",
      paused: true,
      job: Promise.resolve({ ...job, uniqueKey: "k", retention: { deadMs: 5 } }),
    });
    for (
      const [body, format] of [[inJson(written), "json"], [inPack(written), "msgpack"]] as const
    ) {
      const { job: read, ...rest } = readCronEntryRequest(body, format as Format);
      assert.deepEqual(rest, { name: "e", expression: "@daily", timezone: "UTC", paused: true });
      assert.deepEqual(
        [read.uniqueKey, read.retention, read.readyAt],
        ["k", '{"dead_ms":5}', null],
      );
    }
    const group = await toCronGroupBody({ entries: [] });
    assert.deepEqual(readCronGroupRequest(inJson(group), "json").entries, []);
  });

  it("takes null for what was left out", () => {
    const body = { ...entry, timezone: null, paused: null, job: { ...job, ready_at: null } };
    const read = readCronEntryRequest(inJson(body), "json");
    assert.deepEqual([read.timezone, read.paused, read.job.readyAt], [null, null, null]);
  });

  const read = (changes: object, jobChanges: object = {}): CronEntryRequest =>
    readCronEntryRequest(inJson({ ...entry, ...changes, job: { ...job, ...jobChanges } }), "json");
  const batch = { key: "k", when: "true", fold: "$new" };

  it("is checked in the protocol's order", () => {
    // Each has the mistakes of all that follow it.
    const scope = { unique_while: "never" };
    const both = { ...scope, unique_key: "k", batch };
    const late = { ...both, ready_at: 0 };
    const badQueue = { ...late, queue: "a\0" };
    const badType = { ...badQueue, type: "*" };
    assert.deepEqual([
      checkCronEntry(read({ name: "" }, badType)),
      checkCronEntry(read({}, badType)),
      checkCronEntry(read({}, badQueue)),
      checkCronEntry(read({}, late)),
      checkCronEntry(read({}, both)),
      checkCronEntry(read({}, scope)),
      checkCronEntry(read({}, { unique_while: "active" })),
      checkCronEntry(read({}, { batch, unique_while: "active" })),
    ], [
      "cron entry name must not be empty",
      "type must not contain '*' (reserved)",
      "queue must not contain null bytes",
      "ready_at is not supported for cron entries",
      "unique_key and batch cannot be combined",
      'invalid unique_while: "never" (expected "queued", "active", or "exists")',
      undefined,
      undefined,
    ]);
  });

  it("has a name of its own", () => {
    const named = (...names: string[]) => checkDuplicateNames(names.map((name) => read({ name })));
    assert.equal(named("a", "b", "A"), undefined);
    assert.equal(named("a", 'b"', "c", 'b"', "a"), 'duplicate cron entry name: "b\\""');
  });
});
