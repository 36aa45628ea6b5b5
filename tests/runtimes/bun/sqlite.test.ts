/**
 * The driver suite on `bun:sqlite`.
 *
 * @module
 */

import { openSqlite } from "../../../adapters/bun/sqlite.ts";
import { describeDriver } from "../../store/driver-conformance.ts";

describeDriver("bun:sqlite", openSqlite);
