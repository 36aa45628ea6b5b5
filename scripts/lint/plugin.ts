/**
 * The house rules that a machine can judge, as a plugin of `deno lint`.
 *
 * @module
 */

import { ambientRule } from "./ambient.ts";
import { fileLength } from "./file-length.ts";
import { importLaw } from "./import-law.ts";
import { statusNumbers } from "./status-numbers.ts";
import { wireNames } from "./wire-names.ts";

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    "ambient": ambientRule,
    "file-length": fileLength,
    "import-law": importLaw,
    "status-numbers": statusNumbers,
    "wire-names": wireNames,
  },
};

export default plugin;
