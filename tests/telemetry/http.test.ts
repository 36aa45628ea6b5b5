import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as otel from "@opentelemetry/api";
import { createHttp, secret } from "../../src/offload/mod.ts";
import { meterHttp, traceEnqueues, traceHttp, traceJobs } from "../../src/telemetry/mod.ts";
import { withMiddleware } from "../../src/client/mod.ts";
import { type HttpBench, withHttp } from "../support/http.ts";
import { openSdk, type Sdk } from "./sdk.ts";

const address = "https://api.example/v1?key=1";

interface Scene extends HttpBench {
  readonly sdk: Sdk;
  /** The spans of calls, in the order of their beginnings. */
  calls(): ReturnType<Sdk["spans"]>;
  /** The only span of this name. */
  named(name: string): ReturnType<Sdk["spans"]>[number];
}

/** Requests of a worker that is traced. */
async function traced(
  test: (scene: Scene) => Promise<void>,
  { isRunTraced = true }: { readonly isRunTraced?: boolean } = {},
): Promise<void> {
  const sdk = openSdk();
  try {
    await withHttp(async (bench) => {
      const client = withMiddleware(bench.client, [traceEnqueues(sdk.api)]);
      const noted = { callback: "noted" };
      const http = createHttp(client, noted as never);
      await bench.worker.start();
      await test({
        ...bench,
        http,
        sdk,
        calls: () =>
          sdk.spans().filter(({ kind }) => kind === otel.SpanKind.CLIENT).sort((a, b) =>
            Number(a.attributes["http.request.resend_count"] ?? 0) -
            Number(b.attributes["http.request.resend_count"] ?? 0)
          ),
        named(name) {
          const found = sdk.spans().filter((span) => span.name === name);
          assert.equal(found.length, 1, `spans named '${name}'`);
          return found[0]!;
        },
      });
    }, {
      tracing: traceHttp(sdk.api),
      secrets: { key: "s3cret" },
      ...isRunTraced ? { middleware: [traceJobs(sdk.api, { relation: "child" })] } : {},
    });
  } finally {
    await sdk.close();
  }
}

