/**
 * A process that opens the database named on its command line, commits a row and keeps the file locked.
 *
 * @module
 */

import process from "node:process";

const { openSqlite } = await import(
  "Bun" in globalThis ? "../../adapters/bun/sqlite.ts" : "../../adapters/sqlite/node-sqlite.ts"
);
const database = openSqlite(process.argv[2]!);
database.open();
database.script("CREATE TABLE held (a)");
database.run("INSERT INTO held VALUES (?)", [1]);
console.log("held");
setInterval(() => database.all("SELECT * FROM held", []), 1000);
