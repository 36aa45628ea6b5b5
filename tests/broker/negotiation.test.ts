/**
 * Every endpoint × what is sent × what is accepted: docs/protocol.md, sections 1.4 to 1.6. The list of endpoints is
 * the route table's, so that one that is added is tried here too.
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { decode } from "@msgpack/msgpack";
import type { Broker } from "../../src/broker/mod.ts";
import { type Route, type RouteName, routes, toPath } from "../../src/protocol/routes.ts";
import { withBroker } from "../support/broker.ts";

const json = "application/json";
const pack = "application/msgpack";

/** What is accepted, and the format that it leads to; undefined for none. */
const accepts: readonly (readonly [string | undefined, string | undefined])[] = [
  [undefined, json],
  ["*/*", json],
  [json, json],
  ["application/json; q=0", json],
  [pack, pack],
  ["application/json, application/msgpack", pack],
  ["text/html, */*;q=0.1", json],
  ["", undefined],
  ["application/*", undefined],
  ["text/html", undefined],
  ["Application/JSON", undefined],
  ["application/x-msgpack", undefined],
  ["application/x-ndjson", undefined],
  ["application/vnd.zizq.msgpack-stream", undefined],
  ["application/json\u00e9", undefined],
];

/** What a body is said to be, and the format that it is read in; undefined for none. */
const contents: readonly (readonly [string | undefined, string | undefined])[] = [
  [undefined, "JSON"],
  [json, "JSON"],
  ["application/json; charset=utf-8", "JSON"],
  [pack, "MessagePack"],
  ["", undefined],
  ["text/plain", undefined],
  ["application/x-www-form-urlencoded", undefined],
  ["application/vnd.api+json", undefined],
];

const table = Object.entries(routes) as [RouteName, Route][];
/** Methods with a body whose endpoints never read one. */
const bodiless: ReadonlySet<RouteName> = new Set<RouteName>([
  "success",
  "timeout",
  "retry",
  "retryMany",
  "track",
  "quietWorker",
  "resumeWorker",
  "stopWorker",
  "reset",
  // It takes any bytes.
  "putPayload",
]);
const takesBody = ([name, { method }]: [RouteName, Route]) =>
  method !== "GET" && method !== "DELETE" && !bodiless.has(name);

const pathOf = (route: Pick<Route, "path">) =>
  toPath(route, {
    id: "none",
    attempt: 1,
    key: "none",
    group: "none",
    entry: "none",
    queue: "none",
    tag: "none",
    run: "none",
    last: "none",
  });

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly accept?: string | undefined;
  readonly content?: string | undefined;
  readonly body?: string | undefined;
}

