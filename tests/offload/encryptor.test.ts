import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { PayloadError } from "../../src/errors.ts";
import { createEncryptor } from "../../src/offload/mod.ts";
import { toBytes } from "./payloads/store-suite.ts";

const one = { id: "one", key: toBytes(32) };
const two = { id: "two", key: toBytes(64).subarray(32) };
const text = (value: string) => new TextEncoder().encode(value);

describe("an encryptor", () => {
  it("gives back what it encrypted, for what it was encrypted for", async () => {
    const encryptor = createEncryptor({ keys: [one] });
    for (const length of [0, 1, 100_000]) {
      const encrypted = await encryptor.encrypt(toBytes(length), "job 1");
      assert.deepEqual(await encryptor.decrypt(encrypted, "job 1"), toBytes(length));
      await assert.rejects(encryptor.decrypt(encrypted, "job 2"), PayloadError);
    }
  });

  it("never gives the same twice, and shows nothing", async () => {
    const encryptor = createEncryptor({ keys: [one] });
    const first = await encryptor.encrypt(text("the quick brown fox"), "a");
    const second = await encryptor.encrypt(text("the quick brown fox"), "a");
    assert.notDeepEqual(first, second);
    assert.equal(new TextDecoder("latin1").decode(first).includes("quick"), false);
  });

  it("notices any byte that was changed, cut off or added", async () => {
    const encryptor = createEncryptor({ keys: [one, two] });
    const encrypted = await encryptor.encrypt(text("Hello"), "a");
    for (let at = 0; at < encrypted.length; at++) {
      const changed = encrypted.slice();
      changed[at]! ^= 1;
      await assert.rejects(encryptor.decrypt(changed, "a"), PayloadError, `byte ${at}`);
      await assert.rejects(encryptor.decrypt(encrypted.subarray(0, at), "a"), PayloadError);
    }
    const longer = new Uint8Array([...encrypted, 0]);
    await assert.rejects(encryptor.decrypt(longer, "a"), PayloadError);
  });

  it("reads what older keys wrote, and writes with the first", async () => {
    const before = createEncryptor({ keys: [one] });
    const between = createEncryptor({ keys: [one, two] });
    const after = createEncryptor({ keys: [two, one] });
    const end = createEncryptor({ keys: [two] });
    const old = await before.encrypt(text("old"), "a");
    const fresh = await after.encrypt(text("new"), "a");
    for (const encryptor of [between, after]) {
      assert.deepEqual(await encryptor.decrypt(old, "a"), text("old"));
      assert.deepEqual(await encryptor.decrypt(fresh, "a"), text("new"));
    }
    await assert.rejects(end.decrypt(old, "a"), {
      message: "Unknown encryption key 'one', expected one of two",
    });
    await assert.rejects(before.decrypt(fresh, "a"), /Unknown encryption key 'two'/);
  });

  it("does not take one key for another of the same id", async () => {
    const encrypted = await createEncryptor({ keys: [one] }).encrypt(text("a"), "a");
    const other = createEncryptor({ keys: [{ id: "one", key: two.key }] });
    await assert.rejects(other.decrypt(encrypted, "a"), /had another key of that id/);
  });

  it("takes keys as bytes, base64 of both alphabets, and of WebCrypto", async () => {
    const key = Uint8Array.from({ length: 32 }, (_, at) => 255 - at);
    const base64 = btoa(String.fromCharCode(...key));
    assert.match(base64, /[+/]/);
    const forURLs = base64.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    const ready = await crypto.subtle.importKey("raw", key, "AES-GCM", false, [
      "encrypt",
      "decrypt",
    ]);
    const encrypted = await createEncryptor({ keys: [{ id: "k", key }] }).encrypt(text("a"), "");
    for (const given of [base64, `${base64}\n`, forURLs, ready]) {
      const encryptor = createEncryptor({ keys: [{ id: "k", key: given }] });
      assert.deepEqual(await encryptor.decrypt(encrypted, ""), text("a"));
    }
  });

  it("is not changed when the bytes of the key are wiped", async () => {
    const key = toBytes(32);
    const encryptor = createEncryptor({ keys: [{ id: "one", key }] });
    key.fill(0);
    const encrypted = await encryptor.encrypt(text("a"), "a");
    assert.deepEqual(await createEncryptor({ keys: [one] }).decrypt(encrypted, "a"), text("a"));
  });

  it("says what is wrong with its keys, and shows none", () => {
    const tell = (keys: unknown) => () => createEncryptor({ keys } as never);
    assert.throws(tell([]), /without a key/);
    assert.throws(tell([{ id: "a", key: "not base64!" }]), {
      name: "TypeError",
      message:
        "Cannot use a text that is no base64 as key 'a': expected 32 bytes, base64 of 32 bytes, or an AES-GCM key",
    });
    assert.throws(tell([{ id: "a", key: btoa("secret") }]), /Cannot use 6 bytes as key 'a'/);
    assert.throws(tell([{ id: "a", key: 5 }]), /Cannot use 5 as key 'a'/);
    assert.throws(tell([{ id: "", key: one.key }]), /as the id of a key/);
    assert.throws(tell([one, one]), /Cannot use key 'one' twice/);
    assert.throws(tell([{ ...one, kei: 1 }]), /did you mean 'key'/);
  });
});
