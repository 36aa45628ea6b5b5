/** The rules and the dashboard of docs/metrics/ ask for metrics that there are. */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe, it } from "node:test";
import { withBroker } from "../support/broker.ts";

const read = (name: string) =>
  readFile(new URL(`../../docs/metrics/${name}`, import.meta.url), "utf8");

/** The names that a broker tells, once jobs were run. Those of PostgreSQL alone are read off the protocol, as this broker has none. */
async function listMetrics(): Promise<ReadonlySet<string>> {
  const names = new Set(ofPostgres(await read("../protocol.md")));
  await withBroker(async ({ broker, client, clock, take }) => {
    await client.enqueue({ type: "a", queue: "q", payload: 1 });
    const { jobs } = await take();
    await clock.advance(1);
    await client.success(jobs[0]!);
    await client.enqueue({ type: "a", queue: "q", payload: 1 });
    const text = await (await broker.fetch(new Request("http://localhost/metrics"))).text();
    for (const line of text.split("\n")) {
      const [name] = line.match(/^[a-z_]+/) ?? [];
      if (name !== undefined) names.add(name);
    }
  });
  return names;
}

/** The metrics that the protocol lists for PostgreSQL; `tests/postgres/outbox.test.ts` asks a broker for them. */
function ofPostgres(protocol: string): string[] {
  const rows = [...protocol.matchAll(/^\| `(millrace_[a-z_]+)` +\| gauge +\| on PostgreSQL: /gm)];
  assert.equal(rows.length, 3);
  return rows.map(([, name]) => name!);
}

/** The metrics of ours that a text names. */
function namesIn(text: string): string[] {
  return [...new Set(text.match(/\bmillrace_[a-z_]+/g) ?? [])];
}

describe("docs/metrics", () => {
  for (const file of ["alerts.yml", "grafana.json"]) {
    it(`${file} asks for metrics that there are`, async () => {
      const known = await listMetrics();
      const asked = namesIn(await read(file));
      assert.ok(asked.length > 5);
      assert.deepEqual(asked.filter((name) => !known.has(name)), []);
    });
  }

  it("the dashboard shows every metric but the version", async () => {
    const shown = namesIn(await read("grafana.json"))
      .map((name) => name.replace(/_(bucket|count|sum)$/, ""));
    const known = [...await listMetrics()].map((name) => name.replace(/_(bucket|count|sum)$/, ""));
    assert.deepEqual([...new Set(known)].filter((name) => !shown.includes(name)), [
      "millrace_build_info",
    ]);
  });

  it("the dashboard is what Grafana imports: panels that do not lie on each other", async () => {
    const { panels, uid } = JSON.parse(await read("grafana.json"));
    assert.equal(uid, "millrace");
    const places = panels.map((
      { gridPos: { x, y, w, h } }: { gridPos: Record<string, number> },
    ) => [x, y, w, h].join());
    assert.equal(new Set(places).size, panels.length);
    assert.equal(new Set(panels.map(({ id }: { id: number }) => id)).size, panels.length);
  });
});
