/**
 * Counts tests in a JUnit report: the one format that Node, Deno and Bun all write.
 *
 * @module
 */

const testcase = /<testcase((?:\s+[\w:.-]+="[^"]*")*)\s*(?:\/>|>(?<body>[\s\S]*?)<\/testcase>)/g;

/** How many tests of a report passed and failed; skipped ones are neither. */
export function countTests(xml: string): { passed: number; failed: number } {
  const cases = [...xml.matchAll(testcase)].map(({ 1: attributes, groups }) => ({
    name: / name="([^"]*)"/.exec(attributes!)?.[1] ?? "",
    body: groups?.["body"] ?? "",
  }));
  const names = cases.map(({ name }) => name).sort();
  let passed = 0;
  let failed = 0;
  for (const { name, body } of cases) {
    // Deno lists a suite among its tests, as `suite` beside `suite > test`: it is not one.
    if (isSuite(name, names)) continue;
    if (/<(failure|error)\b/.test(body)) failed++;
    else if (!/<skipped\b/.test(body)) passed++;
  }
  return { passed, failed };
}

function isSuite(name: string, sorted: readonly string[]): boolean {
  const prefix = `${name} &gt; `;
  return sorted.some((other) => other.startsWith(prefix));
}
