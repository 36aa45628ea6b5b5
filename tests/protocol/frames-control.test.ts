import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createFrameDecoder } from "../../src/protocol/frame-streams.ts";
import { readControl } from "../../src/protocol/frames-control.ts";

const encoder = new TextEncoder();

/** Control frames as each format frames them; MessagePack of `{ "control": "a" }`. */
const frames = {
  "ndjson": encoder.encode('{"control":"a"}\n'),
  "sse": encoder.encode('event: control\ndata: {"control":"a"}\n\n'),
  "msgpack-stream": Uint8Array.of(0, 0, 0, 11, 0x81, 0xa7, ...encoder.encode("control"), 0xa1, 97),
} as const;

describe("readControl", () => {
  it("gives the kind of a document with 'control' and without 'id'", () => {
    assert.equal(readControl({ control: "drain", more: 1 }), "drain");
  });

  for (const document of [{ id: "a", control: "b" }, { control: 1 }, {}, [], null, "control", 7]) {
    it(`gives undefined for ${JSON.stringify(document)}`, () => {
      assert.equal(readControl(document), undefined);
    });
  }
});

describe("a control frame", () => {
  for (const format of ["ndjson", "sse", "msgpack-stream"] as const) {
    it(`of ${format} comes out of the decoder as one document`, () => {
      const decoder = createFrameDecoder(format);
      assert.equal(decoder.push(frames[format]).length, 1);
      decoder.end();
    });
  }
});
