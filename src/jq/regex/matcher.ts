/**
 * A backtracking matcher that counts its steps, so that no expression can run for long.
 *
 * The engine of the runtime has no limit: `(a+)+$` against thirty letters runs for minutes. To refuse such expressions
 * beforehand was rejected, because it refuses harmless ones too. Each node is compiled to a closure, which calls the
 * closure of what follows, and returns the end of the match or -1.
 *
 * @module
 */

import { spend, tick } from "../meter.ts";
import { type CharTest, foldText, posixSet } from "./classes.ts";
import { firstUnit, singleOf, startsAtStart } from "./hints.ts";
import { sameFold } from "./syntax.ts";
import type { Anchor, ParsedRegex, RegexNode } from "./tree.ts";

/** A match, in UTF-16 units. `groups` has the start and end of each group, -1 for a group that did not match. */
export interface RegexMatch {
  readonly start: number;
  readonly end: number;
  readonly groups: readonly number[];
}

/** Matches what follows, from an offset on. Returns the end of the match, or -1. */
type Continuation = (at: number) => number;

/** Which of several matches at one offset is wanted. */
export interface MatchOptions {
  readonly longest: boolean;
  readonly notEmpty: boolean;
}

/** Finds the first match from an offset of a text on; undefined if there is none. */
export type RegexMatcher = (text: string, from: number) => RegexMatch | undefined;

/** So many parts of a sequence cost a step; the first one is part of the step that tries it. */
const partsOfStep = 8;

const isWord = posixSet("word")!;

