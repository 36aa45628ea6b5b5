/**
 * jq.
 *
 * @module
 */

export { compile, type JqOptions, type JqProgram, type JqVariables } from "./program.ts";
export {
  JqCompileError,
  JqError,
  JqLimitError,
  type JqLimitName,
  type JqPosition,
} from "./errors.ts";
export type { JqLimits } from "./meter.ts";
export type { Json } from "./values/json.ts";
