/**
 * What a sync changed, by names.
 *
 * @module
 */

/** What became of each part of a declaration. All names are sorted. */
export interface SyncReport {
  /** Those that are new. */
  readonly added: readonly string[];
  /** Those that were there, and are not what they were. */
  readonly changed: readonly string[];
  /** Those that were there, and are not declared any more. */
  readonly removed: readonly string[];
  /** Those that were there as they are declared. */
  readonly unchanged: readonly string[];
}

/**
 * Compares what was there with what is there.
 *
 * @param before By names.
 * @param after By names.
 * @param passing Members that change by themselves.
 */
export function toSyncReport(
  before: ReadonlyMap<string, object>,
  after: ReadonlyMap<string, object>,
  passing: readonly string[],
): SyncReport {
  const names = [...after.keys()].sort();
  const isSame = (name: string) =>
    show(before.get(name), passing) === show(after.get(name), passing);
  return {
    added: names.filter((name) => !before.has(name)),
    changed: names.filter((name) => before.has(name) && !isSame(name)),
    removed: [...before.keys()].filter((name) => !after.has(name)).sort(),
    unchanged: names.filter((name) => before.has(name) && isSame(name)),
  };
}

/** A text that is the same for the same value: members are sorted, at every depth. */
function show(value: unknown, passing: readonly string[]): string {
  return JSON.stringify(value, (key, member: unknown) => {
    if (passing.includes(key)) return undefined;
    if (typeof member !== "object" || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(Object.entries(member).sort(([a], [b]) => a < b ? -1 : 1));
  });
}
