/** What the page shows of outbound HTTP, and what it hides. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  callbackType,
  maskPayload,
  readCallback,
  readRequest,
  requestType,
  withoutSecrets,
} from "../../src/dashboard/page/http-job.ts";
import { diffLines } from "../../src/dashboard/page/line-diff.ts";

const request = (more: object = {}) => ({
  v: 1,
  callback: "saved",
  request: {
    method: "POST",
    url: "https://user:pass@api.example:8443/v1/chat?page=2&access_token=abc",
    headers: {
      authorization: { $secret: "model", prefix: "Bearer " },
      "X-Api-Key": "plain-1",
      cookie: "plain-2",
      "x-own": "plain-3",
      accept: "application/json",
    },
    secretParams: { key: { $secret: "k" } },
    sensitiveHeaders: ["x-own"],
    body: { text: "{}" },
    timeoutMs: 1000,
    args: { a: 1 },
    ...more,
  },
});

describe("readRequest()", () => {
  it("tells what is sent where, without secrets", () => {
    const { callback, sent } = readRequest(request())!;
    assert.equal(callback, "saved");
    assert.equal(sent!.origin, "https://api.example:8443");
    assert.equal(sent!.target, "api.example:8443/v1/chat");
    assert.equal(
      sent!.url,
      "https://user:•••@api.example:8443/v1/chat?page=2&access_token=•••&key=•••",
    );
    assert.deepEqual(sent!.headers.map(({ name, value }) => [name, value]), [
      ["authorization", "Bearer ••• (secret 'model')"],
      ["X-Api-Key", "•••"],
      ["cookie", "•••"],
      ["x-own", "•••"],
      ["accept", "application/json"],
    ]);
    assert.deepEqual(sent!.terms, { timeoutMs: 1000 });
    assert.deepEqual([sent!.args, sent!.body], [{ a: 1 }, { kind: "text", text: "{}" }]);
  });

  it("says of bodies what they are", () => {
    const bodyOf = (body: unknown) => readRequest(request({ body }))!.sent!.body;
    assert.deepEqual(bodyOf({ base64: "AAAA" }), { kind: "bytes", bytes: 3 });
    assert.deepEqual(bodyOf({ base64: "AAAA", encrypted: true }), { kind: "encrypted" });
    assert.deepEqual(bodyOf({ ref: { store: "s3", key: "k", size: 9 } }), {
      kind: "stored",
      store: "s3",
      bytes: 9,
    });
    assert.equal(bodyOf(undefined), undefined);
  });

  it("takes nothing for a request that is none, and a sealed one for one", () => {
    for (const payload of [null, 1, "a", [], {}, { callback: 1 }]) {
      assert.equal(readRequest(payload), undefined);
    }
    assert.deepEqual(readRequest({ callback: "c", sealed: { text: "x" } }), {
      callback: "c",
      sent: undefined,
    });
    const { sent } = readRequest({ callback: "c", request: { url: "no address", headers: 5 } })!;
    assert.deepEqual([sent!.url, sent!.headers], ["no address", []]);
  });
});

describe("readCallback()", () => {
  const result = {
    status: 200,
    headers: [["set-cookie", "plain-4"], ["content-type", "text/plain"], "none"],
    url: "https://b.example/?signature=abc",
    method: "GET",
    redirects: ["https://a.example/?token=abc"],
    durationMs: 12,
    body: { text: "hi" },
  };

  it("tells of an answer, of a failure, and of one with an answer", () => {
    const of = (came: object) =>
      readCallback({ id: "r", callback: "c", kind: "complete", came })!.came!;
    assert.deepEqual(of({ args: 1, result }).answer, {
      status: 200,
      url: "https://b.example/?signature=•••",
      method: "GET",
      redirects: ["https://a.example/?token=•••"],
      durationMs: 12,
      headers: [
        { name: "set-cookie", value: "•••", isHidden: true },
        { name: "content-type", value: "text/plain", isHidden: false },
      ],
      body: { kind: "text", text: "hi" },
    });
    const failure = { kind: "timeout", message: "late", url: "https://a/", method: "GET" };
    const failed = of({ args: 1, failure: { ...failure, durationMs: 5, redirects: [] } });
    assert.equal(failed.answer, undefined);
    assert.deepEqual([failed.failure!.kind, failed.failure!.message], ["timeout", "late"]);
    assert.equal(of({ failure: { ...failure, response: result } }).answer!.status, 200);
    assert.equal(readCallback({ id: "r", sealed: {} })!.came, undefined);
    for (const payload of [null, {}, { id: 5 }]) assert.equal(readCallback(payload), undefined);
  });

  it("is masked in the payload as it is shown whole", () => {
    const masked = JSON.stringify([
      maskPayload(requestType, request()),
      maskPayload(callbackType, { id: "r", came: { result } }),
      maskPayload(callbackType, { id: "r", came: { failure: { response: result } } }),
    ]);
    assert.doesNotMatch(masked, /plain-|pass@|token=abc|signature=abc/);
    assert.match(masked, /"\$secret":"model"/);
    const own = { headers: { cookie: "a" } };
    assert.equal(maskPayload("mail", own), own);
    assert.equal(maskPayload(requestType, null), null);
  });
});

describe("withoutSecrets()", () => {
  it("leaves what is none", () => {
    assert.equal(
      withoutSecrets("https://a.example/keys?keyword=x"),
      "https://a.example/keys?keyword=x",
    );
    assert.equal(withoutSecrets("nothing"), "nothing");
  });
});

describe("diffLines()", () => {
  const show = (before: string, after: string) =>
    diffLines(before, after).map(({ kind, text }) =>
      `${kind === "same" ? " " : kind === "new" ? "+" : "-"}${text}`
    ).join("|");

  it("tells what is gone and what is new", () => {
    assert.equal(show("a\nb\nc", "a\nb\nc"), " a| b| c");
    assert.equal(show("a\nb\nc", "a\nx\nc"), " a|-b|+x| c");
    assert.equal(show("a\nb\nc\nd", "b\nd\ne"), "-a| b|-c| d|+e");
    assert.equal(show("", "a"), "-|+a");
  });

  it("gives both texts back, whatever they are", () => {
    let seed = 7;
    const random = (most: number) => (seed = (seed * 48_271) % 2_147_483_647) % most;
    const text = () => Array.from({ length: random(12) }, () => "abc"[random(3)]).join("\n");
    for (let round = 0; round < 300; round++) {
      const [before, after] = [text(), text()];
      const lines = diffLines(before, after);
      const of = (kind: string) =>
        lines.filter((line) => line.kind === "same" || line.kind === kind)
          .map(({ text }) => text).join("\n");
      assert.deepEqual([of("gone"), of("new")], [before, after]);
    }
    const long = (letter: string) => Array.from({ length: 1500 }, () => letter).join("\n");
    assert.equal(diffLines(long("a"), long("b")).length, 3000);
  });
});