async function send(broker: Broker, { method, path, accept, content, body }: Sent) {
  const response = await broker.fetch(
    new Request(`http://broker${path}`, {
      method,
      headers: {
        ...accept !== undefined && { accept },
        ...content !== undefined && { "content-type": content },
      },
      ...body !== undefined && { body: new TextEncoder().encode(body) },
    }),
  );
  const type = response.headers.get("content-type");
  if (type !== null && type !== json && type !== pack) { // A stream, or what has a format of its own.
    await response.body?.cancel();
    return { status: response.status, type, value: undefined, allow: null };
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  const value: unknown = bytes.length === 0
    ? undefined
    : type === pack
    ? decode(bytes)
    : JSON.parse(new TextDecoder().decode(bytes));
  return { status: response.status, type, value, allow: response.headers.get("allow") };
}

describe("Accept header", () => {
  for (const [name, route] of table.filter(([, route]) => !route.ownFormat)) {
    it(`decides the format of ${route.method} ${route.path}`, () =>
      withBroker(async ({ broker }) => {
        for (const [accept, format] of accepts) {
          const where = `${name}, accept ${accept}`;
          const call = { method: route.method, path: pathOf(route), accept };
          const { status, type, value } = await send(broker, call);
          if (format === undefined) {
            assert.equal(status, 406, where);
            assert.equal(type, json, where);
            assert.deepEqual(value, { error: "not acceptable", supported: [json, pack] }, where);
          } else {
            assert.notEqual(status, 406, where);
            assert.ok(status < 500, where);
            assert.equal(type, status === 204 ? null : format, where);
            assert.equal(value === undefined, status === 204, where);
          }
        }
      }));
  }

  it("decides the format of a take stream by its own rules", () =>
    withBroker(async ({ broker }) => {
      const stream = "application/vnd.zizq.msgpack-stream";
      for (
        const [accept, type] of [
          [undefined, "application/x-ndjson"],
          ["*/*", "application/x-ndjson"],
          [json, "application/x-ndjson"],
          ["application/x-ndjson", "application/x-ndjson"],
          ["text/event-stream", "text/event-stream"],
        ] as const
      ) {
        const answer = await send(broker, { method: "GET", path: "/jobs/take", accept });
        assert.deepEqual([answer.status, answer.type], [200, type], accept);
      }
      const refused = await send(broker, {
        method: "GET",
        path: "/jobs/take",
        accept: "text/html",
      });
      assert.deepEqual([refused.status, refused.type, refused.value], [406, json, {
        error: "not acceptable",
        supported: ["text/event-stream", "application/x-ndjson", stream],
      }]);
    }));

  it("is checked before the path: 406 before 404", () =>
    withBroker(async ({ broker }) => {
      for (const path of ["/nope", "/jobs/", "/%6Aobs", "/", "/jobs/1/errors/2/3"]) {
        const html = await send(broker, { method: "GET", path, accept: "text/html" });
        assert.equal(html.status, 406, path);
        const missing = await send(broker, { method: "GET", path, accept: pack });
        const { status, type, value } = missing;
        assert.deepEqual([status, type, value], [404, pack, { error: "not found" }], path);
      }
    }));
});

describe("Content-Type header", () => {
  for (const [name, route] of table.filter(takesBody)) {
    it(`decides how ${route.method} ${route.path} reads it`, () =>
      withBroker(async ({ broker }) => {
        for (const [content, label] of contents) {
          for (const accept of [json, pack]) {
            const where = `${name}, content ${content}, accept ${accept}`;
            const body = "\u00c1 neither";
            const call = { method: route.method, path: pathOf(route), accept, content, body };
            const { status, type, value } = await send(broker, call);
            assert.equal(type, accept, where);
            const { error, supported } = value as { error: string; supported?: string[] };
            if (label === undefined) {
              assert.equal(status, 415, where);
              assert.deepEqual([error, supported], ["unsupported media type", [json, pack]], where);
            } else {
              assert.equal(status, 400, where);
              assert.ok(error.startsWith(`invalid ${label}: `), `${where}: ${error}`);
            }
          }
        }
      }));
  }

  for (const [, route] of table.filter((entry) => !takesBody(entry) && !entry[1].isStream)) {
    it(`makes no difference to ${route.method} ${route.path}`, () =>
      withBroker(async ({ broker }) => {
        const call = { method: route.method, path: pathOf(route) };
        const plain = await send(broker, call);
        assert.deepEqual(await send(broker, { ...call, content: "text/plain" }), plain);
        if (route.method === "GET") return; // a Request has none
        assert.deepEqual(await send(broker, { ...call, content: "text/plain", body: "x" }), plain);
      }));
  }
});

describe("methods", () => {
  const paths = new Map<string, Set<string>>();
  for (const [, { method, path }] of table) {
    // A segment may have different names with different methods.
    const place = path.replace(/\{\w+\}$/, "{last}");
    paths.set(place, (paths.get(place) ?? new Set()).add(method));
  }
  for (const [path, methods] of paths) {
    if (methods.has("GET")) methods.add("HEAD");
    it(`of ${path} are ${[...methods].join(", ")}`, () =>
      withBroker(async ({ broker }) => {
        for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
          const call = { method, path: pathOf({ path }), accept: "text/html" };
          const answer = await send(broker, call);
          if (methods.has(method)) assert.notEqual(answer.status, 405, method);
          else {
            // Even before what is accepted.
            assert.deepEqual([answer.status, answer.type, answer.value], [405, null, undefined]);
            assert.deepEqual(new Set(answer.allow?.split(/, */)), methods);
          }
        }
      }));
  }

  for (const [, route] of table.filter(([, { method }]) => method === "GET")) {
    it(`HEAD ${route.path} is GET without its body`, () =>
      withBroker(async ({ broker }) => {
        const path = pathOf(route);
        const get = await send(broker, { method: "GET", path });
        const head = await send(broker, { method: "HEAD", path });
        assert.deepEqual([head.status, head.type, head.value], [get.status, get.type, undefined]);
      }));
  }
});

describe("paths and queries", () => {
  it("decode parameters, and nothing else", () =>
    withBroker(async ({ broker }) => {
      const get = (path: string) => send(broker, { method: "GET", path });
      assert.deepEqual((await get("/jobs/%63ount")).value, { error: "job not found" });
      assert.deepEqual((await get("/jobs/a%2Fb")).value, { error: "job not found" });
      assert.deepEqual((await get("/crons/a%2Fb%20%C3%BC")).value, {
        error: "cron group 'a/b ü' not found",
      });
      assert.deepEqual((await get("/budgets/100%")).value, { error: "budget '100%' not found" });
      assert.equal((await get("/jobs/%FF")).status, 400);
      assert.equal((await get("/jobs/success")).status, 405);
      assert.equal((await get("/jobs/budgets")).status, 405);
    }));

  const strict = ["/jobs", "/jobs/count", "/jobs/none/errors", "/jobs/take"];
  for (const path of strict) {
    it(`of ${path} are known and said once`, () =>
      withBroker(async ({ broker }) => {
        for (const query of ["x=1", "x", "from=1&from=2", "status=ready&status=dead"]) {
          const { status, value } = await send(broker, { method: "GET", path: `${path}?${query}` });
          assert.equal(status, 400, query);
          assert.match((value as { error: string }).error, /^invalid query/);
        }
      }));
  }

  it("query parameters of endpoints without a query are ignored", () =>
    withBroker(async ({ broker }) => {
      for (const path of ["/health", "/version", "/queues", "/crons", "/budgets"]) {
        assert.equal((await send(broker, { method: "GET", path: `${path}?x=1&x=2` })).status, 200);
      }
    }));
});
