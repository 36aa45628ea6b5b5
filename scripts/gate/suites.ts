/**
 * The stages that run the tests: one suite, unchanged, on every runtime.
 *
 * Tests under `tests/runtimes/<runtime>/` run on that one only.
 *
 * @module
 */

import { deno, run } from "./command.ts";
import { listFiles } from "./files.ts";
import { countTests } from "./junit.ts";
import type { Report, Stage } from "./report.ts";
import { emptyFolder, findRuntime, installPackages, type RuntimeName } from "./tools.ts";

/** No test may hang the gate. */
const testTimeoutMs = 60_000;

const denoSuite: Stage = {
  name: "deno",
  about: `the tests on Deno ${Deno.version.deno}`,
  async run(report) {
    const xml = await reportFile("deno");
    const words = ["test", "-A", "--quiet", "--no-check", `--junit-path=${xml}`];
    await runSuite(report, "Deno " + Deno.version.deno, deno, [
      ...words,
      ...await listTests("deno"),
    ], xml);
  },
};

export const suites: readonly Stage[] = [
  nodeSuite("node22", ["--experimental-strip-types", "--disable-warning=ExperimentalWarning"]),
  nodeSuite("node24", []),
  denoSuite,
  {
    name: "bun",
    about: "the tests on Bun",
    run: (report) =>
      onRuntime(report, "bun", async (program, name) => {
        const xml = await reportFile("bun");
        const words = ["test", `--timeout=${testTimeoutMs}`];
        const reporter = ["--reporter=junit", `--reporter-outfile=${xml}`];
        await runSuite(report, name, program, [
          ...words,
          ...reporter,
          ...await listTests("bun"),
        ], xml);
      }),
  },
];

function nodeSuite(runtime: "node22" | "node24", flags: readonly string[]): Stage {
  return {
    name: runtime,
    about: `the tests on Node ${runtime.slice(4)}`,
    run: (report) =>
      onRuntime(report, runtime, async (program, name) => {
        const xml = await reportFile(runtime);
        await runSuite(report, name, program, [
          ...flags,
          "--disable-warning=ExperimentalWarning",
          "--test",
          `--test-timeout=${testTimeoutMs}`,
          "--test-concurrency=2",
          "--test-reporter=junit",
          `--test-reporter-destination=${xml}`,
          "--test-reporter=dot",
          "--test-reporter-destination=stdout",
          ...await listTests("node"),
        ], xml);
      }),
  };
}

async function onRuntime(
  report: Report,
  runtime: RuntimeName,
  body: (program: string, name: string) => Promise<void>,
): Promise<void> {
  await installPackages();
  const found = await findRuntime(runtime);
  if ("missing" in found) return report.skip(`the tests on ${runtime}`, found.missing);
  await body(found.program, `${runtime.replace(/\d+/, "")} ${found.version}`);
}

async function runSuite(
  report: Report,
  name: string,
  program: string,
  words: readonly string[],
  xml: string,
): Promise<void> {
  const { code, output } = await run(program, words);
  const counted = countTests(await Deno.readTextFile(xml).catch(() => ""));
  // A file that fails to load, or a runner that crashes, is a failure that no report may hold.
  const unseen = counted.failed === 0 && (code !== 0 || counted.passed === 0) ? 1 : 0;
  report.count(name, counted.passed, counted.failed + unseen, `${output}\nexit code ${code}`);
}

async function listTests(runtime: "node" | "deno" | "bun"): Promise<string[]> {
  const files = await listFiles("tests", ".test.ts");
  return files
    .filter((path) => !path.startsWith("tests/workerd/"))
    .filter((path) => !path.startsWith("tests/runtimes/") || path.includes(`/${runtime}/`))
    .map((path) => `./${path}`);
}

async function reportFile(name: string): Promise<string> {
  return `${await emptyFolder(`reports/${name}`)}/junit.xml`;
}
