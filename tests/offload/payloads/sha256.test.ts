import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { createSha256, sha256Hex } from "../../../src/offload/payloads/sha256.ts";
import { toBytes } from "./store-suite.ts";

describe("SHA-256 of pieces", () => {
  it("gives the digests of the standard", () => {
    const digest = createSha256();
    digest.update(new TextEncoder().encode("abc"));
    assert.equal(
      digest.hex(),
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    assert.equal(
      createSha256().hex(),
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
  });

  it("gives what WebCrypto gives, for every length about a block and however it is cut", async () => {
    for (let length = 0; length < 200; length++) {
      const bytes = toBytes(length);
      const digest = createSha256();
      const piece = 1 + (length * 7) % 90;
      for (let at = 0; at < length; at += piece) digest.update(bytes.subarray(at, at + piece));
      assert.equal(digest.hex(), await sha256Hex(bytes), `${length} bytes by ${piece}`);
    }
  });

  it("gives the same of megabytes", async () => {
    const digest = createSha256();
    for (let at = 0; at < 4; at++) digest.update(toBytes(1 << 20));
    const whole = new Uint8Array(4 << 20);
    for (let at = 0; at < 4; at++) whole.set(toBytes(1 << 20), at << 20);
    assert.equal(digest.hex(), await sha256Hex(whole));
  });
});
