/**
 * How many payloads a second a filter looks at, next to the same filter written by hand:
 *
 *     deno run -A scripts/bench/jq.ts
 *
 * With a folder that has the npm package `jq-wasm` as its argument, next to the real jq too.
 *
 * @module
 */

import { createRequire } from "node:module";
import process from "node:process";
import { compile, type Json } from "../../src/jq/mod.ts";

interface Payload {
  readonly user_id: number;
  readonly tags: readonly string[];
  readonly a: { readonly b: number };
  readonly s: string;
}

const count = 100_000;
const rounds = 7;

const filters: readonly [source: string, byHand: (payload: Payload) => boolean][] = [
  [".user_id == 42", (payload) => payload.user_id === 42],
  [
    '.tags | contains(["a"])',
    ({ tags }) => Array.isArray(tags) && tags.some((tag) => tag.includes("a")),
  ],
  [
    'select(.a.b > 3 and (.s | test("^x")))',
    (payload) => payload.a.b > 3 && /^x/.test(payload.s),
  ],
];

// As they come from the wire: one text each, and each its own object.
const texts = Array.from({ length: count }, (_, i) =>
  JSON.stringify({
    user_id: i % 100,
    tags: ["a", "b", "c"].slice(0, i % 4),
    a: { b: i % 7 },
    s: i % 3 ? "xylophone" : "other",
    name: `job ${i}`,
  }));
const payloads = texts.map((text) => JSON.parse(text) as Payload);

for (const [source, byHand] of filters) {
  const program = compile(source);
  const jq = measure((payload) => program.some(payload as unknown as Json));
  const hand = measure(byHand);
  const factor = (hand / jq).toFixed(1);
  console.log(
    `${source.padEnd(42)}${show(jq)} by jq ${show(hand)} by hand, ${factor} times as many`,
  );
}

const folder = process.argv[2];
if (folder !== undefined) {
  const real = createRequire(import.meta.url)(folder) as {
    raw(input: string, program: string, flags: string[]): Promise<unknown>;
  };
  const batch = `${texts.slice(0, 1_000).join("\n")}\n`;
  for (const [source] of filters) {
    await real.raw("null", source, ["-c"]);
    const start = performance.now();
    await real.raw(batch, source, ["-c"]);
    const rate = 1_000 / (performance.now() - start);
    console.log(`${source.padEnd(42)}${rate.toFixed(2).padStart(8)} k/s by jq-wasm, with parsing`);
  }
}

/** The best of some rounds, in millions a second. */
function measure(filter: (payload: Payload) => boolean): number {
  let best = 0;
  for (let round = 0; round < rounds; round++) {
    let found = 0;
    const start = performance.now();
    for (const payload of payloads) if (filter(payload)) found++;
    const rate = count / (performance.now() - start) / 1000;
    if (found === 0) throw new Error("The filter finds nothing");
    best = Math.max(best, rate);
  }
  return best;
}

function show(rate: number): string {
  return `${rate.toFixed(2).padStart(8)} M/s`;
}
