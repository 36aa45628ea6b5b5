/**
 * A PostgreSQL of the gate's own, in a folder that goes with it: the one that is installed, or Debian's package.
 *
 * @module
 */

import { demand, run } from "./command.ts";

/** A server that runs. */
export interface PostgresServer {
  /** Its address, of a user who may do everything. */
  readonly url: string;
  readonly version: string;
  /** The folder with its programs. */
  readonly bin: string;
  /** The process that all others of it come from. */
  readonly pid: number;
  /** Ends it as the end of its machine would, and starts it again. */
  crash(): Promise<void>;
  /** Stops it, and removes its folder. */
  stop(): Promise<void>;
}

/** Where Debian, Fedora and Homebrew put the programs. */
const places = ["/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt"];

/**
 * Starts a server with nothing in it, on a free port of this machine; or says why there is none.
 *
 * @param more Further settings of the server, or others than a test needs.
 */
export async function startPostgres(
  more: Readonly<Record<string, string>> = {},
): Promise<PostgresServer | { readonly missing: string }> {
  const bin = await findPrograms() ?? await installPrograms();
  if (bin === undefined) {
    return {
      missing: "no 'initdb' is installed, and 'apt-get install postgresql' is not possible here",
    };
  }
  // It refuses to run as root.
  const asUser = Deno.uid() === 0 ? ["runuser", "-u", "postgres", "--"] : [];
  const ask = async (program: string, words: readonly string[]) => {
    const [first, ...others] = [...asUser, `${bin}/${program}`, ...words];
    return await demand(first!, others, { cwd: "/" });
  };
  const folder = await Deno.makeTempDir({ prefix: "millrace-postgres-" });
  if (asUser.length > 0) await demand("chown", ["postgres", folder]);
  const data = `${folder}/data`;
  const shape = ["-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync"];
  // An order of texts that is not that of bytes, as most servers have: a missing `COLLATE "C"` shows.
  const icu = ["--locale-provider=icu", "--icu-locale=und"];
  await ask("initdb", [...shape, ...icu]).catch(async () => {
    await Deno.remove(data, { recursive: true }).catch(() => {});
    await ask("initdb", shape);
  });
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const settings = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: folder,
    max_connections: 200,
    fsync: "off", // Nothing here survives the machine anyway.
    ...more,
  };
  const words = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`).join(" ");
  const start = () =>
    ask("pg_ctl", ["-D", data, "-w", "-s", "-l", `${folder}/log`, "-o", words, "start"]);
  await start();
  const version = (await ask("postgres", ["--version"])).match(/\d+(\.\d+)?/)?.[0] ?? "";
  const readPid = async () =>
    Number((await Deno.readTextFile(`${data}/postmaster.pid`)).split("\n", 1)[0]);
  let pid = await readPid();
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    version,
    bin,
    get pid() {
      return pid;
    },
    async crash() {
      await ask("pg_ctl", ["-D", data, "-w", "-s", "-m", "immediate", "stop"]);
      await start();
      pid = await readPid();
    },
    async stop() {
      await ask("pg_ctl", ["-D", data, "-w", "-s", "-m", "immediate", "stop"]).catch(() => {});
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** The folder with the programs of the newest version that is installed. */
async function findPrograms(): Promise<string | undefined> {
  const found: { readonly bin: string; readonly major: number }[] = [];
  for (const place of places) {
    const entries = await Array.fromAsync(Deno.readDir(place)).catch(() => []);
    for (const { name } of entries) {
      const bin = `${place}/${name}/bin`;
      const isThere = await Deno.stat(`${bin}/initdb`).then(() => true, () => false);
      if (isThere) found.push({ bin, major: Number(name.match(/\d+/)?.[0] ?? 0) });
    }
  }
  return found.sort((a, b) => b.major - a.major)[0]?.bin;
}

/** Installs Debian's package, where that is possible without asking anybody. */
async function installPrograms(): Promise<string | undefined> {
  if (Deno.uid() !== 0) return undefined;
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  try {
    const install = ["install", "-y", "-q", "--no-install-recommends", "postgresql"];
    if ((await run("apt-get", install, { env })).code !== 0) {
      await demand("apt-get", ["update", "-q"], { env });
      await demand("apt-get", install, { env });
    }
  } catch {
    return undefined; // No apt-get, or nothing that it reaches.
  }
  return await findPrograms();
}
