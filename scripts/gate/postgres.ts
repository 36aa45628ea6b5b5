/**
 * The stage that runs brokers on a real PostgreSQL: the tests of the store, the transcripts, and the statements of qless to one
 * broker and to three that take turns.
 *
 * @module
 */

import { deno } from "./command.ts";
import { listFiles } from "./files.ts";
import { startPostgres } from "./postgres-server.ts";
import type { Stage } from "./report.ts";
import { noteServer, runSuite, toNodeWords } from "./suites.ts";
import { emptyFolder, findRuntime, installPackages, installTools } from "./tools.ts";

/** The tests of the driver, which is not the same on each runtime. */
const ofDriver = "./tests/postgres/open-postgres.test.ts";

export const postgres: Stage = {
  name: "postgres",
  about: "brokers on a real PostgreSQL",
  async run(report) {
    await installPackages();
    const server = await startPostgres();
    if ("missing" in server) return report.skip("brokers on a real PostgreSQL", server.missing);
    noteServer();
    try {
      const folder = await emptyFolder("reports/postgres");
      // Among the tools are the drivers and query builders of `outbox-drivers.test.ts`.
      const env = { MILLRACE_POSTGRES: server.url, MILLRACE_TOOLS: await installTools() };
      const own = await listFiles("tests/postgres", ".test.ts");
      const qless = await listFiles("tests/qless", ".test.ts");
      const files = [...own, ...qless].map((path) => `./${path}`);
      const xml = `${folder}/deno.xml`;
      const words = ["test", "-A", "--quiet", "--no-check", "--parallel", "--reporter=dot"];
      await runSuite(
        report,
        `PostgreSQL ${server.version}, Deno`,
        deno,
        [...words, `--junit-path=${xml}`, ...files],
        xml,
        env,
      );
      const three = `${folder}/three.xml`;
      await runSuite(
        report,
        `PostgreSQL ${server.version}, three brokers in turn`,
        deno,
        [...words, `--junit-path=${three}`, ...qless.map((path) => `./${path}`)],
        three,
        { ...env, MILLRACE_BROKERS: "3" },
      );
      for (const name of ["node22", "bun"] as const) {
        const found = await findRuntime(name);
        if ("missing" in found) {
          report.skip(`PostgreSQL on ${name}`, found.missing);
          continue;
        }
        const xml = `${folder}/${name}.xml`;
        const words = name === "bun"
          ? ["test", "--dots", "--reporter=junit", `--reporter-outfile=${xml}`, ofDriver]
          : ["--experimental-strip-types", ...toNodeWords(xml, [ofDriver])];
        const title = `PostgreSQL ${server.version}, ${name}`;
        await runSuite(report, title, found.program, words, xml, env);
      }
    } finally {
      await server.stop();
    }
  },
};
