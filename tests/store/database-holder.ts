/**
 * A process that opens the database named on its command line, commits a row and never lets go.
 *
 * @module
 */

import process from "node:process";

const { openSqlite } = await import(
  "Bun" in globalThis ? "../../adapters/bun/sqlite.ts" : "../../adapters/sqlite/node-sqlite.ts"
);
const driver = openSqlite(process.argv[2]!);
driver.open();
driver.script("CREATE TABLE held (a)");
driver.run("INSERT INTO held VALUES (?)", [1]);
console.log("held");
setInterval(() => driver.all("SELECT * FROM held", []), 1000);
