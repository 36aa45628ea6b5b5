/**
 * Tables that fit a terminal.
 *
 * @module
 */

import { toPrintable } from "../../../src/printable.ts";

/** A column. */
export interface Column<Item> {
  readonly title: string;
  /** What it shows of a thing; any text: what is no letter is escaped. */
  readonly of: (item: Item) => string;
  /** Whether it is set to the right, as numbers are. */
  readonly right?: boolean;
  /** Whether it may be cut when there is no room, the first such column last. */
  readonly cut?: boolean;
}

/** A table that is written in pieces. */
export interface Table<Item> {
  /** The lines of some things, below the titles if they are the first. */
  rows(items: readonly Item[]): string;
}

const gap = "  ";
/** A column that is cut keeps so much, and its title. */
const leastWidth = 6;
/** Longer texts are not measured: no terminal shows them. */
const longestText = 2000;

/** Creates a table. The widths are those that the first rows need. */
export function createTable<Item>(columns: readonly Column<Item>[], width: number): Table<Item> {
  let widths: readonly number[] | undefined;

  const toLine = (texts: readonly string[]) =>
    texts.map((text, at) => {
      const { right = false } = columns[at]!;
      const room = widths![at]!;
      const shown = cutTo(text, room);
      const padding = " ".repeat(Math.max(0, room - widthOf(shown)));
      return right ? padding + shown : shown + padding;
    }).join(gap).trimEnd() + "\n";

  return {
    rows(items) {
      const titles = columns.map(({ title }) => title);
      const rows = items.map((item) =>
        columns.map(({ of }) => toPrintable(of(item).slice(0, longestText)))
      );
      const isFirst = widths === undefined;
      widths ??= toWidths([titles, ...rows], columns, width);
      return (isFirst ? [titles, ...rows] : rows).map(toLine).join("");
    },
  };
}

function toWidths<Item>(
  rows: readonly (readonly string[])[],
  columns: readonly Column<Item>[],
  width: number,
): number[] {
  const widths = columns.map((_, at) => Math.max(...rows.map((row) => widthOf(row[at]!))));
  let excess = widths.reduce((sum, one) => sum + one, gap.length * (columns.length - 1)) - width;
  for (let at = columns.length - 1; at >= 0 && excess > 0; at--) {
    if (!columns[at]!.cut) continue;
    const least = Math.max(leastWidth, columns[at]!.title.length);
    const taken = Math.min(excess, Math.max(0, widths[at]! - least));
    widths[at]! -= taken;
    excess -= taken;
  }
  return widths;
}

/** Characters that take two places: those of East Asia, and emoji. */
const isWide =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u;
const isMark = /\p{M}/u;

/** How many places a text takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += placesOf(character);
  return width;
}

function placesOf(character: string): number {
  if (character < "\u0300") return 1;
  if (isMark.test(character)) return 0;
  return isWide.test(character) ? 2 : 1;
}

/** Cuts a text to so many places. */
export function cutTo(text: string, room: number): string {
  if (widthOf(text) <= room) return text;
  let shown = "";
  let width = 0;
  for (const character of text) {
    width += placesOf(character);
    if (width > room - 1) break;
    shown += character;
  }
  return `${shown}…`;
}
