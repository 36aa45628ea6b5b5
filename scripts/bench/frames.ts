/**
 * How fast the bytes of the protocol are read and written, with no network and no store around them.
 *
 *     deno run scripts/bench/frames.ts
 *
 * @module
 */

import { pathToFileURL } from "node:url";
import { encodeFrames } from "../../src/protocol/frames.ts";
import { createFrameDecoder } from "../../src/protocol/frame-streams.ts";
import { readJob } from "../../src/protocol/job-read.ts";
import { jsonCodec } from "../../src/protocol/json.ts";
import { msgpackCodec } from "../../src/protocol/msgpack.ts";
import { PackWriter } from "../../src/protocol/pack-writer.ts";
import type { JobRecord } from "../../src/protocol/record.ts";
import { jobToJson, wholeView } from "../../src/protocol/record-json.ts";
import { writeJob } from "../../src/protocol/record-pack.ts";
import { readEnqueueBulk } from "../../src/protocol/request-body.ts";
import { status } from "../../src/protocol/status.ts";
import type { StreamFormat } from "../../src/protocol/stream-format.ts";

/** One measurement: what a single frame or job costs. */
interface FrameRow {
  readonly name: string;
  readonly microseconds: number;
  readonly perSecond: number;
}

type Bytes = Uint8Array<ArrayBuffer>;

const frameCount = 100_000;
const bulkSize = 1000;
const rounds = 30;
const formats: readonly StreamFormat[] = ["ndjson", "msgpack-stream", "sse"];
const payload = { to: "ada@example.com", subject: "Hello, Ada", tries: 3, tags: ["a", "b"] };

/** Measures everything once. */
function benchFrames(): FrameRow[] {
  return [
    ...writeRows(),
    ...formats.flatMap(decodeRows),
    ...bodyRows(),
    ...formats.map(encodeRow),
    ...readRows(),
  ];
}

/** Jobs that have nothing of what is optional but what every taken job has, and jobs that have all. */
function writeRows(): FrameRow[] {
  const [plain] = manyRecords("ndjson", 1) as [JobRecord];
  const full: JobRecord = {
    ...plain,
    retryLimit: 5,
    backoff: '{"exponent":1.5,"base_ms":1000,"jitter_ms":200}',
    failedAt: plain.readyAt - 1000,
    retention: '{"completed_ms":60000,"dead_ms":3600000}',
    purgeAt: plain.readyAt + 3_600_000,
    completedAt: plain.readyAt + 1000,
    uniqueKey: "welcome ada",
    uniqueWhile: "active",
    batch: '{"key":"mail","when":"true","fold":"$new"}',
    budgets: '[{"key":"smtp","cost":2}]',
  };
  return [["plain", plain] as const, ["full", full] as const].flatMap(([kind, record]) => {
    const jobs = Array.from(
      { length: bulkSize },
      (_, i) => ({ ...record, readyAt: record.readyAt + i }),
    );
    return [
      measure(`write a ${kind} job, json`, bulkSize, rounds, () => {
        let length = 0;
        for (const job of jobs) length += jobToJson(job, wholeView).length;
        if (length < bulkSize) throw new Error(`${length} characters came out`);
      }),
      measure(`write a ${kind} job, msgpack`, bulkSize, rounds, () => {
        const writer = new PackWriter();
        for (const job of jobs) writeJob(writer, job, wholeView);
      }),
      readRow(kind, jobs[0]!),
    ];
  });
}

function readRow(kind: string, job: JobRecord): FrameRow {
  const wire = JSON.parse(jobToJson(job, wholeView));
  return measure(`read a decoded job, ${kind}`, bulkSize, rounds, () => {
    for (let i = 0; i < bulkSize; i++) readJob(wire);
  });
}

function decodeRows(format: StreamFormat): FrameRow[] {
  const bytes = encodeFrames(format, manyRecords(format, frameCount));
  return [65_536, 1].map((size) => {
    const chunks: Bytes[] = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
    return measure(`decode ${format}, chunks of ${size} B`, frameCount, size === 1 ? 2 : 5, () => {
      const decoder = createFrameDecoder(format);
      let frames = 0;
      for (const chunk of chunks) frames += decoder.push(chunk).length;
      decoder.end();
      if (frames !== frameCount) throw new Error(`${frames} frames of ${frameCount} came out`);
    });
  });
}

function bodyRows(): FrameRow[] {
  const job = { type: "send-email", queue: "mail", priority: 100, payload };
  const body = { jobs: Array.from({ length: bulkSize }, () => job) };
  return [jsonCodec, msgpackCodec].map(({ format, encode }) => {
    const bytes = encode(body);
    return measure(`read a bulk body, ${format}`, bulkSize, rounds, () => {
      readEnqueueBulk(bytes, format);
    });
  });
}

function encodeRow(format: StreamFormat): FrameRow {
  const jobs = manyRecords(format, bulkSize);
  return measure(`encode frames, ${format}`, bulkSize, rounds, () => {
    encodeFrames(format, jobs);
  });
}

function readRows(): FrameRow[] {
  return (["ndjson", "msgpack-stream"] as const).map((format) => {
    const codec = format === "ndjson" ? jsonCodec : msgpackCodec;
    const frames = createFrameDecoder(format).push(
      encodeFrames(format, manyRecords(format, bulkSize)),
    );
    return measure(`decode and read a job, ${codec.format}`, bulkSize, rounds, () => {
      for (const frame of frames) readJob(codec.decode(frame));
    });
  });
}

/** The best of some rounds, after a few to warm up. */
function measure(name: string, items: number, rounds: number, run: () => void): FrameRow {
  let best = Infinity;
  for (let round = 0; round < rounds + 2; round++) {
    const start = performance.now();
    run();
    if (round >= 2) best = Math.min(best, performance.now() - start);
  }
  const microseconds = best * 1000 / items;
  return { name, microseconds, perSecond: 1e6 / microseconds };
}

function manyRecords(format: StreamFormat, count: number): JobRecord[] {
  const packed = format === "msgpack-stream";
  const record: JobRecord = {
    id: "03gpvzbsk7dnm0000000abcde",
    seq: 16,
    type: "send-email",
    queue: "mail",
    priority: 100,
    status: status.inFlight,
    readyAt: 1_790_000_000_000,
    attempts: 1,
    retryLimit: null,
    backoff: null,
    dequeuedAt: 1_790_000_000_100,
    failedAt: null,
    retention: null,
    purgeAt: null,
    completedAt: null,
    uniqueKey: null,
    uniqueWhile: null,
    batch: null,
    budgets: null,
    traits: 0,
    deliveries: 1,
    payloadJson: packed ? null : JSON.stringify(payload),
    payloadPack: packed ? msgpackCodec.encode(payload) : null,
  };
  return Array.from({ length: count }, () => record);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const rows = benchFrames();
  for (const { name, microseconds, perSecond } of rows) {
    const rate = Math.round(perSecond).toLocaleString("en");
    console.log(
      `${name.padEnd(42)} ${microseconds.toFixed(2).padStart(7)} µs ${rate.padStart(12)}/s`,
    );
  }
  console.log(JSON.stringify(rows));
}
