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
  /** Ends it as the end of its machine would, and leaves it so. */
  kill(): Promise<void>;
  /** Has all its processes stand still: its connections stay open, and nobody answers. */
  freeze(): Promise<void>;
  /** Has them go on as if nothing had been. */
  thaw(): Promise<void>;
  /**
   * Starts a server that follows this one.
   *
   * @param port Where; default a free one.
   */
  follow(port?: number): Promise<PostgresServer>;
  /** Makes one that follows another the primary. */
  promote(): Promise<void>;
  /** Stops it, and removes its folder. */
  stop(): Promise<void>;
}

/** Where Debian, Fedora and Homebrew put the programs. */
const places = ["/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/opt"];

/**
 * Starts a server with nothing in it, on a free port of this machine; or says why there is none.
 *
 * @param more Further settings of the server, or others than a test needs.
 * @param place Where its folder is made; default where temporary files are.
 */
export async function startPostgres(
  more: Readonly<Record<string, string>> = {},
  place: { readonly dir?: string } = {},
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
  const version = (await ask("postgres", ["--version"])).match(/\d+(\.\d+)?/)?.[0] ?? "";

  const makeFolder = async () => {
    const folder = await Deno.makeTempDir({ prefix: "millrace-postgres-", ...place });
    if (asUser.length > 0) await demand("chown", ["postgres", folder]);
    return folder;
  };

  /** Starts what is in a folder. */
  const startIn = async (folder: string, port = findPort()): Promise<PostgresServer> => {
    const data = `${folder}/data`;
    const all = {
      listen_addresses: "127.0.0.1",
      port,
      unix_socket_directories: folder,
      max_connections: 200,
      fsync: "off", // Nothing here survives the machine anyway.
      ...more,
    };
    const words = Object.entries(all).map(([name, value]) => `-c ${name}=${value}`).join(" ");
    const control = (...action: readonly string[]) =>
      ask("pg_ctl", ["-D", data, "-w", "-s", ...action]);
    const start = () => control("-l", `${folder}/log`, "-o", words, "start");
    let frozen: readonly number[] = [];
    const thaw = () => {
      for (const id of frozen.toReversed()) Deno.kill(id, "SIGCONT");
      frozen = [];
    };
    const kill = async () => {
      thaw();
      await control("-m", "immediate", "stop");
    };
    await start();
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
      kill,
      async crash() {
        await kill();
        await start();
        pid = await readPid();
      },
      async freeze() {
        Deno.kill(pid, "SIGSTOP"); // It makes no others from here on.
        frozen = [pid];
        const children = (await demand("pgrep", ["-P", String(pid)])).trim().split("\n").map(
          Number,
        );
        for (const id of children) Deno.kill(id, "SIGSTOP");
        frozen = [pid, ...children];
      },
      thaw: () => Promise.resolve(thaw()),
      async follow(ownPort) {
        const own = await makeFolder();
        const from = ["-h", "127.0.0.1", "-p", String(port), "-U", "postgres"];
        await ask("pg_basebackup", [...from, "-D", `${own}/data`, "-R", "-c", "fast"]);
        return await startIn(own, ownPort);
      },
      promote: async () => void await control("promote"),
      async stop() {
        await kill().catch(() => {});
        await Deno.remove(folder, { recursive: true });
      },
    };
  };

  const folder = await makeFolder();
  const data = `${folder}/data`;
  const shape = ["-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync"];
  // An order of texts that is not that of bytes, as most servers have: a missing `COLLATE "C"` shows.
  const icu = ["--locale-provider=icu", "--icu-locale=und"];
  await ask("initdb", [...shape, ...icu]).catch(async () => {
    await Deno.remove(data, { recursive: true }).catch(() => {});
    await ask("initdb", shape);
  });
  return await startIn(folder);
}

/** A port that is free. */
function findPort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
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
