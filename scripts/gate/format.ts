/**
 * The stage that looks at the looks.
 *
 * @module
 */

import { demand, deno } from "./command.ts";
import type { Stage } from "./report.ts";

export const format: Stage = {
  name: "format",
  about: "deno fmt changes nothing",
  run: (report) => report.check("deno fmt --check", () => demand(deno, ["fmt", "--check"])),
};
