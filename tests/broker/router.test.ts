import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createRouter } from "../../src/broker/http/router.ts";
import { routes } from "../../src/protocol/routes.ts";

const matchRoute = createRouter(routes);

describe("createRouter", () => {
  it("prefers literal segments to parameters", () => {
    assert.deepEqual(matchRoute("GET", "/jobs/count"), { name: "count", params: [] });
    assert.deepEqual(matchRoute("GET", "/jobs/abc"), { name: "get", params: ["abc"] });
    assert.deepEqual(matchRoute("GET", "/jobs/bulk"), { allow: "POST" });
  });

  it("tries a parameter when the literal segment leads to no route", () => {
    const match = matchRoute("GET", "/jobs/success/errors");
    assert.deepEqual(match, { name: "errors", params: ["success"] });
  });

  it("gives parameters as sent and does not decode what it compares", () => {
    assert.deepEqual(matchRoute("GET", "/jobs/%63ount"), { name: "get", params: ["%63ount"] });
    assert.equal(matchRoute("GET", "/%6Aobs"), undefined);
  });

  it("takes an empty segment for a parameter in the middle only", () => {
    assert.deepEqual(matchRoute("POST", "/jobs//success"), { name: "success", params: [""] });
    assert.equal(matchRoute("GET", "/jobs/"), undefined);
    assert.equal(matchRoute("GET", "/"), undefined);
  });

  it("answers HEAD like GET, and lists it in allow", () => {
    assert.deepEqual(matchRoute("HEAD", "/health"), { name: "health", params: [] });
    assert.deepEqual(matchRoute("PUT", "/health"), { allow: "GET,HEAD" });
    assert.deepEqual(matchRoute("HEAD", "/reset"), { allow: "POST" });
  });
});
