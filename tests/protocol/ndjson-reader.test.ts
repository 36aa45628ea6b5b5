import assert from "node:assert/strict";
import { test } from "node:test";
import { DecodeError } from "../../src/protocol/codec.ts";
import { createNdjsonReader } from "../../src/protocol/ndjson-reader.ts";

const encode = (text: string) => new TextEncoder().encode(text);

test("an NDJSON stream gives its documents wherever its pieces end", () => {
  const documents = [{ text: "ä€😀" }, [1, 2], { __proto__: null, "": "\\u0000" }, "\n", 7];
  const bytes = encode(`\n${documents.map((one) => JSON.stringify(one)).join("\n\r\n")}\r\n`);
  for (let size = 1; size <= bytes.length; size++) {
    const reader = createNdjsonReader();
    const found: unknown[] = [];
    for (let at = 0; at < bytes.length; at += size) {
      // A copy: what is kept of a piece must not depend on it.
      const piece = bytes.slice(at, at + size);
      found.push(...reader.push(piece));
      piece.fill(0);
    }
    reader.end();
    assert.deepEqual(JSON.stringify(found), JSON.stringify(documents), `pieces of ${size}`);
  }
});

test("an NDJSON stream refuses a line that is too long, however it comes", () => {
  const limit = 10;
  const read = (...pieces: string[]) => {
    const reader = createNdjsonReader(limit);
    return pieces.flatMap((piece) => reader.push(encode(piece)));
  };
  assert.deepEqual(read('"12345678"\n'), ["12345678"]);
  assert.deepEqual(read('"1234', '5678"\n"12345678"\n'), ["12345678", "12345678"]);
  const tooLong = { name: "ProtocolError", message: /^Frame is longer than 10 bytes/ };
  assert.throws(() => read('"123456789"\n'), tooLong);
  assert.throws(() => read('"123456789"'), tooLong);
  assert.throws(() => read('"12345', '6789"\n'), tooLong);
  assert.throws(() => read("1\n", '"12345', '6789"', "\n"), tooLong);
});

test("an NDJSON stream that ends in a line, or is none, is told", () => {
  const reader = createNdjsonReader();
  assert.deepEqual(reader.push(encode("1\n2")), [1]);
  assert.throws(() => reader.end(), { message: "Stream ended in the middle of a frame" });
  assert.throws(() => createNdjsonReader().push(encode("1\n{]\n")), DecodeError);
  assert.throws(() => createNdjsonReader().push(Uint8Array.of(0x22, 0xff, 0x22, 0x0a)), {
    message: "text is not UTF-8",
  });
});
