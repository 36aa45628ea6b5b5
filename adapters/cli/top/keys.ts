/**
 * What was pressed, of what a terminal sends.
 *
 * @module
 */

/** A key: its letter, or its name. */
export type Key = string;

/** What terminals send for keys that are no letters. */
const sequences: Readonly<Record<string, Key>> = {
  "\x1b[A": "up",
  "\x1b[B": "down",
  "\x1b[5~": "pageup",
  "\x1b[6~": "pagedown",
  "\x1b[H": "home",
  "\x1b[F": "end",
  "\x1b[Z": "backtab",
  "\x1bOA": "up",
  "\x1bOB": "down",
  "\x1b": "escape",
  "\r": "enter",
  "\n": "enter",
  "\t": "tab",
  "\x7f": "backspace",
  "\b": "backspace",
  "\x0c": "redraw",
  "\x03": "quit",
  "\x04": "quit",
};

/** Reads what came at once: keys, one after the other. What nobody knows is passed over. */
export function readKeys(text: string): Key[] {
  const keys: Key[] = [];
  // Whole sequences before the escape that they begin with.
  // deno-lint-ignore no-control-regex
  const one = /\x1b(?:\[[\d;]*[A-Za-z~]|O[A-Z])|[\s\S]/gu;
  for (const [found] of text.matchAll(one)) {
    const key = sequences[found] ?? (found >= " " && !found.startsWith("\x1b") ? found : undefined);
    if (key !== undefined) keys.push(key);
  }
  return keys;
}
