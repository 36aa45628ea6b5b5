/** What is sent again after a failed connection, and bodies that go into a store. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createTestClock } from "../../../src/testing/test-clock.ts";
import { answerOf, failureOf, pieces, run, scripted } from "./exchange-kit.ts";

const url = "https://api.example.com/v1/things?page=1";
const ok = () => new Response("fine");

describe("repetitions by the transport", () => {
  const failing = (code: string) => () => Promise.reject(Object.assign(new Error("no"), { code }));

  /** How often a request is sent, and what came of it. */
  async function tries(method: string, code: string, more: object = {}) {
    const clock = createTestClock();
    const { fetch, sent } = scripted(failing(code));
    const body = method === "POST" ? new Uint8Array(1) : undefined;
    const outcome = failureOf({
      url,
      fetch,
      method,
      body,
      transportRetries: 2,
      ...more,
      ports: { clock },
    });
    await clock.advance(50_000);
    assert.equal((await outcome).kind === "timeout", code === "UND_ERR_HEADERS_TIMEOUT");
    return sent.length;
  }

  it("repeats what does no harm", async () => {
    assert.equal(await tries("GET", "ECONNRESET"), 3);
    assert.equal(await tries("PUT", "ECONNRESET"), 3);
    assert.equal(await tries("POST", "ECONNRESET"), 1);
    assert.equal(await tries("POST", "ECONNRESET", { idempotencyKey: "k" }), 3);
    assert.equal(await tries("POST", "ECONNREFUSED"), 3);
    assert.equal(await tries("GET", "CERT_HAS_EXPIRED"), 1);
    assert.equal(await tries("GET", "UND_ERR_HEADERS_TIMEOUT"), 1);
  });

  it("gives up at the end of the time, and does not repeat once the answer began", async () => {
    const clock = createTestClock();
    const failed = scripted(failing("ECONNREFUSED"));
    const outcome = failureOf({
      url,
      fetch: failed.fetch,
      timeoutMs: 200,
      transportRetries: 100,
      ports: { clock },
    });
    await clock.advance(200);
    assert.equal((await outcome).code, "deadline");
    assert.equal(failed.sent.length, 2);

    const begun = scripted(() =>
      new Response(pieces("x", Object.assign(new Error("cut"), { code: "ECONNRESET" })))
    );
    assert.equal(
      (await failureOf({ url, fetch: begun.fetch, transportRetries: 3 })).kind,
      "connection",
    );
    assert.equal(begun.sent.length, 1);
  });
});

describe("a body that goes into a store", () => {
  it("is handed to the sink, with its type, and what that says is the body", async () => {
    const ref = { store: "s", key: "k", size: 6, sha256: "0".repeat(64) };
    const { fetch } = scripted(() =>
      new Response(pieces("abc", "", "def"), { headers: { "content-type": "text/x" } })
    );
    const outcome = await answerOf({
      url,
      fetch,
      ports: {
        sink: async (body, options) => {
          assert.equal(options?.contentType, "text/x");
          assert.equal(await new Response(body as BodyInit).text(), "abcdef");
          return ref;
        },
      },
    });
    assert.equal(outcome.body, ref);
  });

  it("fails as the body does, and rejects as the store does", async () => {
    const swallow = async (body: ReadableStream<Uint8Array>) =>
      new Uint8Array(await new Response(body as BodyInit).arrayBuffer());
    const large = scripted(() => new Response(pieces("abc", "def")));
    assert.equal(
      (await failureOf({ url, fetch: large.fetch, maxBytes: 5, ports: { sink: swallow } })).kind,
      "too_large",
    );
    const cut = scripted(() => new Response(pieces("a", new Error("unexpected end of file"))));
    assert.equal(
      (await failureOf({ url, fetch: cut.fetch, ports: { sink: swallow } })).kind,
      "connection",
    );
    const hasty = () => Promise.resolve(new Uint8Array());
    await assert.rejects(
      run({ url, fetch: scripted(ok).fetch, ports: { sink: hasty } }),
      (error: Error) => error.name === "SinkError" && /before the end/.test(String(error.cause)),
    );
    const full = () => Promise.reject(new Error("disk full"));
    await assert.rejects(
      run({ url, fetch: scripted(ok).fetch, ports: { sink: full } }),
      (error: Error) => error.name === "SinkError" && /disk full/.test(String(error.cause)),
    );
  });
});
