/**
 * Places in a payload, as a person writes them and as jq does.
 *
 * @module
 */

/**
 * A place in a payload: keys with dots between them (`"order.items"`, `"items.0.id"`), or a list of keys, for those that
 * have a dot in them or are digits (`["a.b", "0"]`). Digits in a text, and numbers in a list, are places of a list. The
 * whole payload is `""`, or `[]`.
 */
export type PayloadPath = string | readonly (string | number)[];

/** The keys of a path, one after the other. */
export function toKeys(path: PayloadPath): readonly (string | number)[] {
  if (typeof path !== "string") return path;
  // jq writes a dot in front, and many people do.
  const text = path.replace(/^\./, "");
  if (text === "") return [];
  return text.split(".").map((key) => /^\d+$/.test(key) ? Number(key) : key);
}

/** A path for messages: `order.items`. */
export function describePath(path: PayloadPath): string {
  return typeof path === "string" ? path : path.join(".");
}

/**
 * Writes a path in jq: `.order.items`. Every key that is no plain word is written as JSON, so that none can become code.
 *
 * @throws {TypeError} If a key is neither a text nor a whole number of 0 or more.
 */
export function toJqPath(path: PayloadPath): string {
  const text = toKeys(path).map((key) => {
    if (typeof key === "number" && Number.isInteger(key) && key >= 0) return `[${key}]`;
    if (typeof key !== "string") {
      throw new TypeError(`Cannot use the path key ${String(key)}: expected a text or a place`);
    }
    return plainWord.test(key) && !reserved.has(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  }).join("");
  return text.startsWith(".") ? text : `.${text}`;
}

const plainWord = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Some versions of jq do not take these words behind a dot. */
const reserved: ReadonlySet<string> = new Set(
  "and as catch def elif else end foreach if import include label not or reduce then try __loc__"
    .split(" "),
);
