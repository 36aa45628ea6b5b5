/**
 * Integers at the end of 64 bits, in every field and parameter that takes an instant or a duration: clients send
 * 2^64 − 1 to mean "never", and one more is none of the protocol's integers. As numbers the two are the same.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Encoder } from "@msgpack/msgpack";
import { policyPatchSchema, policySchema } from "../../src/protocol/budget.ts";
import type { Format } from "../../src/protocol/codec.ts";
import { DecodeError } from "../../src/protocol/codec.ts";
import { readJob } from "../../src/protocol/job-read.ts";
import { jsonCodec } from "../../src/protocol/json.ts";
import { msgpackCodec } from "../../src/protocol/msgpack.ts";
import { QueryError, readListQuery, readPatchSelection } from "../../src/protocol/query.ts";
import {
  type BodyBytes,
  readCronEntryRequest,
  readCronGroupRequest,
  readEnqueue,
  readEnqueueBulk,
  readerOf,
  readFailure,
  readPatch,
} from "../../src/protocol/request-body.ts";
import { MessageError } from "../../src/protocol/schema.ts";

const last = 2n ** 64n - 1n;
const kept = Number.MAX_SAFE_INTEGER;

/** What is read of a number: what was kept of it. */
type Read = (bytes: BodyBytes, format: Format) => unknown;

const job = (field: string) => `{"type":"t","queue":"q","payload":1,${field}}`;
const entry = (field: string) => `{"name":"e","expression":"* * * * *","job":${job(field)}}`;
const policy = (ms: string) =>
  `{"allocation":1,"strategy":{"type":"time_based","duration_ms":${ms}}}`;
const retained = (text: string | null) => Object.values(JSON.parse(text!))[0];

/** Each place: the JSON of a body, given the number's text, and what is read of it. */
const places: readonly (readonly [string, (number: string) => string, Read])[] = [
  ["ready_at", (n) => job(`"ready_at":${n}`), (...body) => readEnqueue(...body).readyAt],
  [
    "jobs[1].ready_at",
    (n) => `{"jobs":[${job('"priority":1')},${job(`"ready_at":${n}`)}]}`,
    (...body) => readEnqueueBulk(...body)[1]!.readyAt,
  ],
  ...["completed_ms", "dead_ms"].map((member) =>
    [
      `retention.${member}`,
      (n: string) => job(`"retention":{"${member}":${n}}`),
      (...body: Parameters<Read>) => retained(readEnqueue(...body).retention),
    ] as const
  ),
  [
    "job.retention.dead_ms",
    (n) => entry(`"retention":{"dead_ms":${n}}`),
    (...body) => retained(readCronEntryRequest(...body).job.retention),
  ],
  [
    "entries[0].job.retention.dead_ms",
    (n) => `{"entries":[${entry(`"retention":{"dead_ms":${n}}`)}]}`,
    (...body) => retained(readCronGroupRequest(...body).entries[0]!.job.retention),
  ],
  [
    "retry_at",
    (n) => `{"message":"m","retry_at":${n}}`,
    (...body) => readFailure(...body).retryAt,
  ],
  ["ready_at", (n) => `{"ready_at":${n}}`, (...body) => readPatch(...body).readyAt],
  ...(["completed_ms", "dead_ms"] as const).map((member) =>
    [
      `retention.${member}`,
      (n: string) => `{"retention":{"${member}":${n}}}`,
      (...body: Parameters<Read>) =>
        readPatch(...body).retention![member === "dead_ms" ? "deadMs" : "completedMs"],
    ] as const
  ),
  [
    "strategy.duration_ms",
    policy,
    (...body) => readerOf(policySchema)(...body).strategy.durationMs,
  ],
  [
    "strategy.duration_ms",
    (n) => `{"strategy":{"duration_ms":${n}}}`,
    (...body) => readerOf(policyPatchSchema)(...body).strategy!.durationMs,
  ],
  [
    "budgets[0].create_with.strategy.duration_ms",
    (n) => job(`"budgets":[{"key":"k","create_with":${policy(n)}}]`),
    (...body) => readEnqueue(...body).budgets[0]!.createWith!.strategy.durationMs,
  ],
];

const json = (text: string) => new TextEncoder().encode(text);

/** The same body in MessagePack, where the number is a 64-bit integer, or a float if it is beyond. */
function pack(body: (number: string) => string, number: bigint): BodyBytes {
  const encoder = new Encoder({ useBigInt64: true });
  const value = JSON.parse(
    body('"NUMBER"'),
    (_key, member) => member === "NUMBER" ? number > last ? Number(number) : number : member,
  );
  return encoder.encode(value) as BodyBytes;
}

