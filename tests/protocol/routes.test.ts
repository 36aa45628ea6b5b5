import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Route, routes, toPath } from "../../src/protocol/routes.ts";

describe("routes", () => {
  it("has no two for the same call", () => {
    const table: Record<string, Route> = routes;
    const calls = Object.values(table).map(({ method, path }) => `${method} ${path}`);
    assert.equal(new Set(calls).size, calls.length);
  });
});

describe("toPath", () => {
  it("puts parameters in their places, each in one segment", () => {
    assert.equal(toPath(routes.error, { id: "a/b c", attempt: 2 }), "/jobs/a%2Fb%20c/errors/2");
    assert.equal(toPath(routes.health), "/health");
  });
});
