/**
 * The rooms of the house and their levels: the one table behind the import law, the map in CONTRIBUTING.md and the
 * lint rules that belong to a place.
 *
 * A file belongs to the row with the longest path that it begins with. A row may import itself and any row of a
 * lower level, never a higher one nor a neighbour of its own level.
 *
 * @module
 */

/** A place in the house: a folder (its path ends in `/`) or a few files that belong together. */
export interface Room {
  readonly level: number;
  readonly paths: readonly string[];
  /** The npm packages that may be imported here, and in no room that does not name them. */
  readonly packages?: readonly string[];
}

export const rooms: readonly Room[] = [
  {
    level: 0,
    paths: [
      "src/errors.ts",
      "src/guard-logger.ts",
      "src/log.ts",
      "src/log-lines.ts",
      "src/options.ts",
      "src/printable.ts",
      "src/version.ts",
      "src/async/",
    ],
  },
  { level: 0, paths: ["src/jq/"] },
  { level: 1, paths: ["src/protocol/"], packages: ["valibot", "@msgpack/msgpack"] },
  { level: 2, paths: ["src/client/"] },
  { level: 2, paths: ["src/jobs/"] },
  { level: 2, paths: ["src/store/"] },
  { level: 3, paths: ["src/worker/"] },
  { level: 3, paths: ["src/broker/engine/"], packages: ["croner"] },
  { level: 3, paths: ["src/broker/access/"] },
  { level: 4, paths: ["src/broker/http/"] },
  { level: 4, paths: ["src/broker/direct/"] },
  { level: 4, paths: ["src/telemetry/"] },
  {
    level: 4,
    paths: ["src/dashboard/"],
    packages: ["preact", "preact/hooks", "@preact/signals"],
  },
  { level: 4, paths: ["src/outbox/"] },
  { level: 4, paths: ["src/offload/"] },
  { level: 5, paths: ["src/broker/mod.ts", "src/broker/broker.ts"] },
  { level: 5, paths: ["src/client/mod.ts"] },
  { level: 5, paths: ["src/worker/mod.ts"] },
  { level: 6, paths: ["src/testing/"] },
  {
    level: 6,
    paths: [
      "adapters/server.ts",
      "adapters/hosts.ts",
      "adapters/tls.ts",
      "adapters/client-certificate.ts",
      "adapters/own-fetch.ts",
      "adapters/socket-file.ts",
      "adapters/token-file.ts",
      "adapters/node-http/",
    ],
  },
  {
    level: 6,
    paths: [
      "adapters/signals.ts",
      "adapters/steering.ts",
      "adapters/memory.ts",
      "adapters/forks/",
    ],
  },
  { level: 6, paths: ["adapters/sqlite/"] },
  { level: 6, paths: ["adapters/files/"] },
  { level: 7, paths: ["adapters/node/"] },
  { level: 7, paths: ["adapters/deno/"] },
  { level: 7, paths: ["adapters/bun/"] },
  { level: 7, paths: ["adapters/cloudflare/"] },
  { level: 7, paths: ["adapters/postgres/"] },
  { level: 7, paths: ["mod.ts"] },
  { level: 8, paths: ["adapters/cli/"] },
];

/** The room of a file, given by its path from the root of the checkout. */
export function roomOf(file: string): Room | undefined {
  let found: Room | undefined;
  let longest = 0;
  for (const room of rooms) {
    for (const path of room.paths) {
      if (path.length > longest && (path.endsWith("/") ? file.startsWith(path) : file === path)) {
        found = room;
        longest = path.length;
      }
    }
  }
  return found;
}
