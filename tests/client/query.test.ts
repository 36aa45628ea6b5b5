/**
 * Queries, against a broker in the same process.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Client, createClient, createdAtOf, defineJob, query } from "../../src/client/mod.ts";
import { narrow } from "../../src/client/narrow.ts";
import { withBroker } from "../support/broker.ts";

const mail = defineJob<{ to: string }>({ type: "mail", queue: "mail" });

/** A broker with five mails, of priorities 1 to 5, and another job. */
function withMails(check: (client: Client) => Promise<void>): Promise<void> {
  return withBroker(async ({ broker, clock }) => {
    const client = createClient({ fetch: (request) => broker.fetch(request), clock });
    for (const [at, to] of ["a", "b", "c", "d", "e"].entries()) {
      await client.enqueue(mail, { to }, { priority: at + 1 });
    }
    await client.enqueue({ type: "other", queue: "other", payload: { to: "x" }, priority: 3 });
    await check(client);
  });
}

const toNames = (jobs: readonly { readonly payload: { readonly to: string } }[]) =>
  jobs.map(({ payload }) => payload.to).join("");

describe("query", () => {
  it("asks for nothing before something is done with it, and anew each time", async () => {
    const asked: string[] = [];
    const client = createClient({
      fetch(request) {
        asked.push(new URL(request.url).search);
        return Promise.resolve(Response.json({ count: 1 }));
      },
    });
    const dead = query(client, mail).where({ status: "dead" }).reverse();
    assert.deepEqual(asked, []);
    assert.equal(await dead.count(), 1);
    assert.equal(await dead.where({ queue: "q" }).count(), 1);
    assert.equal(await dead.count(), 1);
    assert.deepEqual(asked, [
      "?status=dead&type=mail",
      "?status=dead&queue=q&type=mail",
      "?status=dead&type=mail",
    ]);
  });

  it("gives the jobs of a definition, in either order, whole or in part", () =>
    withMails(async (client) => {
      const all = query(client, mail);
      assert.equal(toNames(await Array.fromAsync(all)), "abcde");
      assert.equal(toNames(await Array.fromAsync(all.reverse())), "edcba");
      assert.equal(toNames(await Array.fromAsync(all.reverse().reverse())), "abcde");
      assert.equal((await all.first())?.payload.to, "a");
      assert.equal((await all.last())?.payload.to, "e");
      assert.equal((await all.reverse().first())?.payload.to, "e");
      assert.equal(toNames(await all.take(2)), "ab");
      assert.equal(toNames(await all.take(9)), "abcde");
      assert.deepEqual(await all.take(0), []);
      await assert.rejects(all.take(-1), {
        name: "RangeError",
        message: "Cannot take -1 jobs: expected an integer of 0 or more",
      });
      for await (const { jobs, hasNext } of all.pages()) {
        assert.deepEqual([toNames(jobs), hasNext], ["abcde", false]);
      }
      assert.equal(await query(client).count(), 6);
      assert.equal(await all.where({ status: "dead" }).first(), undefined);
    }));

  it("is narrowed step by step", () =>
    withMails(async (client) => {
      const some = query(client).where({ priority: { min: 2 } }).where({ priority: { max: 4 } });
      assert.equal(await some.count(), 4);
      assert.equal(await some.where({ type: ["mail", "none"] }).count(), 3);
      assert.equal(await some.where({ type: "mail" }).where({ type: "other" }).count(), 0);
      assert.equal(await some.where({ priority: 5 }).count(), 0);
      const named = some.where({ filter: '.to != "b" # not b' });
      assert.equal(await named.where({ filter: '.to != "x"' }).count(), 2);
      assert.equal(await some.where({ queue: undefined }).count(), 4);
    }));

  it("changes and deletes what it means, and all only when that is said", () =>
    withMails(async (client) => {
      const all = query(client);
      for (const call of [all.update({ priority: 9 }), all.where({}).delete()]) {
        await assert.rejects(call, /TypeError: Cannot change jobs by a filter without members/);
      }
      assert.equal(await query(client, mail).where({ priority: 1 }).update({ priority: 9 }), 1);
      assert.equal((await query(client, mail).where({ priority: 9 }).first())?.payload.to, "a");
      assert.equal(await query(client, mail).delete(), 5);
      assert.equal(await all.update({ priority: 7 }, { all: true }), 1);
      assert.equal(await all.delete({ all: true }), 1);
      assert.equal(await all.count(), 0);
    }));
});

describe("narrow", () => {
  it("refuses what no filter can say", () => {
    assert.deepEqual(narrow({ tag: "a" }, { tag: "a", queue: "q" }), { tag: "a", queue: "q" });
    assert.throws(() => narrow({ tag: "a" }, { tag: "b" }), {
      name: "TypeError",
      message: 'Cannot narrow by \'tag\' "b": the query has "a" already, and a filter says one ' +
        "of them",
    });
  });
});

describe("createdAtOf", () => {
  it("tells when a broker made an id, to the ms, and nothing of others", () =>
    withBroker(async ({ client, clock }) => {
      for (let i = 0; i < 50; i++) {
        const job = await client.enqueue({ type: "t", queue: "q", payload: i });
        assert.equal(createdAtOf(job), clock.now());
        assert.equal(createdAtOf(job.id), clock.now());
        clock.advance(7919);
      }
      for (const id of ["order:17", "", "x".repeat(24), "z".repeat(25), "A".repeat(25)]) {
        assert.equal(createdAtOf(id), undefined);
      }
    }));
});

describe("the last error of a job", () => {
  it("comes with it when it is asked for", () =>
    withBroker(async ({ client }) => {
      const { id } = await client.enqueue({ type: "t", queue: "q", payload: 1 });
      for await (const job of await client.take({ queues: ["q"] })) {
        await client.failure(job, { message: "no luck" });
        break;
      }
      assert.equal((await client.get(id)).lastError, undefined);
      assert.equal((await client.get(id, { lastError: true })).lastError?.message, "no luck");
      const [job] = (await client.page({ lastError: true })).jobs;
      assert.equal(job?.lastError?.message, "no luck");
      const listed = await Array.fromAsync(client.list({ queue: "q", lastError: true }));
      assert.equal(listed[0]?.lastError?.message, "no luck");
    }));
});
