/** Callers that a hook knows by signed tokens of somebody else, as a real library checks them. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { errors, jwtVerify, SignJWT } from "jose";
import { openSqlite } from "../../adapters/node/mod.ts";
import { type Authenticate, bearerToken, createBroker, type Scope } from "../../src/broker/mod.ts";

const secret = crypto.getRandomValues(new Uint8Array(32));

const auth: Authenticate = async (request) => {
  const token = bearerToken(request);
  if (token === undefined) return undefined;
  try {
    const { payload } = await jwtVerify(token, secret, { issuer: "shop", audience: "jobs" });
    const scopes = String(payload.scope).split(" ") as Scope[];
    return { name: payload.sub!, scopes };
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined; // Not a good token.
    throw error;
  }
};

function sign(claims: { scope: string }, { issuer = "shop", key = secret, ends = "1h" } = {}) {
  return new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).setSubject("ada")
    .setIssuer(issuer).setAudience("jobs").setExpirationTime(ends).sign(key);
}

describe("a hook that checks JSON Web Tokens", () => {
  it("lets in who has a good one, to what it says", async () => {
    const broker = createBroker({ store: openSqlite(":memory:"), auth });
    const ask = async (token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      return (await broker.fetch(new Request("http://broker/queues", { headers }))).status;
    };
    try {
      assert.equal(await ask(await sign({ scope: "read enqueue" })), 200);
      assert.equal(await ask(await sign({ scope: "enqueue" })), 403);
      assert.equal(await ask(await sign({ scope: "read" }, { issuer: "evil" })), 401);
      assert.equal(await ask(await sign({ scope: "read" }, { ends: "-1h" })), 401);
      const key = crypto.getRandomValues(new Uint8Array(32));
      assert.equal(await ask(await sign({ scope: "read" }, { key })), 401);
      assert.equal(await ask("abc"), 401);
    } finally {
      await broker.stop();
    }
  });
});
