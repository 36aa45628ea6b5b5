/** Who may come in, and to what. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createBroker, digestOfToken, type Grant } from "../../src/broker/mod.ts";
import { openSqlite } from "../../adapters/node/mod.ts";
import { createClient } from "../../src/client/mod.ts";
import { adminRoutes, type Route, routes, toPath } from "../../src/protocol/routes.ts";
import { type Caller, json, withCallers } from "../support/callers.ts";

const params = {
  id: "nobody",
  attempt: 1,
  run: "r",
  group: "g",
  entry: "e",
  key: "k",
  queue: "q",
  tag: "t",
};

/** Calls every endpoint, with a body that it would refuse. */
async function tryAll(
  fetch: (request: Request) => Promise<Response>,
  headers: Record<string, string>,
  table: Readonly<Record<string, Route>> = routes,
): Promise<Map<string, number>> {
  const answers = new Map<string, number>();
  for (const [name, route] of Object.entries(table)) {
    const body = route.method === "GET" || route.method === "DELETE" ? null : "[]";
    const url = `http://broker${toPath(route, params)}`;
    const answer = await fetch(
      new Request(url, { method: route.method, body, headers: { ...json, ...headers } }),
    );
    answers.set(name, answer.status);
    await answer.body?.cancel();
  }
  return answers;
}

