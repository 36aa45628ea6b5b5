/** What a dashboard says of the token of a visitor. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createDashboard } from "../../src/dashboard/mod.ts";
import { withCallers } from "../support/callers.ts";

const own = { "x-millrace-dashboard": "1" };
const origin = "http://localhost";

describe("the session of a visitor with a token", () => {
  it("tells the page what the token may do, also of a broker that does not tell", () =>
    withCallers({
      viewer: { scopes: ["read"], queues: ["mail.*"] },
      ops: { scopes: ["read", "manage"] },
      root: { scopes: ["admin"] },
      scraper: { scopes: ["metrics"] },
    }, async ({ broker }) => {
      let isOld = false;
      const { fetch } = createDashboard({
        access: "tokens",
        fetch: (request) =>
          isOld && request.url.endsWith("/whoami")
            ? Promise.resolve(Response.json({ error: "not found" }, { status: 404 }))
            : broker.fetch(request),
      });
      const sessionOf = async (token: string) => {
        const headers = { cookie: `millrace_token=${token}` };
        const answer = await fetch(new Request(`${origin}/session`, { headers }));
        return { ...await answer.json(), cookie: answer.headers.get("set-cookie") };
      };
      const common = { signIn: true, readOnly: false, title: "Millrace", cookie: null };
      assert.deepEqual(await sessionOf("viewer"), {
        ...common,
        may: "read",
        name: "viewer",
        scopes: ["read"],
        queues: ["mail.*"],
      });
      assert.equal((await sessionOf("ops")).may, "manage");
      assert.equal((await sessionOf("root")).may, "admin");
      const signIn = (token: string) =>
        fetch(
          new Request(`${origin}/session`, {
            method: "POST",
            headers: own,
            body: JSON.stringify({ token }),
          }),
        );
      const scraper = await signIn("scraper");
      assert.deepEqual([scraper.status, scraper.headers.get("set-cookie")], [403, null]);
      assert.deepEqual(await scraper.json(), { error: "this token may not look: it lacks 'read'" });
      assert.equal((await sessionOf("scraper")).may, null);
      const gone = await sessionOf("revoked");
      assert.equal(gone.may, null);
      assert.match(gone.cookie, /Max-Age=0/);
      isOld = true;
      assert.deepEqual(await sessionOf("viewer"), { ...common, may: "admin" });
      assert.equal((await sessionOf("revoked")).may, null);
      assert.equal((await signIn("viewer")).status, 200);
    }));
});
