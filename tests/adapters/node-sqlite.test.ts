/**
 * The database suite on `node:sqlite`, which all three runtimes have.
 *
 * @module
 */

import { openSqlite } from "../../adapters/sqlite/node-sqlite.ts";
import { describeDatabase } from "../store/database-conformance.ts";

describeDatabase("node:sqlite", openSqlite);
