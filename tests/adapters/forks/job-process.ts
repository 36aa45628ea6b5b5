/**
 * A process that does one job.
 *
 * @module
 */

import { serveJob } from "../../../adapters/forks/serve-job.ts";
import { handle } from "../../../src/worker/mod.ts";
import { perform } from "./deeds.ts";
import { work } from "./work.ts";

serveJob(handle(work, perform));
