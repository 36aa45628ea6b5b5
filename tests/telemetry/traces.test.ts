import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as otel from "@opentelemetry/api";
import { defineJob } from "../../src/client/mod.ts";
import {
  traceEnqueues,
  traceJobs,
  type TraceJobsOptions,
  withTraceIds,
} from "../../src/telemetry/mod.ts";
import {
  handle,
  type HandlerFunction,
  type LogFields,
  type Logger,
  snooze,
} from "../../src/worker/mod.ts";
import { withKit } from "../support/kit.ts";
import { openSdk, type Sdk } from "./sdk.ts";

const greet = defineJob<{ name: string }>({ type: "greet", queue: "hall" });

interface Scene {
  readonly sdk: Sdk;
  readonly named: (name: string) => ReturnType<Sdk["spans"]>[number];
}

/** Enqueues one job and runs it, traced. */
async function traced(
  handler: HandlerFunction<{ name: string }>,
  check: (scene: Scene) => void | Promise<void>,
  options?: TraceJobsOptions,
): Promise<void> {
  const sdk = openSdk();
  try {
    await withKit([handle(greet, handler)], async (kit) => {
      await kit.client.enqueue(greet, { name: "Ada" });
      await kit.drain();
    }, {
      enqueueMiddleware: [traceEnqueues(sdk.api)],
      worker: { middleware: [traceJobs(sdk.api, options)] },
    });
    const named = (name: string) => {
      const found = sdk.spans().filter((span) => span.name === name);
      assert.equal(found.length, 1, `spans named '${name}'`);
      return found[0]!;
    };
    await check({ sdk, named });
  } finally {
    await sdk.close();
  }
}

describe("traces", () => {
  it("link a run to the enqueue of its job, and tell how long the job waited", async () => {
    await traced(() => {}, ({ named }) => {
      const enqueue = named("enqueue hall");
      const run = named("run hall");
      const wait = named("wait hall");
      assert.deepEqual(run.links.map(({ context }) => context.spanId), [
        enqueue.spanContext().spanId,
      ]);
      assert.notEqual(run.spanContext().traceId, enqueue.spanContext().traceId);
      assert.equal(run.parentSpanContext, undefined);
      assert.equal(wait.parentSpanContext?.spanId, run.spanContext().spanId);
      assert.deepEqual([enqueue.kind, run.kind], [otel.SpanKind.PRODUCER, otel.SpanKind.CONSUMER]);
      assert.equal(enqueue.attributes["messaging.destination.name"], "hall");
      assert.equal(
        enqueue.attributes["messaging.message.id"],
        run.attributes["messaging.message.id"],
      );
      assert.equal(run.attributes["millrace.job.attempt"], 1);
      assert.equal(run.status.code, otel.SpanStatusCode.UNSET);
    });
  });

  it("have the run in the trace of the enqueue, if that is wanted", async () => {
    await traced(() => {}, ({ named }) => {
      const enqueue = named("enqueue hall").spanContext();
      const run = named("run hall");
      assert.equal(run.parentSpanContext?.spanId, enqueue.spanId);
      assert.equal(run.spanContext().traceId, enqueue.traceId);
      assert.deepEqual(run.links, []);
    }, { relation: "child" });
  });

  it("have what the handler does within the run", async () => {
    let inner: string | undefined;
    const sdk = openSdk();
    try {
      const handler = handle(greet, async () => {
        await Promise.resolve();
        inner = sdk.api.trace.getSpanContext(sdk.api.context.active() as never)?.spanId;
      });
      await withKit([handler], async (kit) => {
        await kit.client.enqueue(greet, { name: "Ada" });
        await kit.drain();
      }, { worker: { middleware: [traceJobs(sdk.api)] } });
      const run = sdk.spans().find(({ name }) => name === "run hall");
      assert.equal(inner, run?.spanContext().spanId);
      assert.deepEqual(run?.links, []); // Nobody traced the enqueue.
    } finally {
      await sdk.close();
    }
  });

  it("show an error that was thrown, and none for an outcome", async () => {
    let runs = 0;
    await traced(() => {
      runs++;
      if (runs === 1) throw new RangeError("Too loud");
      if (runs === 2) throw snooze("5s");
    }, ({ sdk }) => {
      const seen = sdk.spans().filter(({ name }) => name === "run hall");
      assert.deepEqual(seen.map(({ status }) => [status.code, status.message]), [
        [otel.SpanStatusCode.ERROR, "Too loud"],
        [otel.SpanStatusCode.UNSET, undefined],
        [otel.SpanStatusCode.UNSET, undefined],
      ]);
      assert.equal(seen[0]?.attributes["error.type"], "RangeError");
      assert.equal(seen[0]?.events[0]?.name, "exception");
      assert.deepEqual(seen.map(({ attributes }) => attributes["millrace.job.attempt"]), [1, 2, 2]);
    });
  });

  it("show an enqueue that was refused", async () => {
    const sdk = openSdk();
    try {
      await withKit([], async (kit) => {
        await assert.rejects(kit.client.enqueue({ type: "greet", queue: "a,b", payload: 1 }));
      }, { enqueueMiddleware: [traceEnqueues(sdk.api)] });
      assert.deepEqual(sdk.spans().map(({ name, status }) => [name, status.code]), [
        ["enqueue a,b", otel.SpanStatusCode.ERROR],
      ]);
    } finally {
      await sdk.close();
    }
  });

  it("leave jobs as they are where the application has set nothing up", async () => {
    // The API itself, which does nothing until somebody registers a provider.
    await withKit([handle(greet, () => {})], async (kit) => {
      const { id } = await kit.client.enqueue(greet, { name: "Ada" });
      assert.equal((await kit.client.get(id)).meta, undefined);
      await kit.drain();
    }, {
      enqueueMiddleware: [traceEnqueues(otel)],
      worker: { middleware: [traceJobs(otel)] },
    });
  });

  it("refuse a relation that there is not", () => {
    assert.throws(
      () => traceJobs(otel, { relation: "cousin" as "child" }),
      /Cannot use 'relation' "cousin": expected 'link' or 'child'/,
    );
  });
});

describe("withTraceIds()", () => {
  it("adds the ids of the span that is active, and nothing where none is", async () => {
    const sdk = openSdk();
    try {
      const seen: (LogFields | undefined)[] = [];
      const note = (_message: string, fields?: LogFields) => void seen.push(fields);
      const logger: Logger = { debug: note, info: note, warn: note, error: note };
      const own = withTraceIds(logger, sdk.api);
      own.info("outside", { a: 1 });
      const span = sdk.api.trace.getTracer("test").startSpan("test");
      const within = sdk.api.trace.setSpan(sdk.api.context.active() as never, span as never);
      await sdk.api.context.with(within as never, async () => {
        await Promise.resolve();
        own.warn("inside", { a: 2 });
      });
      span.end();
      const { traceId, spanId } = span.spanContext();
      assert.deepEqual(seen, [
        { a: 1 },
        { a: 2, trace_id: traceId, span_id: spanId },
      ]);
    } finally {
      await sdk.close();
    }
  });
});