for (const [field, body, read] of places) {
  describe(`${field} of ${body("N")}`, () => {
    it("keeps what is exact, and 2^53 − 1 of all from there to 2^64 − 1, in both formats", () => {
      for (
        const [number, expected] of [
          [2n ** 53n - 2n, kept - 1],
          [2n ** 53n - 1n, kept],
          [2n ** 53n, kept],
          [2n ** 63n, kept],
          [last - 2048n, kept],
          [last - 1n, kept],
          [last, kept],
        ] as const
      ) {
        assert.equal(read(json(body(`${number}`)), "json"), expected, `${number}`);
        assert.equal(read(pack(body, number), "msgpack"), expected, `${number}`);
      }
    });

    it("refuses more than 2^64 − 1, and less than nothing, in both formats", () => {
      const refused = (error: unknown) =>
        error instanceof MessageError && error.message.startsWith(
          `${field}: expected an integer from 0 to 18446744073709551615, got `,
        );
      for (const number of [last + 1n, last + 2n, last + 2049n, last * 3n, 10n ** 30n, -1n]) {
        assert.throws(() => read(json(body(`${number}`)), "json"), refused, `${number}`);
        assert.throws(() => read(pack(body, number), "msgpack"), refused, `${number}`);
      }
      assert.throws(() => read(json(body("18446744073709551615.0")), "json"), refused);
      assert.throws(() => read(json(body("1.8446744073709551615e19")), "json"), refused);
    });
  });
}

describe("a body with such an integer", () => {
  it("is refused for another field as it would be without", () => {
    const text = job(`"ready_at":${last},"priority":-1`);
    assert.throws(() => readEnqueue(json(text), "json"), {
      message: "priority: expected an integer from 0 to 65535, got -1",
    });
  });

  it("keeps its payload byte for byte", () => {
    const payload = '{"a":18446744073709551616,"b":[18446744073709551615]}';
    const text = `{"payload":${payload},"type":"t","queue":"q","ready_at":${last}}`;
    const read = readEnqueue(json(text), "json");
    assert.deepEqual([read.payload, read.readyAt], [payload, kept]);
    const bad = text.replace(`"ready_at":${last}`, `"ready_at":${last + 1n}`);
    assert.throws(() => readEnqueue(json(bad), "json"), MessageError);
  });

  it("is not decoded when it is nested too deeply", () => {
    const deep = `{"ready_at":${last},"x":${"[".repeat(200_000)}${"]".repeat(200_000)}}`;
    assert.throws(
      () => readPatch(json(deep), "json"),
      (error) => error instanceof DecodeError || error instanceof MessageError,
    );
  });
});

describe("an answer", () => {
  it("of a foreign broker may hold 2^64 − 1, and is read as 2^53 − 1", () => {
    const text =
      `{"id":"i","type":"t","queue":"q","priority":1,"status":"ready","ready_at":${last},` +
      `"attempts":0,"retention":{"dead_ms":${last}},"purge_at":${last}}`;
    for (
      const value of [
        jsonCodec.decode(json(text)),
        msgpackCodec.decode(pack(() => text.replaceAll(`${last}`, '"NUMBER"'), last)),
      ]
    ) {
      const { readyAt, retention, purgeAt } = readJob(value);
      assert.deepEqual([readyAt, retention, purgeAt], [kept, { deadMs: kept }, kept]);
    }
  });
});

const queries = {
  "a listing": (search: string) => readListQuery(search).jobs,
  "a patch": readPatchSelection,
};

for (const [name, read] of Object.entries(queries)) {
  describe(`a range in the query of ${name}`, () => {
    it("keeps 2^53 − 1 of all from there to 2^64 − 1", () => {
      for (const number of [2n ** 53n - 1n, 2n ** 53n, last - 1n, last]) {
        assert.deepEqual(read(`ready_at=${number}`).readyAt, { min: kept, max: kept });
      }
      assert.deepEqual(read(`ready_at=${last - 1n}..`).readyAt, { min: kept });
      assert.deepEqual(read(`ready_at=..${last - 1n}`).readyAt, { max: kept });
      assert.deepEqual(read(`ready_at=5..${last}`).readyAt, { min: 5 });
    });

    it("refuses a bound beyond what the field holds", () => {
      for (
        const range of [
          `ready_at=${last + 1n}`,
          `ready_at=${last + 1n}..`,
          `ready_at=..${last + 1n}`,
          `ready_at=1..${10n ** 30n}`,
          `attempts=${2n ** 32n}`,
          `attempts=..${last}`,
          "priority=65536",
          `priority=0..${last}`,
        ]
      ) {
        assert.throws(
          () => read(range),
          (error) => error instanceof QueryError && error.status === 400,
          range,
        );
      }
    });
  });
}
