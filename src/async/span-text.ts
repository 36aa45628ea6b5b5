/**
 * Spans of time in people's words.
 *
 * @module
 */

const units: readonly (readonly [name: string, ms: number])[] = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
];

/**
 * Says how long a span is, as exactly as matters: `250 ms`, `1.5 s`, `31 s`, `12 min`, `36 h`, `3 d`.
 *
 * @param ms The span; below 0 it counts as 0.
 */
export function toSpanText(ms: number): string {
  for (const [name, size] of units) {
    const count = ms / size;
    // Two of a kind say more than one of the next: 90 s, 36 h.
    if (name !== "s" && count < 2) continue;
    if (Math.round(ms) >= size) {
      return `${count < 9.95 ? Math.round(count * 10) / 10 : Math.round(count)} ${name}`;
    }
  }
  return `${Math.max(0, Math.round(ms))} ms`;
}
