import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Format } from "../../src/protocol/codec.ts";
import { maxContainers } from "../../src/protocol/limits.ts";
import { decodeBody, decodeWithPayloads } from "../../src/protocol/raw-body.ts";

type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();
const message = /^more than 8388608 lists and objects$/;

/** `{[name]: [{}, {}, …]}`, so that there are `containers` in all. */
function json(name: string, containers: number): Bytes {
  const items = new Array<string>(containers - 2).fill(name === "payload" ? "[]" : "{}").join();
  return encoder.encode(`{"${name}":[${items}]}`);
}

/** The same as MessagePack, where each of them is one byte. */
function pack(name: string, containers: number): Bytes {
  const head = [0x81, 0xa0 | name.length, ...encoder.encode(name), 0xdd, 0, 0, 0, 0];
  const bytes = new Uint8Array(head.length + containers - 2).fill(name === "payload" ? 0x90 : 0x80);
  bytes.set(head);
  new DataView(bytes.buffer).setUint32(head.length - 4, containers - 2);
  return bytes;
}

const bodies: readonly [Format, (name: string, containers: number) => Bytes][] = [
  ["json", json],
  ["msgpack", pack],
];

for (const [format, make] of bodies) {
  describe(`a ${format} body of nothing but lists and objects`, () => {
    it("is refused when building it would take half a gigabyte", { timeout: 60_000 }, () => {
      for (const name of ["x", "payload", "jobs"]) {
        const bomb = make(name, maxContainers + 1);
        assert.throws(() => decodeBody(bomb, format), { name: "DecodeError", message });
        const decode = () => decodeWithPayloads(bomb, format, name === "jobs" ? "bulk" : "single");
        assert.throws(decode, { name: "DecodeError", message });
      }
    });

    it("is read when there are few, or when they are only in a text", { timeout: 60_000 }, () => {
      const { payloads } = decodeWithPayloads(make("payload", 50_000), format, "single");
      assert.equal(payloads.length, 1);
      if (format === "msgpack") return;
      const text = '[{\\"'.repeat(maxContainers / 2 + 1);
      assert.ok(decodeBody(encoder.encode(`{"x":"${text}"}`), format));
    });
  });
}
