/**
 * Tables in Markdown, as the benches print them and `docs/performance.md` shows them.
 *
 * @module
 */

/** A column that holds texts, or one that holds numbers and is set to the right. */
export type Column = string | { readonly number: string };

/** A table. Its columns are padded, as `deno fmt` would do it. */
export function toTable(columns: readonly Column[], rows: readonly (readonly string[])[]): string {
  const names = columns.map((column) => typeof column === "string" ? column : column.number);
  const widths = names.map((name, at) =>
    Math.max(3, name.length, ...rows.map((row) => row[at]!.length))
  );
  const toLine = (cells: readonly string[]) =>
    `| ${
      cells.map((cell, at) => {
        const isText = typeof columns[at] === "string";
        return isText ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!);
      }).join(" | ")
    } |`;
  const rule = widths.map((width, at) =>
    typeof columns[at] === "string" ? "-".repeat(width) : `${"-".repeat(width - 1)}:`
  );
  return [toLine(names), `| ${rule.join(" | ")} |`, ...rows.map(toLine)].join("\n");
}

/** A number with three digits that count, thousands apart; a dash where there is none. */
export function toNumber(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return "–";
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en");
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits);
}

/** Bytes in MiB. */
export function toMebibytes(bytes: number | undefined): string {
  return bytes === undefined ? "–" : Math.round(bytes / 2 ** 20).toLocaleString("en");
}
