/** The table of a job's fields, and what is made from it. */

import { decode } from "@msgpack/msgpack";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { toCronEntryWire } from "../../src/protocol/cron-wire.ts";
import { readCronEntry } from "../../src/protocol/cron-read.ts";
import { type EnqueueRequest, toEnqueueWire } from "../../src/protocol/enqueue.ts";
import { optionalMembers } from "../../src/store/enqueue.ts";
import { type JobField, jobFields } from "../../src/protocol/job-fields.ts";
import { readJob } from "../../src/protocol/job-read.ts";
import { type JobStatus, jobStatuses } from "../../src/protocol/job.ts";
import { newJobSchema, toStoredFields } from "../../src/protocol/new-job.ts";
import { PackWriter } from "../../src/protocol/pack-writer.ts";
import { type JobPatch, toPatchWire } from "../../src/protocol/patch.ts";
import { patchSchema } from "../../src/protocol/patch-request.ts";
import { type JobRecord, newRecord } from "../../src/protocol/record.ts";
import { jobToJson, type JobView } from "../../src/protocol/record-json.ts";
import { writeJob } from "../../src/protocol/record-pack.ts";
import { MessageError, readAs } from "../../src/protocol/schema.ts";
import { status, statuses } from "../../src/protocol/status.ts";
import { encodeWithPreEncoded } from "../../src/protocol/pre-encoded.ts";
import {
  changingMembers,
  jobColumns,
  metadataColumns,
  rareMembers,
} from "../../src/store/jobs-table.ts";
import { type Equal, expectType } from "../types/equal.ts";
import { fullRecord } from "../support/job-record.ts";

// The public type is written by hand.
expectType<Equal<JobStatus, (typeof statuses.wireNames)[number]>>();

const fields: readonly JobField[] = jobFields;
const all: JobView = { payload: false, extensions: true };
const wireNames = (chosen: readonly JobField[]) => chosen.map(({ wire }) => wire);
const names = (chosen: readonly JobField[]) => chosen.map(({ name }) => name);

const settings: Required<
  Omit<
    EnqueueRequest,
    "delayMs" | "dependsOn" | "strictDependencies" | "tags" | "history" | "meta" | "childOf"
  >
> = {
  type: "t",
  queue: "q",
  payload: null,
  priority: 1,
  readyAt: 2,
  retryLimit: 4,
  backoff: { exponent: 1.5, baseMs: 5, jitterMs: 6 },
  retention: { completedMs: 9, deadMs: 10 },
  uniqueKey: "k",
  uniqueWhile: "active",
  batch: { key: "b", when: "true", fold: "$new" },
  budgets: [{ key: "c", cost: 13 }],
};

