/** The graph of what jobs wait for: which jobs are asked for, and where they are drawn. */

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  findJobs,
  type Graph,
  layOut,
  mostJobs,
  neighbour,
} from "../../src/dashboard/page/graph.ts";
import type { Job } from "../../src/dashboard/page/model.ts";

/** Jobs by what each waits for; of each, the first 100 links are told. */
function createJobs(waitsFor: Readonly<Record<string, readonly string[]>>) {
  const calls: (readonly string[])[] = [];
  const jobs = new Map(
    Object.entries(waitsFor).map(([id, parents]) => {
      const children = Object.keys(waitsFor).filter((other) => waitsFor[other]!.includes(id));
      const job: Pick<Job, "id" | "type" | "status" | "depends_on" | "dependents" | "more_links"> =
        {
          id,
          type: id,
          status: parents.length === 0 ? "ready" : "blocked",
          depends_on: parents.slice(0, 100),
          dependents: children.slice(0, 100),
          more_links: parents.length > 100 || children.length > 100,
        };
      return [id, job];
    }),
  );
  const ask = (ids: readonly string[]) => {
    calls.push(ids);
    return Promise.resolve(ids.flatMap((id) => jobs.get(id) ?? []));
  };
  return { calls, ask };
}

const rowsOf = ({ nodes }: Graph) => nodes.map(({ id, layer }) => [id, layer]);

/** A chain of jobs from the first to the last. */
const chain = (length: number) =>
  Object.fromEntries(
    Array.from({ length }, (_, at) => [`j${at}`, at === 0 ? [] : [`j${at - 1}`]]),
  );

describe("the graph of a job", () => {
  it("has all that is reached on both sides, in layers by the longest way", async () => {
    const { ask } = createJobs({
      fetch: [],
      parse: ["fetch"],
      check: ["parse"],
      store: ["parse", "check"],
      tell: ["store", "fetch"],
      aside: ["fetch"],
    });
    const graph = layOut("store", await findJobs("store", ask));
    // What else waits for `fetch` has nothing to do with `store`.
    assert.deepEqual(rowsOf(graph), [
      ["fetch", -3],
      ["parse", -2],
      ["check", -1],
      ["store", 0],
      ["tell", 1],
    ]);
    const edges = graph.edges.map(([parent, child]) => `${parent.id} ${child.id}`).sort();
    assert.deepEqual(edges, [
      "check store",
      "fetch parse",
      "fetch tell",
      "parse check",
      "parse store",
      "store tell",
    ]);
    assert.ok(graph.edges.every(([parent, child]) => parent.x < child.x));
    assert.ok(graph.nodes.every(({ cut }) => cut === 0));
  });

  it("is asked for a step at a time, and ends", async () => {
    const { ask, calls } = createJobs(chain(60));
    const graph = layOut("j30", await findJobs("j30", ask));
    assert.equal(calls.length, 13);
    assert.deepEqual(rowsOf(graph).at(0), ["j18", -12]);
    assert.deepEqual(rowsOf(graph).at(-1), ["j42", 12]);
    assert.deepEqual(graph.nodes.filter(({ cut }) => cut > 0).map(({ id, cut }) => [id, cut]), [
      ["j18", 1],
      ["j42", 1],
    ]);
  });

  it("has so many jobs at most, of both sides, and says what is left out", async () => {
    const many = Array.from({ length: 150 }, (_, at) => `p${at}`);
    const { ask, calls } = createJobs({
      ...Object.fromEntries(many.map((id) => [id, []])),
      middle: many,
      ...Object.fromEntries(many.map((id) => [`after-${id}`, ["middle"]])),
    });
    const graph = layOut("middle", await findJobs("middle", ask));
    assert.equal(graph.nodes.length, mostJobs);
    const sides = [-1, 1].map((side) => graph.nodes.filter(({ layer }) => layer === side).length);
    assert.deepEqual(sides, [100, 99]);
    const { cut, isMore } = graph.nodes.find(({ id }) => id === "middle")!;
    assert.deepEqual([cut, isMore], [1, true]);
    assert.ok(calls.every((ids) => ids.length <= 50));
  });

  it("shows what is gone, and stands a circle that jobs seem to have while they change", async () => {
    const { ask } = createJobs({ a: ["b", "gone"], b: ["c"], c: ["b"] });
    const graph = layOut("a", await findJobs("a", ask));
    assert.equal(graph.nodes.find(({ id }) => id === "gone")!.job, undefined);
    assert.equal(graph.nodes.length, 4);
  });

  it("is walked by arrows: to the nearest that is linked, and along a layer", async () => {
    const { ask } = createJobs({ a: [], b: [], c: ["a", "b"], d: ["c"] });
    const graph = layOut("c", await findJobs("c", ask));
    const node = (id: string) => graph.nodes.find((one) => one.id === id)!;
    const walk = (id: string, key: string) => neighbour(graph, node(id), `Arrow${key}`)?.id;
    assert.equal(walk("c", "Right"), "d");
    assert.ok(["a", "b"].includes(walk("c", "Left")!));
    assert.equal(walk("a", "Down"), "b");
    assert.equal(walk("b", "Up"), "a");
    assert.equal(walk("b", "Down"), undefined);
    assert.equal(walk("d", "Right"), undefined);
  });
});