describe("a broker with tokens", () => {
  it("answers nobody that it does not know, but for whether it is well", () =>
    withCallers({ shop: { scopes: ["enqueue"] } }, async ({ broker }) => {
      for (
        const authorization of ["", "Bearer", "Bearer shop2", "Basic shop", "Bearer shop extra"]
      ) {
        for (const [name, status] of await tryAll(broker.fetch, { authorization })) {
          const isOpen = name === "health" || name === "version";
          assert.equal(status, isOpen ? 200 : 401, `${name} for '${authorization}'`);
        }
        for (
          const status of (await tryAll(broker.adminFetch, { authorization }, adminRoutes)).values()
        ) {
          assert.equal(status, 401);
        }
      }
      const answer = await broker.fetch(new Request("http://broker/jobs"));
      assert.equal(answer.headers.get("www-authenticate"), 'Bearer realm="millrace"');
      assert.deepEqual(await answer.json(), { error: "a token is needed" });
    }));

  it("lets each scope do what it is for, and nothing else", async () => {
    for (const scope of ["read", "enqueue", "work", "manage"] as const) {
      await withCallers({ one: { scopes: [scope] } }, async ({ broker }) => {
        const headers = { authorization: "Bearer one" };
        for (const [name, status] of await tryAll(broker.fetch, headers)) {
          const { access } = routes[name as keyof typeof routes];
          const may = access === "open" || access === "known" || access === scope;
          assert.equal(status !== 403, may, `${name} (${access}) for ${scope}: ${status}`);
        }
        const admin = await tryAll(broker.adminFetch, headers, adminRoutes);
        for (const status of admin.values()) assert.equal(status, 403);
      });
    }
  });

  it("lets an admin do everything", () =>
    withCallers({ root: { scopes: ["admin"] } }, async ({ broker }) => {
      const answers = await tryAll(broker.fetch, { authorization: "Bearer root" });
      for (const [name, status] of answers) assert.ok(status !== 401 && status !== 403, name);
    }));

  it("says which scope is missing", () =>
    withCallers({ shop: { scopes: ["enqueue"] } }, async ({ as }) => {
      const answer = await as("shop", "/jobs");
      assert.equal(answer.status, 403);
      assert.match(answer.headers.get("www-authenticate")!, /insufficient_scope", scope="read"/);
      assert.deepEqual(await answer.json(), { error: "'shop' lacks the scope 'read'" });
    }));

  it("refuses before it reads a body", () =>
    withCallers({ shop: { scopes: ["read"] } }, async ({ as }) => {
      let reads = 0;
      const body = new ReadableStream({ pull: () => void reads++ }, { highWaterMark: 0 });
      const init = { method: "POST", body, duplex: "half", headers: json } as RequestInit;
      assert.equal((await as("shop", "/jobs", init)).status, 403);
      assert.equal(reads, 0);
    }));

  it("takes a new token beside the old one, until that ends or is taken away", () =>
    withCallers(
      { old: { scopes: ["read"], expiresAt: Date.UTC(2026, 0, 1, 1) } },
      async (parts) => {
        const { as, tokens, clock } = parts;
        assert.equal((await as("old", "/queues")).status, 200);
        const record = { name: "old", scopes: ["read"] } as const;
        tokens.replace([
          { ...record, sha256: await digestOfToken("old"), expiresAt: "2026-01-01T01:00:00Z" },
          { ...record, sha256: await digestOfToken("new") },
        ]);
        assert.equal((await as("old", "/queues")).status, 200);
        assert.equal((await as("new", "/queues")).status, 200);
        await clock.advance(3_600_000);
        assert.equal((await as("old", "/queues")).status, 401);
        assert.equal((await as("new", "/queues")).status, 200);
        assert.throws(() => tokens.replace([{ ...record, sha256: "abc" }]), /sha256/);
        assert.equal((await as("new", "/queues")).status, 200);
        tokens.replace([]);
        assert.equal((await as("new", "/queues")).status, 401);
      },
    ));

  it("knows a client by its token, also in the same process; that has a door of its own", () =>
    withCallers({ root: { scopes: ["admin"] } }, async ({ broker }) => {
      const { fetch, localFetch } = broker;
      const known = createClient({ fetch, token: "root" });
      const { id } = await known.enqueue({ type: "t", queue: "q", payload: 1 });
      assert.equal((await known.get(id)).payload, 1);
      for (const token of ["guest", undefined]) {
        const unknown = createClient({ fetch, token });
        await assert.rejects(unknown.get(id), { code: "refused", status: 401 });
        const enqueue = unknown.enqueue({ type: "t", queue: "q", payload: 1 });
        await assert.rejects(enqueue, { code: "refused", status: 401 });
      }
      assert.equal((await createClient({ fetch: localFetch }).get(id)).payload, 1);
    }));
});

describe("a hook", () => {
  const withHook = async (
    auth: (request: Request) => Grant | undefined | Promise<Grant | undefined>,
    test: (call: () => Promise<Response>, lines: string[]) => Promise<void>,
  ) => {
    const lines: string[] = [];
    const note = (message: string) => void lines.push(message);
    const logger = { debug: note, info: note, warn: note, error: note };
    const broker = createBroker({ store: openSqlite(":memory:"), auth, logger });
    try {
      await test(
        () => broker.fetch(new Request("http://broker/queues", { headers: { "x-user": "ada" } })),
        lines,
      );
    } finally {
      await broker.stop();
    }
  };

  it("says who a caller is by whatever it likes", () =>
    withHook((request) => {
      const name = request.headers.get("x-user");
      return name === null ? undefined : { name, scopes: ["read"] };
    }, async (call) => assert.equal((await call()).status, 200)));

  it("that fails lets nobody in, and the broker says that it is not the caller's fault", () =>
    withHook(() => Promise.reject(new Error("directory is down")), async (call, lines) => {
      const answer = await call();
      assert.equal(answer.status, 503);
      assert.equal(answer.headers.get("retry-after"), "5");
      assert.deepEqual(lines, ["Cannot authenticate a caller"]);
    }));
});

describe("a caller that is limited to some jobs", () => {
  const limited: Caller = {
    scopes: ["read", "enqueue", "work", "manage"],
    queues: ["mail", "mail.*"],
    types: ["mail.*"],
  };
  const worker: Caller = { scopes: ["read", "work"], queues: ["mail"] };
  const all: Caller = { scopes: ["admin"] };

  it("stores no others", () =>
    withCallers({ shop: limited, root: all }, async ({ enqueue, as }) => {
      assert.equal((await enqueue("shop", {})).status, 201);
      assert.equal((await enqueue("shop", { queue: "mail.slow" })).status, 201);
      for (
        const [job, complaint] of [
          [{ queue: "pay" }, "'shop' may not use queue 'pay'"],
          [{ queue: "mailer" }, "'shop' may not use queue 'mailer'"],
          [{ type: "pay.out" }, "'shop' may not use type 'pay.out'"],
          [{ budgets: [{ key: "api" }] }, "'shop' may not draw on budget 'api'"],
        ] as const
      ) {
        const answer = await enqueue("shop", job);
        assert.equal(answer.status, 403);
        assert.deepEqual(await answer.json(), { error: complaint });
      }
      const bulk = await as("shop", "/jobs/bulk", {
        method: "POST",
        headers: json,
        body: JSON.stringify({
          jobs: [
            { type: "mail.a", queue: "mail", payload: 1 },
            { type: "mail.a", queue: "pay", payload: 1 },
          ],
        }),
      });
      assert.equal(bulk.status, 403);
      assert.match((await bulk.json()).error, /^jobs\[1\]: 'shop' may not use queue 'pay'/);
      const count = await as("root", "/jobs/count");
      assert.deepEqual(await count.json(), { count: 2 });
    }));

  it("learns nothing of others by keys, and changes none by batches", () => {
    // Who is limited to types has other keys, unless its token says more.
    const shop = { ...limited, uniqueKeys: ["k", "b"] };
    return withCallers({ shop, root: all }, async ({ enqueue, as }) => {
      const batch = { key: "b", when: "true", fold: "$new" };
      const other = { type: "pay.out", queue: "pay" };
      await enqueue("root", { ...other, unique_key: "k" });
      const payer = await (await enqueue("root", { ...other, batch })).json();
      for (const job of [{ unique_key: "k" }, { batch }]) {
        const answer = await enqueue("shop", { ...job, payload: 666 });
        assert.equal(answer.status, 409);
        const body = await answer.json();
        assert.deepEqual(body, { error: "unique key or batch is held by another job" });
      }
      assert.equal((await (await as("root", `/jobs/${payer.id}`)).json()).payload, 1);
    });
  });

  it("holds no key that others need", () => {
    const named = { ...limited, types: undefined, uniqueKeys: ["user-*", "daily"] };
    const queued = { ...limited, types: undefined };
    return withCallers({ shop: limited, named, queued, root: all }, async ({ enqueue, as }) => {
      const batch = (key: string) => ({ batch: { key, when: "true", fold: "$new" } });
      const unique = (unique_key: string) => ({ unique_key });
      const allowed: [caller: string, job: object][] = [
        ["shop", unique("mail.a")],
        ["shop", unique("mail.a:7f")],
        ["shop", batch("mail.a")],
        ["named", unique("user-1")],
        ["named", unique("daily")],
        ["root", unique("anything")],
      ];
      for (const [caller, job] of allowed) {
        assert.equal((await enqueue(caller, { type: "mail.a", ...job })).status, 201);
      }
      const again = await enqueue("shop", { type: "mail.a", ...unique("mail.a") });
      assert.equal((await again.json()).duplicate, true);

      const refused: [caller: string, job: object, what: string][] = [
        ["shop", unique("invoice:1"), "unique key 'invoice:1'"],
        ["shop", unique("mail.ab"), "unique key 'mail.ab'"],
        ["shop", unique("mail.b:1"), "unique key 'mail.b:1'"],
        ["shop", batch("digest"), "batch 'digest'"],
        ["named", unique("daily-2"), "unique key 'daily-2'"],
        ["queued", unique("mail.a:7f"), "unique key 'mail.a:7f'"],
      ];
      for (const [caller, job, what] of refused) {
        const answer = await enqueue(caller, { type: "mail.a", ...job });
        assert.equal(answer.status, 403, what);
        assert.deepEqual(await answer.json(), { error: `'${caller}' may not use ${what}` });
      }
      // Under an id of its choice, too.
      const put = await as("shop", "/jobs/own", {
        method: "PUT",
        headers: json,
        body: JSON.stringify({ type: "mail.a", queue: "mail", payload: 1, ...unique("k") }),
      });
      assert.equal(put.status, 403);
    });
  });

  it("has idempotency keys of its own", () =>
    withCallers({ shop: limited, root: all }, async ({ enqueue }) => {
      const key = { "idempotency-key": "order-1" };
      const first = await (await enqueue("root", {}, key)).json();
      const second = await (await enqueue("shop", {}, key)).json();
      assert.notEqual(first.id, second.id);
      assert.equal((await (await enqueue("shop", {}, key)).json()).id, second.id);
    }));

  it("finds no job of others, and cannot change, take or end one", () =>
    withCallers({ shop: limited, worker, root: all }, async ({ as, enqueue }) => {
      const other = await (await enqueue("root", { type: "pay.out", queue: "pay" })).json();
      const own = await (await enqueue("root", {})).json();
      for (const [name, route] of Object.entries<Route>(routes)) {
        if (!route.path.includes("{id}") || route.path.startsWith("/workers/")) {
          continue;
        }
        const body = route.method === "GET" || route.method === "DELETE" ? null : "{}";
        const path = toPath(route, { ...params, id: other.id });
        const answer = await as("shop", path, { method: route.method, body, headers: json });
        assert.ok([403, 404].includes(answer.status), `${name}: ${answer.status}`);
        if (answer.status === 404) {
          assert.deepEqual(await answer.json(), { error: "job not found" });
        }
      }
      assert.equal((await as("shop", `/jobs/${own.id}`)).status, 200);

      const list = { method: "POST", headers: json, body: JSON.stringify({ ids: [other.id] }) };
      for (const path of ["success", "release", "heartbeat"]) {
        assert.equal((await as("worker", `/jobs/${path}`, list)).status, 403, path);
      }
      assert.equal((await as("worker", "/jobs/take?queue=pay")).status, 403);
      assert.equal((await as("worker", "/jobs/take")).status, 403);
      assert.equal((await as("worker", "/jobs/take?queue=,")).status, 403);
      const pull = (queues?: string[]) =>
        as("worker", "/jobs/take", {
          method: "POST",
          headers: json,
          body: JSON.stringify({ queues }),
        });
      assert.equal((await pull()).status, 403);
      assert.equal((await pull(["mail", "pay"])).status, 403);
      const taken = await (await pull(["mail"])).json();
      assert.deepEqual(taken.jobs.map(({ id }: { id: string }) => id), [own.id]);
      assert.deepEqual((await (await as("root", `/jobs/${other.id}`)).json()).status, "ready");
    }));

  it("has to say which jobs it lists, counts, changes or deletes", () =>
    withCallers({ shop: limited, root: all }, async ({ as, enqueue }) => {
      await enqueue("root", { type: "pay.out", queue: "pay" });
      await enqueue("root", {});
      const patch = { method: "PATCH", headers: json, body: '{"priority":1}' };
      const calls: [string, RequestInit?][] = [
        ["/jobs"],
        ["/jobs/count"],
        ["/jobs", patch],
        ["/jobs", { method: "DELETE" }],
      ];
      for (const [path, init] of calls) {
        for (
          const query of [
            "",
            "?queue=mail",
            "?type=mail.welcome",
            "?queue=mail,pay&type=mail.welcome",
          ]
        ) {
          assert.equal((await as("shop", path + query, init)).status, 403, path + query);
        }
        const answer = await as("shop", `${path}?queue=mail&type=mail.welcome`, init);
        assert.equal(answer.status, 200, path);
      }
      assert.deepEqual(await (await as("root", "/jobs/count")).json(), { count: 1 });
    }));

  it("moves no job out of its reach", () =>
    withCallers({ shop: limited, root: all }, async ({ as, enqueue }) => {
      const { id } = await (await enqueue("shop", {})).json();
      const body = JSON.stringify({ queue: "pay" });
      const calls: [string, string][] = [["PATCH", `/jobs/${id}`], ["POST", `/jobs/${id}/requeue`]];
      for (const [method, path] of calls) {
        assert.equal((await as("shop", path, { method, body, headers: json })).status, 403, path);
      }
      assert.equal((await (await as("root", `/jobs/${id}`)).json()).queue, "mail");
    }));
});
