/**
 * The file of a unix socket.
 *
 * @module
 */

import { chmod, lstat, unlink } from "node:fs/promises";
import { connect } from "node:net";
import process from "node:process";

/** Only programs of the same user may connect. */
const ownerOnly = 0o600;

/** How many bytes the path of a socket may have: what the system's structure for it has room for. */
const mostBytes = process.platform === "darwin" ? 103 : 107;

/**
 * Demands a path that a socket can have.
 *
 * @throws {TypeError} If it is empty or no text.
 * @throws {RangeError} If it is too long.
 */
export function checkSocketPath(path: string): void {
  if (typeof path !== "string" || path === "" || path.includes("\0")) {
    throw new TypeError(`Option 'socketPath' is '${path}', expected the path of a file`);
  }
  const { length } = new TextEncoder().encode(path);
  if (length > mostBytes) {
    throw new RangeError(
      `Option 'socketPath' has ${length} bytes, expected at most ${mostBytes}: '${path}'`,
    );
  }
}

/**
 * Makes room for a socket: removes the one that a server has left behind that ended without warning.
 *
 * @throws {Error} If something else is there, or a server listens on it.
 */
export async function clearSocketPath(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error("a file that is no socket is there");
  if (await isServed(path)) throw new Error("another server listens there");
  await unlink(path);
}

/** Makes a socket file so that only programs of the same user may connect. */
export async function withOwnerOnly<Listening>(
  path: string,
  listen: () => Listening | Promise<Listening>,
): Promise<Listening> {
  let before: number | undefined;
  let listening: Listening | Promise<Listening>;
  try {
    before = setMask(0o777 & ~ownerOnly);
    listening = listen(); // The file is made before this returns.
  } finally {
    if (before !== undefined) setMask(before);
  }
  const done = await listening;
  await chmod(path, ownerOnly);
  return done;
}

/** Threads beside the first one may not set the mask of their process; there the mode comes a moment later. */
function setMask(mask: number): number | undefined {
  try {
    return process.umask(mask);
  } catch {
    return undefined;
  }
}

/** Removes the file of a server that has stopped; most runtimes have done so. */
export async function removeSocketFile(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found?.isSocket() && !await isServed(path)) await unlink(path).catch(() => {});
}

/** Whether somebody accepts connections there. */
function isServed(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", (error: Error & { readonly code?: string }) => {
      if (error.code === "ECONNREFUSED" || error.code === "ENOENT") resolve(false);
      else reject(error);
    });
  });
}
