/**
 * The flags of `millrace demo`.
 *
 * @module
 */

import type { Flags } from "./options.ts";
import { readInteger } from "./values.ts";

/** The settings of `millrace demo`. */
export interface DemoConfig {
  readonly burst: number;
}

/** The table of flags. */
export const demoFlags: Flags<DemoConfig> = {
  burst: {
    placeholder: "N",
    fallback: "10000",
    read: readInteger(0, 100_000),
    help: "how many small jobs to enqueue at once",
  },
};
