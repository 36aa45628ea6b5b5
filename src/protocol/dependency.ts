/**
 * The jobs that a job waits for, as a user names them and as the wire spells that (docs/protocol.md, section 14).
 *
 * @module
 */

/**
 * What becomes of a job when one that it waits for is dead:
 *
 * - `stay`: it stays blocked until that job is tried again, and dies when that job is deleted as its retention ends.
 * - `cancel`: it is dead too.
 * - `run`: it need not wait for that job any longer.
 */
export type OnDead = "stay" | "cancel" | "run";

/** All of them. */
export const onDeads: readonly OnDead[] = ["stay", "cancel", "run"];

/** A job that another one waits for, and how. */
export interface Dependency {
  /** The id of the job. */
  readonly id: string;
  /**
   * What becomes of the job that waits when that one is dead.
   *
   * @default {"stay"}
   */
  readonly onDead?: OnDead | undefined;
  /** What the result of that job is called where the one that waits is shown its results; the id if left out. */
  readonly name?: string | undefined;
}

/** A job of the same call that another one waits for: its place in the list, from 0. Otherwise as {@linkcode Dependency}. */
export interface ItemDependency extends Omit<Dependency, "id"> {
  /** The place of the job, from 0. */
  readonly item: number;
}

/** A job to wait for: its id alone, or with how to wait for it. */
export type DependencyUse = string | Dependency | ItemDependency;

/** Writes a job to wait for. */
export function toDependencyWire(use: DependencyUse): string | object {
  if (typeof use === "string") return use;
  const { onDead, name } = use;
  return "item" in use
    ? { item: use.item, on_dead: onDead, name }
    : { id: use.id, on_dead: onDead, name };
}

/** Writes the body of `POST /jobs/{id}/dependencies`. */
export function toDependencyListWire(
  uses: readonly (string | Dependency)[],
  isStrict: boolean,
): object {
  const ids = uses.map(toDependencyWire);
  return isStrict ? { ids, strict_dependencies: true } : { ids };
}
