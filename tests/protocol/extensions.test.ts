/** What only a Millrace broker tells, and only to who asks. */

import { decode } from "@msgpack/msgpack";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  extensionsHeader,
  extensionsVersion,
  wantsExtensions,
} from "../../src/protocol/extensions.ts";
import { createFrameDecoder } from "../../src/protocol/frame-streams.ts";
import { encodeFrames } from "../../src/protocol/frames.ts";
import { readJob } from "../../src/protocol/job-read.ts";
import { jsonCodec } from "../../src/protocol/json.ts";
import { msgpackCodec } from "../../src/protocol/msgpack.ts";
import { PackWriter } from "../../src/protocol/pack-writer.ts";
import { jobToJson, wholeView } from "../../src/protocol/record-json.ts";
import { writeJob } from "../../src/protocol/record-pack.ts";
import { MessageError } from "../../src/protocol/schema.ts";
import { fullRecord } from "../support/job-record.ts";

const extended = { payload: true, extensions: true };

describe("wantsExtensions", () => {
  it("is true for the header with the version that is known, and for nothing else", () => {
    const wants = (headers: HeadersInit) => wantsExtensions(new Headers(headers));
    assert.equal(wants({ [extensionsHeader]: extensionsVersion }), true);
    assert.equal(wants({ "Millrace-Extensions": "1" }), true);
    assert.equal(wants({}), false);
    assert.equal(wants({ [extensionsHeader]: "" }), false);
    assert.equal(wants({ [extensionsHeader]: "2" }), false);
  });
});

describe("the deliveries of a job", () => {
  it("are written for who asks for extensions, behind the fields of the protocol", () => {
    const writer = new PackWriter();
    writeJob(writer, fullRecord, extended, 1);
    writer.text("x");
    writer.nil();
    const packed = decode(writer.end()) as object;
    const text = JSON.parse(jobToJson(fullRecord, extended, ',"x":null'));
    for (const job of [packed, text]) {
      assert.deepEqual(Object.entries(job).slice(-2), [["deliveries", 15], ["x", null]]);
    }
    assert.equal(JSON.parse(jobToJson({ ...fullRecord, deliveries: 0 }, extended)).deliveries, 0);
  });

  it("are not written for who does not", () => {
    const writer = new PackWriter();
    writeJob(writer, fullRecord, wholeView);
    assert.ok(!("deliveries" in (decode(writer.end()) as object)));
    assert.ok(!("deliveries" in JSON.parse(jobToJson(fullRecord, wholeView))));
  });

  for (const format of ["ndjson", "msgpack-stream", "sse"] as const) {
    it(`stand in frames of ${format} for who asks`, () => {
      const codec = format === "msgpack-stream" ? msgpackCodec : jsonCodec;
      const read = (bytes: Uint8Array<ArrayBuffer>) =>
        createFrameDecoder(format).push(bytes).map((frame) => readJob(codec.decode(frame)));
      assert.deepEqual(
        read(encodeFrames(format, [fullRecord, { ...fullRecord, deliveries: 16 }], extended))
          .map(({ deliveries }) => deliveries),
        [15, 16],
      );
      const [job] = read(encodeFrames(format, [fullRecord]));
      assert.ok(!("deliveries" in job!));
    });
  }

  it("are read by a client if they are there, and checked", () => {
    const wire = JSON.parse(jobToJson(fullRecord, wholeView));
    assert.ok(!("deliveries" in readJob(wire)));
    assert.equal(readJob({ ...wire, deliveries: 2 }).deliveries, 2);
    assert.throws(() => readJob({ ...wire, deliveries: -1 }), MessageError);
  });
});
