/**
 * The driver suite on `node:sqlite`, which all three runtimes have.
 *
 * @module
 */

import { openSqlite } from "../../adapters/sqlite/node-sqlite.ts";
import { describeDriver } from "../store/driver-conformance.ts";

describeDriver("node:sqlite", openSqlite);
