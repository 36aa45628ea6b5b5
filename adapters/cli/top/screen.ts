/**
 * A terminal as a screen: another one while it is used, and the old one afterwards, whatever happens.
 *
 * @module
 */

import process from "node:process";
import { type Key, readKeys } from "./keys.ts";

/** A screen that is drawn on. */
export interface Screen {
  readonly size: { readonly width: number; readonly height: number };
  /** Draws lines over those that are there: what is the same stays, so nothing flickers. */
  draw(lines: readonly string[]): void;
  /** Draws all of it anew, where something else has written over it. */
  redraw(): void;
  /** Gives the terminal back. A second call does nothing. */
  close(): void;
}

/** What is told of it. */
export interface ScreenListeners {
  pressed(key: Key): void;
  resized(): void;
}

/** The other screen, without a cursor; and back. */
const enter = "\x1b[?1049h\x1b[?25l";
const leave = "\x1b[?25h\x1b[?1049l";

/** Opens the terminal of this process as a screen. */
export function openScreen({ pressed, resized }: ScreenListeners): Screen {
  const { stdin, stdout } = process;
  const heard = (text: string) => {
    for (const key of readKeys(text)) pressed(key);
  };
  let drawn: readonly string[] = [];
  let isOpen = true;
  const changed = () => {
    drawn = [];
    stdout.write("\x1b[2J");
    resized();
  };
  const close = () => {
    if (!isOpen) return;
    isOpen = false;
    stdin.off("data", heard);
    stdout.off("resize", changed);
    process.off("exit", close);
    stdin.setRawMode?.(false);
    stdin.pause();
    stdout.write(leave);
  };
  stdin.setRawMode?.(true);
  stdin.setEncoding("utf8");
  stdin.on("data", heard);
  stdin.resume();
  stdout.on("resize", changed);
  process.on("exit", close); // Also when something is thrown.
  stdout.write(enter);
  return {
    get size() {
      return { width: stdout.columns || 80, height: stdout.rows || 24 };
    },
    draw(lines) {
      const changedLines = lines.flatMap((line, at) =>
        line === drawn[at] ? [] : `\x1b[${at + 1};1H${line}\x1b[K`
      );
      drawn = lines;
      if (changedLines.length > 0 && isOpen) stdout.write(changedLines.join(""));
    },
    redraw: changed,
    close,
  };
}
