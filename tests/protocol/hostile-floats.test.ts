import { encode } from "@msgpack/msgpack";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Format } from "../../src/protocol/codec.ts";
import {
  type BodyBytes,
  readEnqueue,
  readEnqueueBulk,
  readFailure,
  readPatch,
} from "../../src/protocol/request-body.ts";

const encoder = new TextEncoder();

/** A JSON body with `number` in the place of `#`. */
const json = (body: string, number: string) => encoder.encode(body.replace("#", number));

/** The same body as MessagePack, with the bytes of `number` in that place. */
function pack(body: string, number: readonly number[]): BodyBytes {
  const bytes = [...encode(JSON.parse(body.replace("#", '"HERE"')))];
  const place = encode("HERE");
  const at = bytes.findIndex((_, i) => place.every((byte, j) => bytes[i + j] === byte));
  bytes.splice(at, place.length, ...number);
  return Uint8Array.from(bytes);
}

const wholeFloats = ["1.0", "1e3", "1E+2", "15e-0", "10.00e-1", "1000000000000000000000e-5"];
const packedFloats = [[0xca, 0x3f, 0x80, 0, 0], [0xcb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0]];

type Read = (bytes: BodyBytes, format: Format) => unknown;

const job = (member: string) => `{"type":"t","queue":"q","payload":1.0,${member}}`;
const jobs = (member: string) => `{"jobs":[${job('"x":1')},${job(member)}]}`;

/** What is read by what, and the field that its message names. */
const integers: readonly [Read, string, string][] = [
  ...["priority", "ready_at", "retry_limit"].flatMap((name): [Read, string, string][] => [
    [readEnqueue, job(`"${name}" :\n #`), name],
    [readEnqueueBulk, jobs(`"${name}":#`), `jobs[1].${name}`],
    [readPatch, `{"${name}":#}`, name],
  ]),
  [readEnqueue, job('"pri\\u006frity":#'), "priority"],
  ...["base_ms", "jitter_ms"].flatMap((name): [Read, string, string][] => {
    const backoff = `"backoff":{"exponent":2.0,"base_ms":1,"jitter_ms":1,"${name}":#}`;
    return [
      [readEnqueue, job(backoff), `backoff.${name}`],
      [readEnqueueBulk, jobs(backoff), `jobs[1].backoff.${name}`],
      [readPatch, `{${backoff}}`, `backoff.${name}`],
    ];
  }),
  ...["completed_ms", "dead_ms"].flatMap((name): [Read, string, string][] => [
    [readEnqueue, job(`"retention":{"${name}":#}`), `retention.${name}`],
    [readPatch, `{"retention":{"${name}":#}}`, `retention.${name}`],
  ]),
  [readEnqueue, job('"budgets":[{"key":"k","cost":#}]'), "budgets[0].cost"],
  [readFailure, '{"message":"at line 1.5","retry_at":#}', "retry_at"],
];

/** Where a whole float is as good as any number, or nobody looks. */
const elsewhere: readonly [Read, string][] = [
  [readEnqueue, job('"backoff":{"exponent":#,"base_ms":1,"jitter_ms":1}')],
  [readEnqueue, job('"other":{"priority":#,"base_ms":[#]}')],
  [readEnqueue, job('"x":#,"y":"\\"priority\\":1.0"').replace("1.0", '{"priority":1.0}')],
  [readEnqueueBulk, `{"retry_at":#,${jobs('"other":{"ready_at":1}').slice(1)}`],
  [readPatch, '{"backoff":{"exponent":#,"base_ms":1,"jitter_ms":1},"attempts":1.0}'],
  [readPatch, '{"payload":{"priority":#}}'],
  [readFailure, '{"message":"m","attempt":#}'],
];

describe("a whole float", () => {
  it("is refused where the protocol wants an integer, and the field is named", () => {
    for (const [read, body, field] of integers) {
      const message = new RegExp(
        `^${
          field.replace(/[[\].]/g, "\\$&")
        }: expected an integer from 0 to [0-9]+, got the float 1`,
      );
      for (const number of wholeFloats) {
        const refused = () => read(json(body, number), "json");
        assert.throws(refused, { name: "MessageError", message }, `${body} ${number}`);
      }
      for (const float of packedFloats) {
        const refused = () => read(pack(body, float), "msgpack");
        assert.throws(refused, { name: "MessageError", message }, body);
      }
      assert.ok(read(json(body, "1"), "json"), body);
      assert.ok(read(pack(body, [1]), "msgpack"), body);
    }
  });

  it("is read everywhere else", () => {
    for (const [read, body] of elsewhere) {
      for (const number of wholeFloats) {
        assert.ok(read(encoder.encode(body.replaceAll("#", number)), "json"));
      }
      if (body.split("#").length > 2) continue;
      for (const float of packedFloats) assert.ok(read(pack(body, float), "msgpack"), body);
    }
  });

  it("does not count as an object, a text or a list", () => {
    const bodies: readonly [Read, string][] = [
      [readEnqueue, job('"backoff":#')],
      [readEnqueue, job('"retention":#')],
      [readEnqueue, job('"queue":#')],
      [readEnqueueBulk, '{"jobs":#}'],
      [readEnqueueBulk, '{"jobs":[#]}'],
      [readPatch, '{"retention":#}'],
      [readPatch, "#"],
      [readFailure, '{"message":#}'],
      [readFailure, '{"message":"m","kill":#}'],
    ];
    for (const [read, body] of bodies) {
      assert.throws(() => read(json(body, "1.0"), "json"), { name: "MessageError" }, body);
      for (const float of packedFloats) {
        assert.throws(() => read(pack(body, float), "msgpack"), { name: "MessageError" }, body);
      }
    }
  });

  it("cannot overflow the stack from a depth that plain integers may have", () => {
    const deep = `${"[".repeat(100_000)}1.0${"]".repeat(100_000)}`;
    for (const read of [readPatch, readFailure, readEnqueue]) {
      try {
        read(encoder.encode(`{"message":"m","x":${deep}}`), "json");
      } catch (error) {
        assert.match((error as Error).name, /^(Decode|Message)Error$/);
      }
    }
  });
});
