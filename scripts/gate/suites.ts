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
  ...isOneProcess(files) ? ["--experimental-test-isolation=none"] : [],
  ...toNodeWords(xml, files),
]);

export const node24: Stage = suite("node24", "Node", (xml, files) => [
  ...isOneProcess(files) ? ["--test-isolation=none"] : [],
  ...toNodeWords(xml, files),
]);

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

/**
 * What depends on the version of Node: its servers, sockets, streams, requests, answers, processes, cryptography and SQLite. The
 * rest is the language, and enough on Node 22, as are long runs of chance.
 */
const dependsOnNode = [
  /\/(adapters|client|conformance|frameworks|hostile|offload|outbox|runtimes|store|worker)\//,
  /\/broker\/(base-path|cors|events|guard|jwt|large-answers|load|take|wait)\.test\.ts$/,
];
const enoughOnNode22 = /(-property|\/fuzz)\.test\.ts$/;

/** Whether the tests of a file depend on the version of Node: then they run on Node 24 too. */
export function isForNode24(file: string): boolean {
  return dependsOnNode.some((pattern) => pattern.test(file)) && !enoughOnNode22.test(file);
}

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

/**
 * How many files one process of Node runs: to strip the types of all sources takes it longer than most tests. Deno does that
 * once for all, and Bun has but one process.
 */
const filesAtOnce = 10;

/** How many processes of Node run at once. */
const nodeLanes = 2;

/**
 * Tests that have a process of Node to themselves: two send signals to their own, at which Node ends one that runs several files,
 * and one asks whether any handler runs.
 */
const needsProcess = /\/(adapters\/(signals|steering)|worker\/forgotten)\.test\.ts$/;

function isOneProcess(files: readonly string[]): boolean {
  return !files.some((file) => needsProcess.test(file));
}

function toNodeGroups(files: readonly string[]): string[][] {
  const groups = [files.filter((file) => needsProcess.test(file))];
  const others = files.filter((file) => !needsProcess.test(file));
  for (let at = 0; at < others.length; at += filesAtOnce) {
    groups.push(others.slice(at, at + filesAtOnce));
  }
  return groups;
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
      const folder = await emptyFolder(`reports/${name}`);
      const files = await listTests(title.toLowerCase());
      const left = name === "node24" ? files.filter(isForNode24) : files;
      const env = {
        MILLRACE_TOOLS: await installTools(), // Among them is PGlite.
        ...name === "deno" && !isOnServer() ? {} : { MILLRACE_PGLITE: "skip" },
        ...title === "Node" ? { NODE_COMPILE_CACHE: `${root}.cache/compiled/${name}` } : {},
      };
      const groups = (title === "Node" ? toNodeGroups(left) : [left]).entries();
      const outcomes: Outcome[] = [];
      const runGroups = async () => {
        for (const [at, group] of groups) {
          const xml = `${folder}/${at}.xml`;
          outcomes.push(await runTests(found.program, toWords(xml, group), xml, env));
        }
      };
      // They take the groups from one list, so that none waits for the other.
      await Promise.all(Array.from({ length: title === "Node" ? nodeLanes : 1 }, runGroups));
      tell(report, `${title} ${found.version}`, outcomes);
    },
  };
}

/** What a test runner did. */
interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly output: string;
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
  tell(report, name, [await runTests(program, words, xml, env)]);
}

async function runTests(
  program: string,
  words: readonly string[],
  xml: string,
  env: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const { code, output } = await run(program, words, { env });
  const { passed, failed } = countTests(await Deno.readTextFile(xml).catch(() => ""));
  // A file that fails to load, or a runner that crashes, is a failure that no report may hold.
  const unseen = failed === 0 && (code !== 0 || passed === 0) ? 1 : 0;
  const told = output.replaceAll(/^[.,!X]+\n/gm, ""); // Without the runners' rows of dots.
  return { passed, failed: failed + unseen, output: `${told}\nexit code ${code}` };
}

function tell(report: Report, name: string, outcomes: readonly Outcome[]): void {
  const sum = (count: (outcome: Outcome) => number) =>
    outcomes.reduce((total, outcome) => total + count(outcome), 0);
  const failures = outcomes.filter(({ failed }) => failed > 0);
  report.count(
    name,
    sum(({ passed }) => passed),
    sum(({ failed }) => failed),
    failures.map(({ output }) => output).join("\n"),
  );
}

async function listTests(runtime: string): Promise<string[]> {
  const files = await listFiles("tests", ".test.ts");
  return files
    .filter((path) => !/^tests\/(?:workerd|vitest|postgres|examples|browser)\//.test(path))
    .filter((path) => !path.startsWith("tests/runtimes/") || path.includes(`/${runtime}/`))
    .map((path) => `./${path}`);
}
