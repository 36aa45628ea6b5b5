/**
 * The positions that an expression may require.
 *
 * @module
 */

import { posixSet } from "./classes.ts";
import type { Anchor } from "./tree.ts";

const isWord = posixSet("word")!;

/**
 * Whether a position is what an anchor requires.
 *
 * @param from Where the search began.
 */
export function isAnchored(anchor: Anchor, text: string, at: number, from: number): boolean {
  switch (anchor) {
    case "start":
      return at === 0;
    case "veryEnd":
      return at === text.length;
    case "end":
      return at === text.length || (at === text.length - 1 && text.charCodeAt(at) === 10);
    case "lineStart":
      return at === 0 || text.charCodeAt(at - 1) === 10;
    case "lineEnd":
      return at === text.length || text.charCodeAt(at) === 10;
    case "from":
      return at === from;
    default: {
      const before = at > 0 && isWord(text.codePointAt(at - 1)!);
      const after = at < text.length && isWord(text.codePointAt(at)!);
      return (before !== after) === (anchor === "word");
    }
  }
}
