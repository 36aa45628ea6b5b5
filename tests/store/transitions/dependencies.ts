/**
 * Jobs that wait for others: what they wait for, and how that is changed.
 *
 * @module
 */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRejection } from "../../../src/protocol/rejection.ts";
import { addLinks, dropLinks, getLinks } from "../../../src/store/edit-links.ts";
import { getJob } from "../../../src/store/read.ts";
import {
  complete,
  demandConsistent,
  given,
  kept,
  kill,
  on,
  sketch,
} from "./dependency-sketches.ts";
import { type JobSketch, start, type TestStore } from "./test-store.ts";

/** Defines the tests. */
export function describeDependencies(open: () => Promise<TestStore>): void {
  describe("enqueueJobs(), of jobs that wait for others", () => {
    it("stores them as blocked, and tells what waits for what", async () => {
      const store = await open();
      await given(store, "a");
      const stored = await store.enqueue(sketch("b: a, #1"), sketch("c"));
      assert.ok(!isRejection(stored));
      assert.deepEqual(stored.map(({ job }) => job.extra), [
        { dependsOn: ["a", "c"] },
        { dependents: ["b"] },
      ]);
      assert.equal(await store.statuses(), "a ready, b blocked, c ready");
      const read = await store.read(getJob("a", start));
      assert.deepEqual(read!.extra, { dependents: ["b"] });
      assert.deepEqual((await store.read(getJob("b", start)))!.extra, { dependsOn: ["a", "c"] });
      assert.deepEqual(store.changes(), ["1 none > blocked: b", "1 none > ready: c"]);
      await demandConsistent(store);
    });

    it("do not wait for those that are missing, that succeeded, or whose retention has ended", async () => {
      const store = await open();
      await store.given({ id: "a", retention: kept }, { id: "old", retention: kept });
      await store.take();
      await complete(store, "a");
      await kill(store, "old");
      await store.clock.advance(49);
      assert.ok(!isRejection(await store.enqueue(sketch("b: a, none"))));
      await store.clock.advance(1);
      assert.ok(!isRejection(await store.enqueue(sketch("c: old"))));
      assert.equal(await store.statuses(), "a completed, b ready, c ready, old dead");
      const delayed = { ...sketch("d: none"), readyAt: start + 500 };
      await store.enqueue(delayed);
      assert.equal((await store.row("d"))!["status"], 0);
    });

    const refused: Readonly<Record<string, readonly [JobSketch[], string, number]>> = {
      "one that is not there, if it has to be": [
        [sketch("x"), { ...sketch("b: a, none"), strictDependencies: true }],
        "depends_on names job none, which is not there",
        1,
      ],
      "itself": [[sketch("x"), sketch("b: #1")], "depends_on names the job itself", 1],
      "itself by its id": [[sketch("b: b")], "depends_on names the job itself", 0],
      "each other": [
        [sketch("p: #1"), sketch("q: #2"), sketch("r: #1")],
        "depends_on leads back to the job itself",
        0,
      ],
      "one that is dead, to be dead with it": [
        [sketch("b: dead cancel")],
        "depends_on names job dead with on_dead 'cancel', and it is dead",
        0,
      ],
      "each other, as one is a duplicate": [
        [
          { ...sketch("p: #2"), uniqueKey: "k", uniqueWhile: "exists" },
          { ...sketch("q"), uniqueKey: "k", uniqueWhile: "exists" },
          sketch("r: #1"),
        ],
        "depends_on leads back to the job itself",
        0,
      ],
    };
    for (const [what, [sketches, message, index]] of Object.entries(refused)) {
      it(`refuses all if one waits for ${what}`, async () => {
        const store = await open();
        await store.given({ id: "dead" });
        await store.take();
        await kill(store, "dead");
        await given(store, "a");
        store.changes();
        const result = await store.enqueue(...sketches);
        assert.ok(isRejection(result));
        assert.deepEqual(
          [result.kind, result.message],
          ["unprocessable", message],
        );
        assert.equal(result.index === index || message.startsWith("depends_on leads"), true);
        assert.deepEqual(store.changes(), []);
        assert.equal(await store.statuses(), "a ready, dead dead");
      });
    }

    it("wait for what a duplicate is one of, and for what was folded", async () => {
      const store = await open();
      const unique = { uniqueKey: "k", uniqueWhile: "queued" };
      await store.given({ id: "holder", ...unique });
      const batch = { key: "b", when: "true", fold: "$new" };
      const stored = await store.enqueue(
        { id: "n", ...unique },
        { id: "head", batch },
        { id: "part", batch },
        sketch("x: #0, #2"),
      );
      assert.ok(!isRejection(stored));
      assert.deepEqual(stored[3]!.job.extra, { dependsOn: ["holder", "head"] });
      await demandConsistent(store);
    });

    it("say that there are more links than are shown", async () => {
      const store = await open();
      const many = Array.from({ length: 101 }, (_, at) => `p${`${at}`.padStart(3, "0")}`);
      const stored = await store.enqueue(
        ...many.map((id) => ({ id })),
        { id: "x", dependsOn: many.map((_, at) => on(`#${at}`)) },
      );
      assert.ok(!isRejection(stored));
      const expected = { dependsOn: many.slice(0, 100), moreLinks: true };
      assert.deepEqual(stored.at(-1)!.job.extra, expected);
      assert.deepEqual((await store.read(getJob("x", start)))!.extra, expected);
      const links = await store.read(getLinks("x", start));
      assert.deepEqual(links!.dependsOn.map(({ id }) => id), many);
    });

    it("show those that wait in the order in which they were stored, however many wait and with what", async () => {
      const store = await open();
      await given(store, "x");
      const ways = ["run", "cancel", "stay"] as const;
      const many = Array.from({ length: 2100 }, (_, at) => `c${`${at}`.padStart(4, "0")}`);
      const stored = await store.enqueue(
        ...many.map((id, at) => ({ id, dependsOn: [{ ...on("x"), onDead: ways[at % 3]! }] })),
      );
      assert.ok(!isRejection(stored));
      const { extra } = (await store.read(getJob("x", start)))!;
      assert.deepEqual(extra, { dependents: many.slice(0, 100), moreLinks: true });
    });
  });

  describe("changing what a job waits for", () => {
    const list = (text: string, isStrict = false) => ({
      ids: text.split(", ").map(on),
      isStrict,
    });

    it("adds those that are open, and says anew how one is waited for", async () => {
      const store = await open();
      await given(store, "a", "b", "x: a");
      const job = await store.write(() => addLinks("x", list("a run, b as n, none"), start));
      assert.ok(job !== undefined && !isRejection(job));
      assert.deepEqual(job.extra, { dependsOn: ["a", "b"] });
      assert.deepEqual((await store.read(getLinks("x", start)))!.dependsOn, [
        { id: "a", onDead: "run", name: null },
        { id: "b", onDead: "stay", name: "n" },
      ]);
      assert.deepEqual(await store.read(getLinks("b", start)), {
        dependsOn: [],
        dependents: ["x"],
        dependentsCount: 1,
      });
      await demandConsistent(store);
    });

    it("frees the job with the last one, when it is due", async () => {
      const store = await open();
      await given(store, "a", "b", "x: a, b");
      await store.given({ ...sketch("y: a"), readyAt: start + 9 });
      assert.equal(
        isRejection(await store.write(() => dropLinks("x", ["a", "none"], start))),
        false,
      );
      assert.equal((await store.row("x"))!["status"], 5);
      await store.write(() => dropLinks("x", ["b"], start));
      await store.write(() => dropLinks("y", undefined, start));
      assert.equal(await store.statuses(), "a ready, b ready, x ready, y scheduled");
      assert.deepEqual(store.changes(), ["1 blocked > ready: x", "1 blocked > scheduled: y"]);
      await demandConsistent(store);
    });

    it("is refused unless it is blocked, and where it leads back", async () => {
      const store = await open();
      await given(store, "a", "x: a", "y: x", "z: y");
      const messages: Record<string, string> = {};
      for (const [id, others] of [["a", "x"], ["x", "z"], ["x", "x"], ["none", "a"]] as const) {
        const result = await store.write(() => addLinks(id, list(others), start));
        messages[`${id} ${others}`] = isRejection(result) ? result.message : `${result}`;
      }
      assert.deepEqual(messages, {
        "a x": "cannot change what job a waits for in ready status",
        "x z": "depends_on leads back to the job itself",
        "x x": "depends_on names the job itself",
        "none a": "undefined",
      });
      const dropped = await store.write(() => dropLinks("a", undefined, start));
      assert.ok(isRejection(dropped));
      const strict = await store.write(() => addLinks("x", list("none", true), start));
      assert.ok(isRejection(strict));
      assert.deepEqual(store.changes(), []);
      await demandConsistent(store);
    });
  });
}
