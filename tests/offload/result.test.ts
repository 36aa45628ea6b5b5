/**
 * Results as callbacks read them, and secrets by name.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as v from "valibot";
import { secret, toHttpResult } from "../../src/offload/mod.ts";
import { isSecretRef } from "../../src/offload/secret.ts";

describe("a result", () => {
  it("tells what its status means", () => {
    const kinds = [200, 204, 302, 404, 503].map((status) => {
      const { ok, isRedirect, isClientError, isServerError } = toHttpResult({ status });
      return [ok, isRedirect, isClientError, isServerError].indexOf(true);
    });
    assert.deepEqual(kinds, [0, 0, 1, 2, 3]);
  });

  it("has the headers as they came, and each cookie", () => {
    const { headers, setCookie } = toHttpResult({
      headers: [["Content-Type", "text/plain"], ["set-cookie", "a=1"], ["set-cookie", "b=2, c"]],
    });
    assert.equal(headers.get("content-type"), "text/plain");
    assert.deepEqual(setCookie, ["a=1", "b=2, c"]);
  });

  it("tells of an answer that a server repeats for an idempotency key", () => {
    const isReplay = (...headers: [string, string][]) => toHttpResult({ headers }).isReplay;
    assert.equal(isReplay(["Idempotent-Replayed", "true"]), true);
    assert.equal(isReplay(["idempotency-replayed", "True"]), true);
    assert.equal(isReplay(["idempotent-replayed", "false"]), false);
    assert.equal(isReplay(), false);
  });

  it("reads text by the charset that it names, and UTF-8 if that is not known", () => {
    const read = (charset: string, ...bytes: number[]) =>
      toHttpResult({
        headers: [["content-type", `text/plain; charset="${charset}"`]],
        body: new Uint8Array(bytes),
      }).text();
    assert.equal(read("iso-8859-1", 0xe9), "é");
    assert.equal(read("no-such", 0xc3, 0xa9), "é");
  });

  it("does not make up text", () => {
    const result = toHttpResult({ body: new Uint8Array([0x61, 0xff]), url: "http://a/b?key=1" });
    assert.throws(() => result.text(), {
      name: "TypeError",
      message: "Cannot read the body of 'a/b' as text: read 'bytes()', or give 'lenient: true'",
    });
    assert.equal(result.text({ lenient: true }), "a\ufffd");
    assert.deepEqual(result.bytes(), new Uint8Array([0x61, 0xff]));
  });

  it("reads JSON, and checks it", () => {
    const schema = v.object({ answer: v.pipe(v.string(), v.transform(Number)) });
    const value: { answer: number } = toHttpResult({ body: '{"answer":"42"}' }).json(schema);
    assert.deepEqual(value, { answer: 42 });
    assert.throws(() => toHttpResult({ body: "{}" }).json(schema), {
      name: "TypeError",
      message: /^Body of 'localhost\/' does not fit: answer: /,
    });
    assert.throws(() => toHttpResult({ body: "<html>" }).json(), {
      name: "SyntaxError",
      message: "Cannot read the body of 'localhost/' as JSON: <html>",
    });
  });

  it("refuses a schema that answers later", () => {
    const schema = v.pipeAsync(v.unknown(), v.checkAsync(() => Promise.resolve(true)));
    assert.throws(() => toHttpResult({ body: "1" }).json(schema), { name: "TypeError" });
  });

  it("tells of members that it does not know", () => {
    const facts = { state: 200 } as object;
    assert.throws(() => toHttpResult(facts), { message: /^Unknown option 'state'/ });
  });
});

describe("a secret", () => {
  it("is its name in JSON, and known again", () => {
    const marker = JSON.parse(JSON.stringify(secret("key", { prefix: "Bearer " })));
    assert.deepEqual(marker, { $secret: "key", prefix: "Bearer " });
    assert.equal(isSecretRef(marker), true);
    assert.equal(isSecretRef("key"), false);
  });

  it("needs a name", () => {
    assert.throws(() => secret(""), {
      message: 'Cannot use "" as a secret: expected its name',
    });
  });
});
