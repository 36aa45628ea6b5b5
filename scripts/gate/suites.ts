/**
 * The stages that run the tests: one suite, unchanged, on every runtime.
 *
 * Tests under `tests/runtimes/<runtime>/` run on that one only.
 *
 * @module
 */

import { deno as denoProgram, root, run } from "./command.ts";
import { listFiles } from "./files.ts";
import { countTests } from "./junit.ts";
import type { Report, Stage } from "./report.ts";
import { emptyFolder, findRuntime, installPackages, installTools } from "./tools.ts";

/** No test may hang the gate. On Node, a file counts as a test: the longest one takes half a minute. */
const testTimeoutMs = 150_000;

export const node22: Stage = suite("node22", "Node", (xml, files) => [
  "--experimental-strip-types",
  ...toNodeWords(xml, files),
]);

export const node24: Stage = suite("node24", "Node", toNodeWords);

export const deno: Stage = suite("deno", "Deno", (xml, files) => [
  ...["test", "-A", "--quiet", "--no-check", "--parallel", "--reporter=dot"],
  `--junit-path=${xml}`,
  ...files,
]);

export const bun: Stage = suite("bun", "Bun", (xml, files) => [
  ...["test", "--dots", `--timeout=${testTimeoutMs}`],
  ...["--reporter=junit", `--reporter-outfile=${xml}`],
  ...files,
]);

/** Long runs of chance, whose outcome does not hang on the version of Node. */
const enoughOnNode22 = /(-property|\/fuzz)\.test\.ts$/;

/** How Node is told to run test files. */
export function toNodeWords(xml: string, files: readonly string[]): string[] {
  return [
    "--disable-warning=ExperimentalWarning",
    ...["--test", "--test-concurrency=2", `--test-timeout=${testTimeoutMs}`],
    ...["--test-reporter=junit", `--test-reporter-destination=${xml}`],
    ...["--test-reporter=dot", "--test-reporter-destination=stdout"],
    ...files,
  ];
}

/** Whether the store's tests have run on a PostgreSQL of its own in this run: PGlite would only repeat them, slowly. */
let hasServer = false;
const isOnServer = () => hasServer;

/** Says that they have. */
export function noteServer(): void {
  hasServer = true;
}

/** The stage that runs the suite on a runtime. */
function suite(
  name: "node22" | "node24" | "deno" | "bun",
  title: string,
  toWords: (xml: string, files: readonly string[]) => string[],
): Stage {
  return {
    name,
    about: `the tests on ${title}`,
    async run(report) {
      await installPackages();
      const found = name === "deno"
        ? { program: denoProgram, version: Deno.version.deno }
        : await findRuntime(name);
      if ("missing" in found) return report.skip(`the tests on ${name}`, found.missing);
      const xml = `${await emptyFolder(`reports/${name}`)}/junit.xml`;
      const files = await listTests(title.toLowerCase());
      const isDone = (file: string) => name === "node24" && enoughOnNode22.test(file);
      const words = toWords(xml, files.filter((file) => !isDone(file)));
      const env = {
        MILLRACE_TOOLS: await installTools(), // Among them is PGlite.
        ...name === "deno" && !isOnServer() ? {} : { MILLRACE_PGLITE: "skip" },
        // Each file is a process, and to read the types of all sources takes it longer than most tests.
        ...title === "Node" ? { NODE_COMPILE_CACHE: `${root}.cache/compiled/${name}` } : {},
      };
      await runSuite(report, `${title} ${found.version}`, found.program, words, xml, env);
    },
  };
}

/** Runs a test runner and counts what its report says. */
export async function runSuite(
  report: Report,
  name: string,
  program: string,
  words: readonly string[],
  xml: string,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { code, output } = await run(program, words, { env });
  const { passed, failed } = countTests(await Deno.readTextFile(xml).catch(() => ""));
  // A file that fails to load, or a runner that crashes, is a failure that no report may hold.
  const unseen = failed === 0 && (code !== 0 || passed === 0) ? 1 : 0;
  const told = output.replaceAll(/^[.,!X]+\n/gm, ""); // Without the runners' rows of dots.
  report.count(name, passed, failed + unseen, `${told}\nexit code ${code}`);
}

async function listTests(runtime: string): Promise<string[]> {
  const files = await listFiles("tests", ".test.ts");
  return files
    .filter((path) => !/^tests\/(?:workerd|vitest|postgres|examples|browser)\//.test(path))
    .filter((path) => !path.startsWith("tests/runtimes/") || path.includes(`/${runtime}/`))
    .map((path) => `./${path}`);
}
