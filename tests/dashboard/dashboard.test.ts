import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gunzipSync } from "node:zlib";
import { createDashboard, type DashboardOptions } from "../../src/dashboard/mod.ts";
import { routes } from "../../src/protocol/routes.ts";
import { withBroker } from "../support/broker.ts";
import { withCallers } from "../support/callers.ts";

const own = { "x-millrace-dashboard": "1" };
const origin = "http://localhost";

type Ask = (path: string, init?: RequestInit) => Promise<Response>;

/** A dashboard on a broker that lets in everybody. */
async function withDashboard(
  options: Partial<DashboardOptions>,
  test: (
    parts: { ask: Ask; client: Parameters<Parameters<typeof withBroker>[0]>[0]["client"] },
  ) => Promise<void>,
): Promise<void> {
  await withBroker(async ({ broker, client }) => {
    const dashboard = createDashboard({ fetch: broker.fetch, access: "anyone", ...options });
    await test({ ask: (path, init) => dashboard.fetch(new Request(origin + path, init)), client });
  });
}

describe("createDashboard()", () => {
  it("wants to be told who may come in, and where the broker is", () => {
    const fetch = () => Promise.resolve(new Response());
    const refused = (options: object, message: RegExp) =>
      assert.throws(() => createDashboard(options as DashboardOptions), message);
    refused({ fetch }, /'access': expected 'tokens', 'anyone' or a function/);
    refused({ access: "anyone" }, /Cannot reach a broker: give its 'url', or its 'fetch'/);
    refused({ fetch, access: "all" }, /Cannot use "all" as 'access'/);
    refused({ fetch, access: "anyone", readonly: true }, /readOnly/);
    refused({ fetch, access: "anyone", basePath: "admin" }, /Cannot use "admin" as 'basePath'/);
    refused({ fetch, access: "anyone", basePath: '/"><script>/' }, /as 'basePath'/);
  });

  it("serves a page that loads nothing from elsewhere and runs nothing that stands in it", () =>
    withDashboard({ title: "<b>Shop</b>" }, async ({ ask }) => {
      const page = await ask("/");
      const policy = page.headers.get("content-security-policy")!;
      assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
      assert.doesNotMatch(policy, /unsafe/);
      const html = await page.text();
      assert.ok(html.includes("<title>&lt;b&gt;Shop&lt;/b&gt;</title>"));
      assert.doesNotMatch(html, /<script>|style=|onload|https?:/);
      for (const [, path] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
        const asset = await ask(path!);
        assert.equal(asset.status, 200, path);
        assert.equal(asset.headers.get("cache-control"), "public, max-age=31536000, immutable");
        const packed = await ask(path!, { headers: { "accept-encoding": "br, gzip" } });
        assert.equal(packed.headers.get("content-encoding"), "gzip");
        const bytes = new Uint8Array(await packed.arrayBuffer());
        assert.equal(gunzipSync(bytes).toString(), await asset.text());
      }
      assert.equal((await ask("/assets/page.js")).status, 404);
      assert.equal((await ask("/else")).status, 404);
      assert.equal((await ask("/", { method: "POST" })).status, 405);
    }));

  it("stands below any path, whether it is taken off or not", () =>
    withDashboard({ basePath: "/admin/jobs" }, async ({ ask }) => {
      const html = await (await ask("/admin/jobs/")).text();
      assert.equal(await (await ask("/")).text(), html);
      assert.ok(html.includes('data-base="/admin/jobs/"'));
      assert.match(html, /src="\/admin\/jobs\/assets\/page-/);
      const answer = await ask("/admin/jobs");
      assert.deepEqual([answer.status, answer.headers.get("location")], [308, "/admin/jobs/"]);
      for (const path of ["/admin/jobs/api/jobs/count", "/api/jobs/count"]) {
        assert.deepEqual(await (await ask(path)).json(), { count: 0 });
      }
    }));

  it("passes calls on to the broker, with their queries, bodies and refusals", () =>
    withDashboard({}, async ({ ask, client }) => {
      const { id } = await client.enqueue({ type: "a b", queue: "q/1", payload: { x: 1 } });
      const listed = await (await ask(`/api/jobs?queue=${encodeURIComponent("q/1")}`)).json();
      assert.equal(listed.jobs[0].id, id);
      const paused = await ask(`/api/queues/${encodeURIComponent("q/1")}`, {
        method: "PATCH",
        headers: { ...own, "content-type": "application/json" },
        body: '{"paused":true}',
      });
      assert.equal((await paused.json()).paused, true);
      const refusal = await ask("/api/jobs?limit=0");
      assert.equal(refusal.status, 400);
      assert.match((await refusal.json()).error, /limit must be/);
      assert.equal(refusal.headers.get("cache-control"), "no-store");
      assert.equal(refusal.headers.get("x-content-type-options"), "nosniff");
    }));

  it("passes on no call that works off jobs, ends everything or is none of the broker's", () =>
    withDashboard({}, async ({ ask }) => {
      const refused: string[] = [];
      for (const [name, { method, path, access }] of Object.entries(routes)) {
        const isRefused = access === "work" || access === "metrics" || name === "reset" ||
          name === "putPayload";
        const body = method === "GET" ? null : "[]";
        const answer = await ask(`/api${path.replace(/\{\w+\}/g, "x")}`, {
          method,
          headers: { ...own, "content-type": "application/json" },
          body,
        });
        const isOwn = answer.headers.get("content-type") === "application/json" &&
          (await answer.text()) === '{"error":"not found"}';
        if (isRefused) refused.push(name);
        // The broker says what it did not find, or has a call of that path.
        if (isRefused) assert.ok(answer.status === 404 && isOwn, name);
      }
      assert.ok(
        refused.includes("take") && refused.includes("success") && refused.includes("reset"),
      );
      assert.ok(refused.includes("putPayload"));
      for (const path of ["/api/backup", "/api/", "/api/jobs/../reset", "/api//reset"]) {
        assert.equal((await ask(path, { method: "POST", headers: own })).status, 404, path);
      }
    }));

  it("changes nothing for a page of another site", () =>
    withDashboard({}, async ({ ask, client }) => {
      await client.enqueue({ type: "a", queue: "q", payload: 1 });
      const tries: Record<string, string>[] = [
        {},
        { origin: "http://evil.example" },
        { ...own, origin: "http://evil.example" },
        { ...own, "sec-fetch-site": "cross-site" },
        { ...own, "sec-fetch-site": "same-site" },
        { "sec-fetch-site": "same-origin" },
      ];
      for (const headers of tries) {
        const answer = await ask("/api/jobs", { method: "DELETE", headers });
        assert.equal(answer.status, 403, JSON.stringify(headers));
      }
      assert.equal(await client.count(), 1);
      const allowed = await ask("/api/jobs", {
        method: "DELETE",
        headers: { ...own, "sec-fetch-site": "same-origin" },
      });
      assert.equal(allowed.status, 200);
    }));

  it("lets 'anyone' in under the names of this machine and those it was given, and under no other", () =>
    withBroker(async ({ broker }) => {
      const { fetch } = createDashboard({
        fetch: broker.fetch,
        access: "anyone",
        hosts: ["Jobs.internal"],
      });
      const see = async (host: string) =>
        (await fetch(new Request(`http://${host}/api/jobs/count`))).status;
      const names = ["localhost:7890", "127.0.0.1", "[::1]:80", "jobs.internal", "evil.example"];
      assert.deepEqual(await Promise.all(names.map(see)), [200, 200, 200, 200, 401]);
    }));

  it("shows, and changes nothing, when it is read only", () =>
    withDashboard({ readOnly: true }, async ({ ask }) => {
      assert.equal((await ask("/api/jobs")).status, 200);
      const answer = await ask("/api/jobs", { method: "DELETE", headers: own });
      assert.deepEqual([answer.status, await answer.json()], [403, {
        error: "this dashboard only shows",
      }]);
      assert.deepEqual(await (await ask("/session")).json(), {
        may: "read",
        signIn: false,
        readOnly: true,
        title: "Millrace",
      });
    }));

  it("refuses a body that no page sends", () =>
    withDashboard({}, async ({ ask }) => {
      const answer = await ask("/api/jobs", {
        method: "POST",
        headers: { ...own, "content-type": "application/json" },
        body: "x".repeat(1024 * 1024 + 1),
      });
      assert.equal(answer.status, 413);
    }));

  it("asks no other place to which a broker sends it", async () => {
    const seen: string[] = [];
    const { fetch } = createDashboard({
      fetch(request) {
        seen.push(request.redirect);
        return Promise.resolve(
          new Response(null, { status: 307, headers: { location: "http://evil.example/" } }),
        );
      },
      access: "anyone",
      logger: false,
    });
    const answer = await fetch(new Request(`${origin}/api/jobs`));
    assert.deepEqual([answer.status, answer.headers.get("location")], [502, null]);
    assert.deepEqual(seen, ["manual"]); // Workers know no "error".
  });

  it("says that the broker cannot be asked, and nothing of where it is", async () => {
    const { fetch } = createDashboard({
      url: "http://secret.internal:1",
      fetch: () => Promise.reject(new Error("connect secret.internal:1")),
      access: "anyone",
      logger: false,
    });
    const answer = await fetch(new Request(`${origin}/api/jobs`));
    assert.deepEqual([answer.status, await answer.json()], [502, {
      error: "the broker cannot be asked",
    }]);
  });
});

describe("a dashboard with a function for 'access'", () => {
  const cases = [
    ["nobody", undefined, 401, 401, 401],
    ["a reader", "read", 200, 403, 403],
    ["who manages", "manage", 200, 200, 403],
    ["an administrator", "admin", 200, 200, 200],
  ] as const;
  for (const [who, visitor, look, change, set] of cases) {
    it(`lets ${who} do what it says`, () =>
      withDashboard({ access: () => Promise.resolve(visitor) }, async ({ ask }) => {
        const headers = { ...own, "content-type": "application/json" };
        const seen = [
          await ask("/api/jobs"),
          await ask("/api/jobs", { method: "DELETE", headers: own }),
          await ask("/api/config/lease_ms", { method: "PUT", headers, body: '{"value":5000}' }),
        ];
        assert.deepEqual(seen.map(({ status }) => status), [look, change, set]);
        assert.equal((await (await ask("/session")).json()).may, visitor ?? null);
      }));
  }

  it("says that it could not find out who somebody is, and not why", () =>
    withBroker(async ({ broker }) => {
      const failing = [
        () => Promise.reject(new Error("password of db.internal")),
        () => {
          throw new Error("password of db.internal");
        },
        () => "root",
      ];
      for (const access of failing) {
        const { fetch } = createDashboard({
          fetch: broker.fetch,
          access: access as () => "read",
          logger: false,
        });
        for (const path of ["/api/jobs", "/session"]) {
          const answer = await fetch(new Request(origin + path));
          assert.deepEqual([answer.status, await answer.json()], [500, {
            error: "the dashboard could not find out who you are",
          }]);
        }
      }
    }));

  it("shows the broker its own token, and never the visitor's cookie", () =>
    withCallers({ dash: { scopes: ["read"] } }, async ({ broker }) => {
      const { fetch } = createDashboard({
        fetch: broker.fetch,
        token: "dash",
        access: () => "admin",
      });
      const headers = { cookie: "millrace_token=other" };
      const ask = (path: string, init: RequestInit = {}) =>
        fetch(new Request(origin + path, { ...init, headers: { ...own, ...headers } }));
      assert.equal((await ask("/api/jobs")).status, 200);
      assert.equal((await ask("/api/jobs", { method: "DELETE" })).status, 403);
    }));
});

describe("a dashboard with tokens", () => {
  const callers = { viewer: { scopes: ["read"] }, ops: { scopes: ["read", "manage"] } } as const;

  it("lets in who shows a token of the broker, for what that may do", () =>
    withCallers(callers, async ({ broker }) => {
      const { fetch } = createDashboard({ fetch: broker.fetch, access: "tokens", logger: false });
      const ask = (path: string, init: RequestInit = {}) => fetch(new Request(origin + path, init));
      const signIn = (token: unknown) =>
        ask("/session", { method: "POST", headers: own, body: JSON.stringify({ token }) });
      assert.equal((await ask("/api/jobs")).status, 401);
      assert.equal((await ask("/session").then((answer) => answer.json())).may, null);
      assert.equal((await signIn("nobody")).status, 401);
      assert.equal((await signIn(5)).status, 400);
      assert.equal((await signIn("a\nb")).status, 400);
      const stranger = await ask("/session", { method: "POST", body: '{"token":"viewer"}' });
      assert.equal(stranger.status, 403);

      const cookieOf = async (token: string) => {
        const cookie = (await signIn(token)).headers.get("set-cookie")!;
        assert.match(cookie, /; Path=\/; HttpOnly; SameSite=Strict$/);
        return cookie.split(";", 1)[0]!;
      };
      const viewer = { ...own, cookie: `a=b; ${await cookieOf("viewer")}` };
      const ops = { ...own, cookie: await cookieOf("ops") };
      const remove = { method: "DELETE" };
      assert.equal((await ask("/api/jobs", { headers: viewer })).status, 200);
      assert.equal((await ask("/api/jobs", { ...remove, headers: viewer })).status, 403);
      assert.equal((await ask("/api/jobs", { ...remove, headers: ops })).status, 200);
      const out = await ask("/session", { ...remove, headers: ops });
      assert.match(out.headers.get("set-cookie")!, /^millrace_token=; .*Max-Age=0$/);
    }));

  it("keeps the cookie to TLS where the page came by it", () =>
    withCallers(callers, async ({ broker }) => {
      const { fetch } = createDashboard({ fetch: broker.fetch, access: "tokens", basePath: "/d/" });
      const answer = await fetch(
        new Request("https://jobs.example/d/session", {
          method: "POST",
          headers: own,
          body: '{"token":"viewer"}',
        }),
      );
      assert.match(
        answer.headers.get("set-cookie")!,
        /; Path=\/d\/; HttpOnly; SameSite=Strict; Secure/,
      );
    }));

  it("keeps the cookie to TLS behind a proxy that ends it, which the browser's origin shows", () =>
    withCallers(callers, async ({ broker }) => {
      const { fetch } = createDashboard({ fetch: broker.fetch, access: "tokens" });
      const signIn = async (from: string) => {
        const headers = { ...own, origin: from, "sec-fetch-site": "same-origin" };
        const init = { method: "POST", headers, body: '{"token":"viewer"}' };
        const answer = await fetch(new Request(`${origin}/session`, init));
        return answer.headers.get("set-cookie")!;
      };
      assert.match(await signIn("https://jobs.example"), /; Secure$/);
      assert.doesNotMatch(await signIn("http://jobs.example"), /Secure/);
    }));

  it("forgets a token that the broker no longer knows, and takes no cookie that cannot be one", () =>
    withCallers(callers, async ({ broker }) => {
      const { fetch } = createDashboard({ fetch: broker.fetch, access: "tokens" });
      const see = (token: string) =>
        fetch(
          new Request(`${origin}/api/jobs`, { headers: { cookie: `millrace_token=${token}` } }),
        );
      const revoked = await see("revoked");
      assert.equal(revoked.status, 401);
      assert.match(revoked.headers.get("set-cookie")!, /^millrace_token=; .*Max-Age=0$/);
      for (const token of ["a%0d%0ab", "a%20b", "%E2%82%AC", "%"]) {
        assert.equal((await see(token)).status, 401, token);
      }
      // What a token may not do is no reason to forget it.
      const refused = await fetch(
        new Request(`${origin}/api/jobs`, {
          method: "DELETE",
          headers: { ...own, cookie: "millrace_token=viewer" },
        }),
      );
      assert.deepEqual([refused.status, refused.headers.get("set-cookie")], [403, null]);
    }));

  it("lets in nobody where the broker asks for none, whatever cookie they make up", () =>
    withDashboard({ access: "tokens" }, async ({ ask, client }) => {
      await client.enqueue({ type: "a", queue: "q", payload: 1 });
      for (const method of ["GET", "DELETE"]) {
        const headers = { ...own, cookie: "millrace_token=x" };
        assert.equal((await ask("/api/jobs", { method, headers })).status, 409);
      }
      assert.equal(await client.count(), 1);
      const answer = await ask("/session", { method: "POST", headers: own, body: '{"token":"x"}' });
      assert.equal(answer.status, 409);
      assert.equal((await ask("/api/jobs")).status, 401);
    }));
});

describe("the events of a dashboard", () => {
  it("come as they happen, and end when the page is closed", () =>
    withDashboard({}, async ({ ask, client }) => {
      const leaving = new AbortController();
      const answer = await ask("/api/events", { signal: leaving.signal });
      assert.equal(answer.headers.get("content-type"), "text/event-stream");
      const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
      await client.enqueue({ type: "a", queue: "q", payload: 1 });
      let text = "";
      while (!text.includes('"event":"enqueued"')) text += (await reader.read()).value ?? "";
      await reader.cancel();
      leaving.abort();
    }));
});
