/**
 * The other checkout of a comparison: a revision in a temporary folder, or a folder that is there.
 *
 * @module
 */

import { join, resolve } from "node:path";
import { demand, deno, root } from "../gate/command.ts";
import { installPackages } from "../gate/tools.ts";

/** A checkout that can be measured on every runtime. */
export interface Checkout extends AsyncDisposable {
  readonly folder: string;
  /** What it is, for people. */
  readonly name: string;
}

/** The checkout that this file belongs to, with its changes. */
export async function openOwn(): Promise<Checkout> {
  await installPackages();
  return await toCheckout(root);
}

/** A checkout in a folder. Its packages are installed if it has none; nothing else changes. */
export async function openFolder(path: string): Promise<Checkout> {
  const folder = resolve(path);
  if (!await exists(join(folder, "node_modules"))) await install(folder);
  return await toCheckout(folder);
}

/** A revision of this repository: a branch, a tag, a commit. Its folder is removed when it is disposed of. */
export async function openRevision(revision: string): Promise<Checkout> {
  const commit = (await git(root, "rev-parse", "--verify", `${revision}^{commit}`)).trim();
  const folder = await Deno.makeTempDir({ prefix: "millrace-checkout-" });
  const remove = () => Deno.remove(folder, { recursive: true });
  try {
    // A clone, not a worktree: nothing is left in this repository if the folder cannot be removed.
    await git(root, "clone", "--quiet", "--shared", "--no-checkout", root, folder);
    await git(folder, "checkout", "--quiet", "--detach", commit);
    await install(folder);
    return { ...await toCheckout(folder), [Symbol.asyncDispose]: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function toCheckout(folder: string): Promise<Checkout> {
  const name = (await git(folder, "log", "-1", "--format=%h %s")).trim();
  const changes = (await git(folder, "status", "--porcelain", "--untracked-files=no")).trim();
  return {
    folder,
    name: changes === "" ? name : `${name}, with changes`,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function git(folder: string, ...words: readonly string[]): Promise<string> {
  return demand("git", words, { cwd: folder });
}

async function install(folder: string): Promise<void> {
  await demand(deno, ["install", "--quiet", "--node-modules-dir=auto"], { cwd: folder });
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
