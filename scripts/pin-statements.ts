/**
 * Writes down which statements this version asks of PostgreSQL, for the next one, on whose tables they have to run: brokers of two
 * versions work beside each other while they are upgraded. Once for each release, with the schema that it ships:
 *
 * ```sh
 * deno run -A scripts/pin-statements.ts
 * ```
 *
 * They are gathered from the tests that have a PostgreSQL. Those of the version before the last one are removed.
 *
 * @module
 */

import { migrations } from "../src/store/schema.ts";
import { demand, deno, root } from "./gate/command.ts";
import { startPostgres } from "./gate/postgres-server.ts";

const folder = `${root}tests/postgres/`;
const suites = ["transitions", "conformance", "brokers"].map((name) => `${folder}${name}.test.ts`);

const server = await startPostgres();
if ("missing" in server) throw new Error(server.missing);
const gathered = await Deno.makeTempFile();
try {
  const env = { MILLRACE_POSTGRES: server.url, MILLRACE_STATEMENTS: gathered };
  const words = ["test", "-A", "--quiet", "--no-check", "--parallel", "--reporter=dot"];
  await demand(deno, [...words, ...suites, `${root}tests/qless/`], { env });
} finally {
  await server.stop();
}
const lines = (await Deno.readTextFile(gathered)).split("\n");
await Deno.remove(gathered);
/** What tests ask beside brokers is not theirs. */
const isOwn = (text: string) => /^(?:SELECT|INSERT|UPDATE|DELETE|WITH)\b/.test(text);
const statements = [...new Set(lines)].filter(isOwn).sort();
const version = migrations.length;
await Deno.writeTextFile(`${folder}statements-${version}.sql`, `${statements.join("\n")}\n`);
console.log(`${statements.length} statements of version ${version}`);

const pinned = await Array.fromAsync(Deno.readDir(folder), ({ name }) => name);
const versions = pinned.map((name) => Number(/^statements-(\d+)\.sql$/.exec(name)?.[1] ?? 0));
const [, before = version] = versions.sort((a, b) => b - a);
for (const old of versions) {
  if (old > 0 && old < before) await Deno.remove(`${folder}statements-${old}.sql`);
}
