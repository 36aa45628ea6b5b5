/** The tests of all transitions on SQLite. */

import { describe } from "node:test";
import { openMemory } from "./sqlite.ts";
import { describeTransitions } from "./transitions/suite.ts";

describe("transitions on SQLite", () => describeTransitions(openMemory));