/** Compiles an expression to a function that searches for it. */
export function compileMatcher({ node, names }: ParsedRegex, wanted: MatchOptions): RegexMatcher {
  let text = "";
  let begin = 0;
  let from = 0;
  let kept = -1;
  let groups: number[] = [];
  let best: { readonly end: number; readonly groups: number[] } | undefined;
  let behindEnd = -1;
  /** For each group, the starts of those of its runs that have not ended yet. */
  const opened: number[][] = [];

  const accept: Continuation = (at) => {
    if (wanted.notEmpty && at === begin) return -1;
    if (!wanted.longest) return at;
    spend(groups.length);
    if (best === undefined || at > best.end) best = { end: at, groups: groups.slice() };
    return -1;
  };

  function build(node: RegexNode, next: Continuation): Continuation {
    switch (node.kind) {
      case "char":
        return buildChar(node.point, node.folds, next);
      case "set":
        return (at) => {
          const width = widthAt(node.test, at);
          return width === 0 ? -1 : next(at + width);
        };
      case "sequence":
        return node.parts.reduceRight(
          (after, part, index) => build(part, index % partsOfStep === 0 ? counted(after) : after),
          next,
        );
      case "choice":
        return buildChoice(node.parts.map((part) => build(part, next)));
      case "repeat":
        return buildRepeat(node, next);
      case "group":
        return buildGroup(node.body, node.index, next);
      case "atomic":
        return buildAtomic(node.body, next);
      case "look":
        return node.behind
          ? buildBehind(node.body, node.negative, next)
          : buildAhead(node.body, node.negative, next);
      case "reference":
        return buildReference(node.groups, node.folds, next);
      case "anchor":
        return (at) => isAnchored(node.at, at) ? next(at) : -1;
      case "keep":
        return (at) => {
          const before = kept;
          kept = at;
          const end = next(at);
          if (end < 0) kept = before;
          return end;
        };
    }
  }

  /** Counts a step before what follows. */
  function counted(next: Continuation): Continuation {
    return (at) => (tick(), next(at));
  }

  /** How many units the character at an offset has; 0 if it is not in the set. */
  function widthAt(test: CharTest, at: number): number {
    if (at >= text.length) return 0;
    const point = text.codePointAt(at)!;
    return test(point) ? (point > 0xffff ? 2 : 1) : 0;
  }

  function buildChar(point: number, folds: boolean, next: Continuation): Continuation {
    const width = point > 0xffff ? 2 : 1;
    if (folds) {
      return (at) => {
        tick();
        return at < text.length && sameFold(text.codePointAt(at)!, point) ? next(at + width) : -1;
      };
    }
    if (width === 1) return (at) => text.charCodeAt(at) === point ? next(at + 1) : -1;
    return (at) => text.codePointAt(at) === point ? next(at + 2) : -1;
  }

  function buildChoice(choices: readonly Continuation[]): Continuation {
    return (at) => {
      for (const choice of choices) {
        tick();
        const end = choice(at);
        if (end >= 0) return end;
      }
      return -1;
    };
  }

  function buildRepeat(
    node: Extract<RegexNode, { readonly kind: "repeat" }>,
    next: Continuation,
  ): Continuation {
    const test = singleOf(node.body);
    if (node.mode === "possessive") {
      return buildAtomic({ ...node, mode: "greedy" }, next);
    }
    if (test === undefined) return buildLoop(node, next);
    return node.mode === "lazy"
      ? buildLazyRun(test, node.min, node.max, next)
      : buildRun(test, node.min, node.max, next);
  }

  /** Takes as many characters of a set as there are, and then tries with fewer and fewer. */
  function buildRun(test: CharTest, min: number, max: number, next: Continuation): Continuation {
    return (start) => {
      let at = start;
      let count = 0;
      for (let width; count < max && (width = widthAt(test, at)) > 0; count++) at += width;
      spend(count + 16);
      for (; count >= min; count--) {
        const end = next(at);
        if (end >= 0) return end;
        if (count === 0) break;
        tick();
        const unit = text.charCodeAt(at - 1);
        at -= unit >= 0xdc00 && unit < 0xe000 && text.codePointAt(at - 2)! > 0xffff ? 2 : 1;
      }
      return -1;
    };
  }

  function buildLazyRun(
    test: CharTest,
    min: number,
    max: number,
    next: Continuation,
  ): Continuation {
    return (start) => {
      let at = start;
      for (let count = 0;; count++) {
        tick();
        if (count >= min) {
          const end = next(at);
          if (end >= 0) return end;
        }
        const width = count < max ? widthAt(test, at) : 0;
        if (width === 0) return -1;
        at += width;
      }
    };
  }

  function buildLoop(
    { body, min, max, mode }: Extract<RegexNode, { readonly kind: "repeat" }>,
    next: Continuation,
  ): Continuation {
    let count = 0;
    let last = -1;
    // A turn that took nothing is the last one. Otherwise the loop would not end.
    const once = build(body, (at) => at === last ? leave(at) : turn(at));
    const more: Continuation = (at) => {
      if (count >= max) return -1;
      const before = last;
      count++;
      last = at;
      const end = once(at);
      if (end < 0) {
        count--;
        last = before;
      }
      return end;
    };
    const leave: Continuation = (at) => {
      // What follows may enter this loop again, if it is inside another loop.
      const [counted, before] = [count, last];
      const end = next(at);
      if (end < 0) [count, last] = [counted, before];
      return end;
    };
    const turn: Continuation = (at) => {
      tick();
      if (count < min) return more(at);
      const end = mode === "lazy" ? leave(at) : more(at);
      return end >= 0 ? end : mode === "lazy" ? more(at) : leave(at);
    };
    return (at) => {
      const [counted, before] = [count, last];
      count = 0;
      last = -1;
      const end = turn(at);
      if (end < 0) [count, last] = [counted, before];
      return end;
    };
  }

  function buildGroup(body: RegexNode, index: number, next: Continuation): Continuation {
    const slot = index * 2;
    const starts: number[] = [];
    opened.push(starts);
    const inner = build(body, (at) => {
      const start = starts.pop()!;
      const [from, to] = [groups[slot]!, groups[slot + 1]!];
      groups[slot] = start;
      groups[slot + 1] = at;
      const end = next(at);
      if (end < 0) {
        groups[slot] = from;
        groups[slot + 1] = to;
        starts.push(start);
      }
      return end;
    });
    return (at) => {
      tick();
      const { length } = starts;
      starts.push(at);
      const end = inner(at);
      starts.length = length;
      return end;
    };
  }

  /** Takes the first way in which the body matches, and tries no other. */
  function buildAtomic(body: RegexNode, next: Continuation): Continuation {
    const inner = build(body, (at) => at);
    return (at) => {
      spend(groups.length + 16);
      const before = groups.slice();
      const end = inner(at);
      const last = end < 0 ? -1 : next(end);
      if (last < 0) groups = before;
      return last;
    };
  }

  function buildAhead(body: RegexNode, negative: boolean, next: Continuation): Continuation {
    const inner = build(body, (at) => at);
    return look((at) => inner(at) >= 0, negative, next);
  }

  /** Tries the body from each offset before, nearest first; it must end exactly here. */
  function buildBehind(body: RegexNode, negative: boolean, next: Continuation): Continuation {
    const inner = build(body, (at) => at === behindEnd ? at : -1);
    return look(
      (at) => {
        const outer = behindEnd;
        behindEnd = at;
        let found = false;
        for (let start = at; start >= 0 && !found; start--) {
          tick();
          found = inner(start) >= 0;
        }
        behindEnd = outer;
        return found;
      },
      negative,
      next,
    );
  }

  /** Keeps what a look has captured only if what follows matches too. */
  function look(
    isFound: (at: number) => boolean,
    negative: boolean,
    next: Continuation,
  ): Continuation {
    return (at) => {
      spend(groups.length + 16);
      const before = groups.slice();
      const end = isFound(at) === negative ? -1 : next(at);
      if (end < 0) groups = before;
      return end;
    };
  }

  function buildReference(
    indices: readonly number[],
    folds: boolean,
    next: Continuation,
  ): Continuation {
    return (at) => {
      // Of groups with the same name, the last one that matched.
      const index = indices.findLast((index) => groups[index * 2 + 1]! >= 0);
      if (index === undefined) return -1;
      const part = text.slice(groups[index * 2], groups[index * 2 + 1]);
      spend((folds ? part.length << 5 : part.length) + 16);
      const here = text.slice(at, at + part.length);
      const isSame = folds ? foldText(here) === foldText(part) : here === part;
      return isSame ? next(at + part.length) : -1;
    };
  }

  function isAnchored(anchor: Anchor, at: number): boolean {
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

  const match = build(node, accept);
  const isPinned = startsAtStart(node);
  const first = firstUnit(node);

  function find(offset: number): RegexMatch | undefined {
    for (let at = offset; at <= text.length; at++) {
      if (first !== undefined) {
        at = text.indexOf(first, at);
        if (at < 0) return undefined;
      }
      spend(16 + (names.length << 2));
      begin = at;
      kept = -1;
      if (names.length > 0) groups = new Array<number>(names.length * 2).fill(-1);
      const end = match(at);
      const longest = takeBest();
      const start = kept < 0 ? at : kept;
      if (longest !== undefined) return { start, ...longest };
      if (end >= 0) return { start, end, groups };
      if (isPinned) return undefined;
      if (text.codePointAt(at)! > 0xffff) at++;
    }
    return undefined;
  }

  return (subject, offset) => {
    text = subject;
    from = offset;
    // A limit may have ended the search before this one at any point.
    spend(opened.length);
    for (const starts of opened) starts.length = 0;
    try {
      return find(offset);
    } finally {
      // A compiled expression is kept for long, and must not keep a text with it.
      text = "";
    }
  };

  /** Takes `best`. A function of its own: in `find`, TypeScript would not see that `accept` sets it. */
  function takeBest(): { readonly end: number; readonly groups: number[] } | undefined {
    const found = best;
    best = undefined;
    return found;
  }
}
