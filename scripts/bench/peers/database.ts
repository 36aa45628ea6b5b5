/**
 * The PostgreSQL that all systems share, and what it costs: started for the bench, with a database for each system.
 *
 * @module
 */

import { startPostgres } from "../../gate/postgres-server.ts";
import { demand } from "../../gate/command.ts";

/** A server that runs. Disposing of it ends it. */
export interface BenchPostgres extends AsyncDisposable {
  readonly version: string;
  /** Makes a database, or makes it anew. Gives its address. */
  makeDatabase(name: string): Promise<string>;
  /** CPU time that all its processes have used so far, in ms. */
  cpuMs(): Promise<number>;
  /** Runs statements in a database, and gives what they print. */
  ask(name: string, sql: string): Promise<string>;
}

/** How long a tick of `/proc` is, in ms. */
const tickMs = 10;

/**
 * Starts a server as Debian sets it up, which answers a commit when it is on the disk.
 *
 * @param settings What is set otherwise.
 * @throws {Error} If PostgreSQL is not installed, and cannot be.
 */
export async function startBenchPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<BenchPostgres> {
  const server = await startPostgres({ fsync: "on", ...settings });
  if ("missing" in server) throw new Error(`There is no PostgreSQL: ${server.missing}`);
  const toUrl = (name: string) => server.url.replace(/\/postgres$/, `/${name}`);
  const ask = (name: string, sql: string) =>
    demand(`${server.bin}/psql`, ["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", toUrl(name), "-c", sql]);
  return {
    version: server.version,
    async makeDatabase(name) {
      await ask("postgres", `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      await ask("postgres", `CREATE DATABASE ${name}`);
      return toUrl(name);
    },
    cpuMs: () => readCpuMs(server.pid),
    ask,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** The CPU time of a process, its children, and those of them that have ended. */
async function readCpuMs(pid: number): Promise<number> {
  let ticks = 0;
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const text = await Deno.readTextFile(`/proc/${name}/stat`).catch(() => "");
    // After the name of the program, which may hold anything.
    const [, parent, ...fields] = text.slice(text.lastIndexOf(")") + 2).split(" ");
    if (Number(name) !== pid && Number(parent) !== pid) continue;
    const [user, system, childUser, childSystem] = fields.slice(9, 13).map(Number);
    ticks += user! + system! + (Number(name) === pid ? childUser! + childSystem! : 0);
  }
  return ticks * tickMs;
}
