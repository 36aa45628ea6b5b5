import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createClient, isMillraceError, MillraceError } from "../../src/client/mod.ts";
import { createScript, json, type Line, wireJob } from "./script.ts";

const text = (body: string, status: number, type = "text/plain; charset=utf-8") =>
  new Response(body, { status, headers: { "content-type": type } });

/** What comes of answers of every kind. */
const cases: [what: string, answer: Line, error: string, message: string | RegExp][] = [
  ["404", json({ error: "job not found" }, 404), "NotFoundError", "job 'x' not found"],
  ["400", json({ error: "invalid JSON: no" }, 400), "RefusedError", "invalid JSON: no"],
  [
    "401 of a proxy",
    text("<html>", 401, "text/html"),
    "RefusedError",
    /^HTTP 401 for GET http.*\/jobs\/x$/,
  ],
  ["422", json({ not_found: [] }, 422), "RefusedError", /^HTTP 422 for GET /],
  ["a text", text(" Failed to read\n", 400), "RefusedError", "Failed to read"],
  ["500", json({ error: "internal error" }, 500), "ServerError", "internal error"],
  ["503 without a body", new Response(null, { status: 503 }), "ServerError", /^HTTP 503 for GET /],
  [
    "an error that is no JSON",
    text("{", 500, "application/json"),
    "ServerError",
    /^HTTP 500 for GET /,
  ],
  [
    "a lost connection",
    new TypeError("refused"),
    "NetworkError",
    /^No answer to GET http.*\/jobs\/x: refused$/,
  ],
  ["broken JSON", text("{", 200, "application/json"), "ProtocolError", /Cannot understand/],
  [
    "a web page",
    text("<html>", 200, "text/html"),
    "ProtocolError",
    /'text\/html'.*application\/json/,
  ],
  ["a job without a type", json(wireJob({ type: undefined })), "ProtocolError", /type: is missing/],
  ["a bad status", json(wireJob({ status: "lost" })), "ProtocolError", /status: .*"lost"/],
  ["nothing", new Response(null, { status: 204 }), "ProtocolError", /Cannot understand/],
  ["a redirect", new Response(null, { status: 304 }), "ProtocolError", /status 304/],
];

describe("errors of a call", () => {
  for (const [what, answer, name, message] of cases) {
    it(`turns ${what} into a ${name}`, async () => {
      const client = createClient({ fetch: createScript(answer).fetch, retry: { limit: 0 } });
      await assert.rejects(client.get("x"), (error) => {
        assert.ok(error instanceof MillraceError && isMillraceError(error));
        assert.equal(error.name, name);
        if (typeof message === "string") assert.equal(error.message, message);
        else assert.match(error.message, message);
        return true;
      });
    });
  }

  it("tells a broker's answer from that of a proxy", async () => {
    const answers: [Line, boolean][] = [
      [json({ error: "job not found" }, 404), true],
      [json({ message: "Forbidden" }, 403), false],
      [text("404 page not found", 404), false],
      [text("<html>", 404, "text/html"), false],
      [new Response(null, { status: 404 }), false],
    ];
    const { fetch } = createScript(...answers.map(([answer]) => answer));
    const client = createClient({ fetch, retry: { limit: 0 } });
    for (const [, fromBroker] of answers) await assert.rejects(client.get("x"), { fromBroker });
  });

  it("keeps the status and the cause", async () => {
    const lost = new TypeError("refused");
    const { fetch } = createScript(json({ error: "no" }, 409), lost);
    const client = createClient({ fetch, retry: { limit: 0 } });
    await assert.rejects(client.get("x"), { status: 409, code: "refused", retryable: false });
    await assert.rejects(client.get("x"), { cause: lost, code: "network", retryable: true });
  });

  it("turns an answer that is cut off into a NetworkError", async () => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.error(new Error("reset")),
    });
    const answer = new Response(body, { headers: { "content-type": "application/json" } });
    const client = createClient({ fetch: createScript(answer).fetch, retry: { limit: 0 } });
    await assert.rejects(client.get("x"), { name: "NetworkError", message: /cut off/ });
  });
});

describe("isMillraceError", () => {
  it("recognises errors of another copy of the module", () => {
    assert.equal(isMillraceError(new Error("no")), false);
    assert.equal(isMillraceError(null), false);
    const foreign = Object.create({ [Symbol.for("millrace.error")]: true });
    assert.equal(isMillraceError(foreign), true);
  });
});