describe("the fields of a job", () => {
  it("have the statuses that a client knows", () => {
    assert.deepEqual(statuses.wireNames, jobStatuses);
  });

  it("are written under their names and in their order, in both formats", () => {
    const writer = new PackWriter();
    writeJob(writer, fullRecord, all);
    const packed = decode(writer.end()) as object;
    const text = JSON.parse(jobToJson(fullRecord, all));
    assert.deepEqual(Object.keys(text), wireNames(fields));
    assert.deepEqual(Object.keys(packed), wireNames(fields));
    assert.deepEqual(packed, text);
  });

  it("are left out where they are null and may be", () => {
    const nulls = nullsOf(fields.filter(({ always }) => !always));
    const blank = { ...fullRecord, ...nulls };
    const empty = newRecord(blank, blank);
    const shown = fields.filter(({ name }) => empty[name as keyof JobRecord] !== null);
    const writer = new PackWriter();
    writeJob(writer, empty, all);
    assert.deepEqual(Object.keys(decode(writer.end()) as object), wireNames(shown));
    assert.deepEqual(Object.keys(JSON.parse(jobToJson(empty, all))), wireNames(shown));
    for (const { name } of fields.filter(({ always }) => always)) {
      assert.ok(names(shown).includes(name), name);
    }
  });

  it("are read by a client as they were written, and each is checked", () => {
    const wire = JSON.parse(jobToJson(fullRecord, all));
    const job = readJob(wire);
    assert.deepEqual(new Set(Object.keys(job)), new Set(names(fields)));
    for (const { wire: name, always } of fields) {
      for (const wrong of [{}, true, ...always ? [null, undefined] : []]) {
        // A retention is an object of which no member need be there.
        if (name === "retention" && typeof wrong === "object") continue;
        assert.throws(
          () => readJob({ ...wire, [name]: wrong }),
          (error) => error instanceof MessageError && error.message.startsWith(name),
          name,
        );
      }
      if (always) continue;
      const without = readJob({ ...wire, [name]: null });
      assert.equal(Object.keys(without).length, fields.length - 1, name);
    }
  });

  it("that an enqueue may set are sent, read and kept", () => {
    const wire = JSON.parse(JSON.stringify(toEnqueueWire(settings, 0)));
    const marked = fields.filter(({ enqueue }) => enqueue);
    assert.deepEqual(new Set(Object.keys(wire)), new Set([...wireNames(marked), "payload"]));
    const stored = toStoredFields({ ...readAs(newJobSchema, wire), payload: '{"p":14}' });
    const record = newRecord(stored, {
      ...stored,
      id: fullRecord.id,
      seq: 16,
      status: 1,
      readyAt: 2,
    });
    for (const { name } of marked) {
      const member = name as keyof JobRecord;
      assert.equal(record[member], fullRecord[member], name);
    }
  });

  it("that a patch may change are sent and read", () => {
    const patch: Required<Omit<JobPatch, "tags">> = {
      queue: settings.queue,
      priority: settings.priority,
      readyAt: settings.readyAt,
      retryLimit: settings.retryLimit,
      backoff: settings.backoff!,
      retention: settings.retention!,
    };
    const wire = JSON.parse(JSON.stringify(toPatchWire(patch)));
    assert.deepEqual(Object.keys(wire), wireNames(fields.filter((field) => field.patch)));
    assert.deepEqual(readAs(patchSchema, wire), patch);
  });

  it("that a cron template has are shown and read, in both formats", () => {
    const entry = {
      ...fullRecord,
      group: "g",
      name: "e",
      expression: "@daily",
      timezone: null,
      paused: 0,
      pausedAt: null,
      resumedAt: null,
      nextAt: 1,
      lastAt: null,
      tags: null,
      meta: null,
      everyMs: null,
      startAt: null,
      catchUp: 0,
      backlog: 0,
      count: 0,
      lastJobId: null,
    };
    const text = JSON.parse(encodeWithPreEncoded(toCronEntryWire(entry), "json") as string);
    const packed = decode(encodeWithPreEncoded(toCronEntryWire(entry), "msgpack") as Uint8Array);
    assert.deepEqual(packed, text);
    const marked = fields.filter(({ cron }) => cron);
    assert.deepEqual(new Set(Object.keys(text.job)), new Set([...wireNames(marked), "payload"]));
    const { job } = readCronEntry(text);
    assert.deepEqual(new Set(Object.keys(job)), new Set([...names(marked), "payload"]));
    assert.deepEqual(
      job,
      pick(
        readJob(JSON.parse(jobToJson(fullRecord, {
          payload: true,
          extensions: true,
        }))),
        Object.keys(job),
      ),
    );
  });

  it("are columns of their names, the payload's two besides", () => {
    const columns = fields.map(({ name, wire }) => `${wire} AS "${name}"`).join(", ");
    assert.equal(metadataColumns, `${columns}, seq AS "seq", traits AS "traits"`);
    const payload =
      'seq AS "seq", traits AS "traits", payload_json AS "payloadJson", payload_pack AS "payloadPack"';
    assert.equal(jobColumns(), `${columns}, ${payload}`);
    assert.equal(
      jobColumns({ status: "2" }),
      `${columns.replace("status AS", "2 AS")}, ${payload}`,
    );
  });

  it("are inserted with every job, or with few, and changed later", () => {
    assert.deepEqual([rareMembers, changingMembers].map((list) => list.join()), [
      "uniqueKey,uniqueWhile,batch,budgets",
      "queue,priority,status,readyAt,attempts,retryLimit,backoff,failedAt,retention,purgeAt,completedAt,traits",
    ]);
    // Written out where jobs are stored, for speed.
    const constant = ["id", "type", "queue", "readyAt"];
    const settable = jobFields.filter(({ name, enqueue, rare }) =>
      (enqueue && !rare) || name === "id" || name === "status"
    );
    assert.deepEqual(
      new Set<string>([...constant, ...optionalMembers]),
      new Set([...names(settable), "payloadJson", "payloadPack", "traits"]),
    );
  });
});

describe("a new record", () => {
  it("has every field, and nothing that came later", () => {
    const record = newRecord(fullRecord, { ...fullRecord, status: status.ready });
    assert.deepEqual(
      new Set(Object.keys(record)),
      new Set([...names(fields), "seq", "traits", "payloadJson", "payloadPack"]),
    );
    assert.deepEqual([record.attempts, record.dequeuedAt, record.purgeAt], [0, null, null]);
  });
});

function nullsOf(chosen: readonly JobField[]): object {
  return Object.fromEntries(chosen.map(({ name }) => [name, null]));
}

function pick(item: object, members: readonly string[]): object {
  return Object.fromEntries(Object.entries(item).filter(([name]) => members.includes(name)));
}
