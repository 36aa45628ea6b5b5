import assert from "node:assert/strict";
import { it } from "node:test";
import { toSpanText } from "../../src/async/span-text.ts";

it("says spans as exactly as matters", () => {
  const cases: [ms: number, text: string][] = [
    [-5, "0 ms"],
    [0, "0 ms"],
    [249.6, "250 ms"],
    [999, "999 ms"],
    [1500, "1.5 s"],
    [9960, "10 s"],
    [31_200, "31 s"],
    [90_000, "90 s"],
    [119_400, "119 s"],
    [720_000, "12 min"],
    [129_600_000, "36 h"],
    [259_200_000, "3 d"],
  ];
  for (const [ms, text] of cases) assert.equal(toSpanText(ms), text);
});
