import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type Access,
  adminRoutes,
  cronRoutes,
  type Repeat,
  type Route,
  routes,
  toPath,
} from "../../src/protocol/routes.ts";

const mainTable: Readonly<Record<string, Route>> = routes;
const table: readonly (readonly [name: string, route: Route])[] = [
  ...Object.entries<Route>(routes),
  ...Object.entries<Route>(adminRoutes),
];

/** The names of the routes of which something is true, sorted. */
function namesOf(is: (route: Route) => boolean): string[] {
  return table.filter(([, route]) => is(route)).map(([name]) => name).sort();
}

describe("the route table", () => {
  it("has no two rows for the same call", () => {
    for (const rows of [Object.values(mainTable), Object.values<Route>(adminRoutes)]) {
      const calls = rows.map(({ method, path }) => `${method} ${path}`);
      assert.equal(new Set(calls).size, calls.length);
    }
  });

  it("says of each row what it is, and nothing else", () => {
    const known = ["method", "path", "access", "repeat"];
    const flags = ["ownFormat", "isStream"];
    for (const [name, route] of table) {
      const facts = Object.keys(route).filter((fact) => !flags.includes(fact));
      assert.deepEqual(facts, known, name);
    }
  });

  it("says which answer is a stream", () => {
    assert.deepEqual(namesOf(({ isStream }) => isStream === true), ["events", "take"]);
  });

  it("gives an own format to what answers with a stream, a file or plain text", () => {
    assert.deepEqual(namesOf(({ ownFormat }) => ownFormat === true), [
      "backup",
      "compact",
      "events",
      "getPayload",
      "metrics",
      "take",
    ]);
  });
});

describe("the access of a route", () => {
  const exceptions: Readonly<Record<string, Access>> = {
    health: "open",
    version: "open",
    enqueue: "enqueue",
    enqueueMany: "enqueue",
    take: "work",
    success: "work",
    successMany: "work",
    failure: "work",
    release: "work",
    releaseMany: "work",
    tell: "work",
    metrics: "metrics",
    // Who may do nothing is told so.
    whoAmI: "known",
    holdBudget: "work",
    takeMany: "work",
    heartbeat: "work",
    heartbeatMany: "work",
    addHistory: "work",
    // Who stores jobs stores what belongs to them, and who works on jobs reads and deletes that.
    putPayload: "enqueue",
    getPayload: "work",
    deletePayload: "work",
    // It changes nothing; its list of ids may be long.
    wait: "read",
    reset: "admin",
    putConfig: "admin",
    unsetConfig: "admin",
    backup: "admin",
    compact: "admin",
  };

  for (const [name, { method, access }] of table) {
    it(`of ${name} is that of its purpose, else read for GET and manage for the rest`, () => {
      assert.equal(access, exceptions[name] ?? (method === "GET" ? "read" : "manage"));
    });
  }

  it("is open, read, metrics or work wherever nothing is changed or stored", () => {
    for (const [name, { method, access }] of table) {
      const mayLook: readonly Access[] = ["open", "known", "read", "metrics", "work"];
      if (method === "GET" || name === "wait") assert.ok(mayLook.includes(access), name);
      else assert.ok(access !== "open" && access !== "read", name);
    }
  });
});

describe("the repeat of a route", () => {
  it("is never for what makes something, and for a stream", () => {
    for (const name of ["createCronEntry", "createBudget", "take"]) {
      assert.equal(mainTable[name]!.repeat, "never" satisfies Repeat, name);
    }
  });

  it("goes by a key for enqueues, and for nothing else", () => {
    assert.deepEqual(namesOf(({ repeat }) => repeat === "keyed"), ["enqueue", "enqueueMany"]);
  });

  it("is always for what only looks, and for what says how a thing is to be", () => {
    for (const [name, { method, repeat }] of table) {
      const isIdempotent = method === "GET" && name !== "take" || method === "PUT";
      if (isIdempotent) assert.equal(repeat, "always", name);
    }
  });

  it("is never for what deletes", () => {
    for (const [name, { method, repeat }] of table) {
      if (method === "DELETE") assert.equal(repeat, "never", name);
    }
  });

  it("allows all acknowledgements, and tells which one is answered with 404 when it was received", () => {
    assert.deepEqual(namesOf(({ repeat }) => repeat === "until-received"), ["success"]);
    assert.deepEqual([routes.successMany.repeat, routes.failure.repeat], ["always", "always"]);
  });

  it("is always for patches of cron groups and entries, and never for other patches", () => {
    for (const [name, { method, repeat }] of table) {
      if (method !== "PATCH") continue;
      assert.equal(repeat, name in cronRoutes ? "always" : "never", name);
    }
  });
});

describe("toPath", () => {
  it("puts parameters in their places, each in one segment", () => {
    assert.equal(toPath(routes.error, { id: "a/b c", attempt: 2 }), "/jobs/a%2Fb%20c/errors/2");
    assert.equal(toPath(routes.health), "/health");
    for (const id of [".", ".."]) {
      assert.throws(() => toPath(routes.get, { id }), {
        name: "TypeError",
        message: `Cannot use '${id}' as 'id': in a URL it is no name but a step`,
      });
    }
  });
});
