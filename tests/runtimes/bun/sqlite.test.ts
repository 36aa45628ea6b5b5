/**
 * The database suite on `bun:sqlite`.
 *
 * @module
 */

import { openSqlite } from "../../../adapters/bun/sqlite.ts";
import { describeDatabase } from "../../store/database-conformance.ts";

describeDatabase("bun:sqlite", openSqlite);
