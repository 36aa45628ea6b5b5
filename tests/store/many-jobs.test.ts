/** The tests of transitions with many jobs, on SQLite and on PostgreSQL. */

import { describe } from "node:test";
import { describePglite, openPglite } from "./pglite.ts";
import { openMemory } from "./sqlite.ts";
import { describeManyJobs } from "./transitions/suite.ts";

describe("transitions with many jobs on SQLite", () => describeManyJobs(openMemory));

describePglite(
  "transitions with many jobs on PGlite",
  () => describeManyJobs(() => openPglite()),
);
