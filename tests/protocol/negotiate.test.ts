import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bodyFormat, responseFormat, streamFormat } from "../../src/protocol/negotiate.ts";

/** Checks what each header value is taken for. */
function expectFormats(
  read: (header: string | null) => string | undefined,
  formats: [header: string | null, format: string | undefined][],
) {
  for (const [header, format] of formats) assert.equal(read(header), format, `${header}`);
}

describe("responseFormat", () => {
  it("prefers MessagePack, and asks for a known type", () => {
    expectFormats(responseFormat, [
      [null, "json"],
      ["*/*", "json"],
      ["text/html, application/json;q=0.1", "json"],
      ["application/json, application/msgpack", "msgpack"],
      ["", undefined],
      ["application/*", undefined],
      ["application/x-msgpack", undefined],
      ["application/x-ndjson", undefined],
      ["APPLICATION/JSON", undefined],
      ["application/json; é", undefined],
    ]);
  });
});

describe("bodyFormat", () => {
  it("refuses what a form would send", () => {
    expectFormats(bodyFormat, [
      [null, "json"],
      ["application/json; charset=utf-8", "json"],
      ["application/msgpack", "msgpack"],
      ["application/x-www-form-urlencoded", undefined],
      ["*/*", undefined],
      ["", undefined],
    ]);
  });
});

describe("streamFormat", () => {
  it("prefers events, then MessagePack", () => {
    expectFormats(streamFormat, [
      [null, "ndjson"],
      ["*/*", "ndjson"],
      ["application/json", "ndjson"],
      ["application/x-ndjson, text/event-stream", "sse"],
      ["application/x-ndjson, application/msgpack", "msgpack-stream"],
      ["application/vnd.zizq.msgpack-stream", "msgpack-stream"],
      ["text/html", undefined],
      ["", undefined],
    ]);
  });
});