describe("traceHttp()", () => {
  it("makes a span of a call within the run, and sends its context along", () =>
    traced(async ({ http, asked, clock, calls, named }) => {
      const id = await http.post(address, { json: 1 });
      await clock.settle();
      await asked[0]!.answer("{}");
      const [call] = calls();
      const run = named("run http");
      assert.equal(call!.name, "POST");
      assert.deepEqual(call!.attributes, {
        "http.request.method": "POST",
        "server.address": "api.example",
        "server.port": 443,
        "url.full": address,
        "http.response.status_code": 200,
        "millrace.http.request.id": id,
      });
      assert.equal(call!.status.code, otel.SpanStatusCode.UNSET);
      const { traceId, spanId } = call!.spanContext();
      assert.equal(asked[0]!.headers.get("traceparent"), `00-${traceId}-${spanId}-01`);
      assert.equal(call!.parentSpanContext?.spanId, run.spanContext().spanId);
      assert.equal(traceId, named("enqueue http").spanContext().traceId);
    }));

  it("gives the callback's job the context of the run", () =>
    traced(async ({ http, asked, told, clock, named }) => {
      await http.get(address);
      await clock.settle();
      await asked[0]!.answer();
      assert.equal(told.length, 1);
      const callback = named("run http-callbacks");
      assert.equal(callback.parentSpanContext?.spanId, named("run http").spanContext().spanId);
    }));

  it("makes a span of each redirect and repetition, without secrets", () =>
    traced(async ({ http, asked, clock, calls }) => {
      const sent = http.get("https://api.example/old", {
        params: { token: secret("key") },
        transportRetries: 1,
      });
      await sent;
      await clock.settle();
      await asked[0]!.fail();
      await clock.advance(5000);
      await asked[1]!.answer(null, { status: 302, headers: { location: "/new" } });
      await asked[2]!.answer("gone", { status: 410 });
      const told = calls().map(({ attributes, status }) => [
        attributes["http.request.resend_count"],
        attributes["url.full"],
        attributes["http.response.status_code"],
        attributes["error.type"],
        status.code,
      ]);
      const { ERROR, UNSET } = otel.SpanStatusCode;
      assert.deepEqual(told, [
        [undefined, "https://api.example/old", undefined, "ECONNRESET", ERROR],
        [1, "https://api.example/old", 302, undefined, UNSET],
        [2, "https://api.example/new", 410, "410", ERROR],
      ]);
      const parents = asked.map(({ headers }) => headers.get("traceparent")?.slice(36, 52));
      assert.deepEqual(parents, calls().map((span) => span.spanContext().spanId));
      assert.match(asked[1]!.url, /token=s3cret/);
    }));

  it("tells of a request that could not be sent, or was ended", () =>
    traced(async ({ http, asked, worker, clock, calls }) => {
      await http.get(address, { headers: { authorization: secret("missing") } });
      await clock.settle();
      assert.equal(calls()[0]!.attributes["error.type"], "secret_unavailable");
      assert.match(calls()[0]!.status.message!, /^Secret 'missing'/);
      await http.get(address);
      await clock.settle();
      assert.equal(asked.length, 1);
      const stopped = worker.stop({ timeoutMs: 0 });
      await clock.advance(5000);
      await stopped;
      assert.equal(calls()[1]!.attributes["error.type"], "stopped");
    }));

  it("stays in the trace of the enqueue where no run is traced, and leaves a header that is there", () =>
    traced(async ({ http, asked, clock, calls, sdk }) => {
      const own = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
      await http.get(address);
      await http.get(address, { headers: { traceparent: own } });
      await clock.settle();
      for (const one of asked) await one.answer();
      const sent = asked.map(({ headers }) => headers.get("traceparent"));
      assert.ok(sent.includes(own));
      const tracesOf = (spans: ReturnType<Sdk["spans"]>) =>
        spans.map((span) => span.spanContext().traceId).sort();
      const enqueues = sdk.spans().filter(({ name }) => name === "enqueue http");
      assert.deepEqual(tracesOf(calls()), tracesOf(enqueues));
      assert.deepEqual(sdk.spans().filter(({ name }) => name === "run http"), []);
    }, { isRunTraced: false }));

  it("measures calls by server, method and status", () =>
    traced(async ({ http, asked, clock, sdk }) => {
      await http.get(address);
      await clock.settle();
      await asked[0]!.answer("no", { status: 503 });
      const points = (await sdk.points()).get("http.client.request.duration");
      assert.deepEqual(points?.map(({ attributes }) => attributes), [{
        "http.request.method": "GET",
        "server.address": "api.example",
        "server.port": 443,
        "http.response.status_code": 503,
        "error.type": "503",
      }]);
    }));

  it("changes nothing where the application has set nothing up", () =>
    withHttp(async ({ http, worker, asked, told, client, clock }) => {
      await worker.start();
      const id = await http.get(address);
      await clock.settle();
      assert.equal(asked[0]!.headers.get("traceparent"), null);
      assert.equal((await client.get(id)).meta, undefined);
      await asked[0]!.answer();
      assert.equal(told.length, 1);
    }, { tracing: traceHttp(otel), middleware: [traceJobs(otel)] }));

  it("is refused by name where it is none", () => {
    const wrong = { tracing: {} as never };
    return assert.rejects(
      withHttp(() => Promise.resolve(), wrong),
      /Cannot use 'tracing' an object: expected what 'traceHttp' gives/,
    );
  });
});

describe("meterHttp()", () => {
  it("measures tries, ends, and what is under way, until it is ended", async () => {
    const sdk = openSdk();
    try {
      await withHttp(async ({ http, worker, asked, clock }) => {
        const end = meterHttp(sdk.api, worker);
        await worker.start();
        for (const _ of [1, 2, 3]) await http.get(address);
        await clock.settle();
        assert.equal((await sdk.points()).get("millrace.http.requests.active")?.[0]?.value, 2);
        await asked[0]!.answer();
        await asked[1]!.fail(new TypeError("no TLS", { cause: { code: "CERT_HAS_EXPIRED" } }));
        let points = await sdk.points();
        const told = (name: string) =>
          points.get(name)?.map(({ attributes, value }) => [attributes, value]);
        assert.deepEqual(told("millrace.http.requests"), [
          [{ "http.response.status_code": 200 }, 1],
          [{ "error.type": "tls" }, 1],
        ]);
        assert.deepEqual(told("millrace.http.requests.delayed"), [[{}, 1]]);
        const outcomes = points.get("millrace.http.try.duration")?.map(({ attributes }) =>
          attributes
        );
        assert.deepEqual(outcomes, [
          { "millrace.outcome": "response" },
          { "millrace.outcome": "failure" },
        ]);
        end();
        await clock.advance(60_000); // The third was delayed.
        await asked[2]!.answer();
        points = await sdk.points();
        assert.deepEqual(told("millrace.http.requests"), [
          [{ "http.response.status_code": 200 }, 1],
          [{ "error.type": "tls" }, 1],
        ]);
      }, { maxPerOrigin: 2 });
    } finally {
      await sdk.close();
    }
  });
});
