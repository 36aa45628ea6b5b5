/**
 * Programs and inputs out of a seed, for the comparison with the real jq: short, of every kind of node, and such that
 * they end. What is known to differ (see `src/jq/mod.ts`) is not made.
 *
 * @module
 */

/** A program and its input. */
export interface Sample {
  readonly program: string;
  readonly input: unknown;
}

const inputs: readonly unknown[] = [
  null,
  true,
  0,
  -3.5,
  42,
  "",
  "abc",
  "a,b, c",
  "Ünïcödé",
  [],
  [1, 2, 3],
  [3, 1, 2, 1],
  ["b", "a", null, false],
  [[1, [2]], [], [3]],
  [{ a: 1, b: "x" }, { a: 2, b: "y" }, { b: null }],
  {},
  { a: 1 },
  { b: { c: [1, { d: "e" }] }, a: null },
  { a: [1, 2, { b: 3 }], s: "text", n: -1, t: true, z: {} },
  { key: "k", value: 7 },
];

const keys = ["a", "b", "c", "s", "n"];
const literals = [
  ..."null true false 0 1 2 -1 0.5 10 [] {} [1,2] [0] [1,[2]] {a:1}".split(" "),
  ...['"a"', '"b"', '"abc"', '""', '","', '{"b":{"c":2}}', '["a","b"]'],
];
const nullary = [
  ..."length keys keys_unsorted values not type add any all first last reverse sort unique".split(
    " ",
  ),
  ..."min max flatten tostring tojson ascii_downcase ascii_upcase explode floor sqrt".split(" "),
  ..."to_entries arrays objects iterables booleans numbers strings nulls scalars paths".split(" "),
  ..."transpose utf8bytelength tonumber? abs isempty(empty) round fabs empty error ..".split(" "),
  ..."@text @json @base64 @uri @html @sh @csv @tsv tostream".split(" "),
];
const unary = [
  ..."map select map_values sort_by group_by unique_by min_by max_by".split(" "),
  ..."any all first last isempty with_entries".split(" "),
];
const valued = [
  ..."has contains inside index rindex indices startswith endswith ltrimstr rtrimstr".split(" "),
  ..."split join flatten getpath in test".split(" "),
];
const binary = ["+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "and", "or", "//", ","];
const updates = ["=", "|=", "+=", "-=", "*=", "//="];

const texts = [
  "",
  "a",
  "ab",
  "aab",
  "abcABC",
  "xaybz",
  "a b\nc",
  "aaa bbb",
  "ba1_b",
  "ccc",
];
const atoms = [
  ..."a b c ab . [ab] [^a] [a-c] \\w \\d \\s \\b ^ $ \\A \\z é \\p{L} [[:alpha:]] x y 1 _".split(
    " ",
  ),
  ..."\\W [^\\w] \\B [\\s1] (?i:a) \\x61".split(" "),
];
const repeats = ["*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,1}", "{1,}", "++", "?+"];

/** Makes samples without end; for one seed, always the same ones. */
export function* generateSamples(seed: number): Generator<Sample> {
  const random = createRandom(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const chance = (part: number) => random() < part;

  const program = (depth: number, variables: readonly string[]): string => {
    const sub = (more = variables) => {
      const made = program(depth - 1, more);
      // Most programs fail on most inputs. Some failures are caught, so that what follows is compared too.
      return chance(0.3) ? `(try (${made}) catch "no")` : made;
    };
    if (depth <= 0) return leaf(variables);
    switch (Math.floor(random() * 25)) {
      case 0:
      case 1:
        return `${sub()} | ${sub()}`;
      case 2:
      case 3:
      case 4:
        return `(${sub()} ${pick(binary)} ${sub()})`;
      case 5:
        return `[${sub()}]`;
      case 6:
        return `{${pick(keys)}: (${sub()}), ("k" + (${leaf(variables)} | tostring)): (${sub()})}`;
      case 7:
        return `if ${sub()} then ${sub()} else ${sub()} end`;
      case 8:
        return `(try (${sub()}) catch ${chance(0.5) ? "." : leaf(variables)})`;
      case 9:
        return `(${sub()})?`;
      case 10:
        return `(${sub()}) as $v | ${sub([...variables, "$v"])}`;
      case 11:
        return `(${sub()}) as [$x, {a: $y}] | ${sub([...variables, "$x", "$y"])}`;
      case 12:
        return `reduce (${sub()}) as $v (${pick(literals)}; ${sub([...variables, "$v"])})`;
      case 13:
        return `foreach (${sub()}) as $v (${pick(literals)}; ${sub([...variables, "$v"])}; ${
          leaf([...variables, "$v"])
        })`;
      case 14:
        return `${pick(unary)}(${sub()})`;
      case 15:
        return `${pick(valued)}(${sub()})`;
      case 16:
      case 17:
        return `(${path(depth, variables)} ${pick(updates)} ${sub()})`;
      case 18:
        return `def f(g): ${program(depth - 2, variables)} | g; f(${sub()})`;
      case 19:
        return `def f($v): ${program(depth - 2, [...variables, "$v"])}; f(${sub()})`;
      case 20:
        return `(label $out | ${sub()}, break $out, ${leaf(variables)})`;
      case 21:
        return `limit(${pick([0, 1, 2])}; ${sub()})`;
      case 22:
        return `${pick(["path", "del", "pick"])}(${path(depth, variables)})`;
      case 23:
        return `"<\\(${sub()})>"`;
      default:
        return `(${sub()}) | ${path(depth, variables)}`;
    }
  };

  const path = (depth: number, variables: readonly string[]): string => {
    let made = pick([`.${pick(keys)}`, ".[]", ".[]?", `.${pick(keys)}?`, ".[0]", ".[-1]", "."]);
    if (depth > 1 && chance(0.4)) made = `(${made} | ${path(depth - 1, variables)})`;
    if (chance(0.2)) {
      made += pick(["[0]", "[1:]", "[:-1]", "[]?", `["a"]?`, "[1:2]"]).replace("..", ".");
    }
    if (chance(0.1)) made = `(${made} | select(${leaf(variables)}))`;
    return made.replace(/^\.\[(\d)?:/, ".[$1:");
  };

  const leaf = (variables: readonly string[]): string => {
    if (variables.length > 0 && chance(0.3)) return pick(variables);
    switch (Math.floor(random() * 4)) {
      case 0:
        return pick(literals);
      case 1:
        return pick(nullary);
      default:
        return path(0, variables);
    }
  };

  /** A regular expression over a few letters, which cannot backtrack for long. */
  const regex = (depth: number): string => {
    const sub = () => regex(depth - 1);
    if (depth <= 0) return pick(atoms);
    switch (Math.floor(random() * 10)) {
      case 0:
      case 1:
      case 2:
        return sub() + sub();
      case 3:
        return `${sub()}|${sub()}`;
      case 4:
        return `(${sub()})`;
      case 5:
        return `(?:${sub()})${pick(repeats)}`;
      case 6:
        return `(?${pick(["=", "!", ">"])}${sub()})${pick(atoms)}`;
      case 7:
        return `(?<${pick(["x", "y"])}>${sub()})${chance(0.3) ? pick(repeats) : ""}`;
      case 8:
        return `(?<${pick(["=", "!"])}${pick(["a", "b", "[ab]", "ab", "\\w"])})${
          pick(["a", "b", "."])
        }`;
      default:
        return pick(atoms) + pick(repeats);
    }
  };

  const matching = (): Sample => {
    const source = JSON.stringify(regex(1 + Math.floor(random() * 3)));
    const flags = pick(["", "g", "g", "i", "gi", "gx", "gn", "gs", "gp"]);
    const program = pick([
      `[match(${source}; "${flags}")]`,
      `test(${source}; "${flags}")`,
      `[splits(${source})]`,
      `sub(${source}; "<\\(.x?)>"; "${flags}")`,
      `gsub(${source}; "-")`,
      `[scan(${source})]`,
      `capture(${source}; "${flags}")`,
    ]);
    return { program, input: pick(texts) };
  };

  for (;;) {
    yield chance(0.25)
      ? matching()
      : { program: program(1 + Math.floor(random() * 3), []), input: pick(inputs) };
  }
}

/** Makes a generator of pseudo-random numbers from 0 to 1 (mulberry32). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
