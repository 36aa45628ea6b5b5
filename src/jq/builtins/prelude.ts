/**
 * Builtins that are shortest in jq itself. Each is parsed when a program first uses it.
 *
 * @module
 */

/** The source of each builtin, by name and arity. */
export const prelude: Readonly<Record<string, string>> = {
  "first/0": "def first: .[0];",
  "last/0": "def last: .[-1];",
  "nth/1": "def nth($n): .[$n];",
  "paths/0": "def paths: path(..) | select(length > 0);",
  "paths/1": "def paths(f): path(.. | select(f)) | select(length > 0);",
  "walk/1": `def walk(f):
    def w: if type == "object" then map_values(w) elif type == "array" then map(w) else . end | f;
    w;`,
  "combinations/0": `def combinations:
    if length == 0 then [] else .[0][] as $x | (.[1:] | combinations) as $y | [$x] + $y end;`,
  "combinations/1": "def combinations(n): . as $dot | [range(n) | $dot] | combinations;",
  "JOIN/2": "def JOIN($idx; key): [.[] | [., $idx[key]]];",
  "JOIN/3": "def JOIN($idx; stream; key): stream | [., $idx[key]];",
  "JOIN/4": "def JOIN($idx; stream; key; join): stream | [., $idx[key]] | join;",
  "tostream/0": `def tostream:
    path(def r: (.[]?|r), .; r) as $p | getpath($p) | reduce path(.[]?) as $q ([$p, .]; [$p+$q]);`,
  "fromstream/1": `def fromstream(f): {x: null, e: false} as $init
    | foreach f as $i ($init;
        if .e then $init else . end
        | if $i|length == 2
          then setpath(["e"]; $i[0]|length == 0) | setpath(["x"]+$i[0]; $i[1])
          else setpath(["e"]; $i[0]|length == 1) end;
        if .e then .x else empty end);`,
  "truncate_stream/1": `def truncate_stream(stream): . as $n | null
    | stream | . as $input | if (.[0]|length) > $n then setpath([0]; $input[0][$n:]) else empty end;`,
  "todate/0": 'def todate: strftime("%Y-%m-%dT%H:%M:%SZ");',
  "todateiso8601/0": "def todateiso8601: todate;",
  "fromdateiso8601/0": 'def fromdateiso8601: strptime("%Y-%m-%dT%H:%M:%SZ") | mktime;',
  "fromdate/0": "def fromdate: fromdateiso8601;",
  "capture/1": `def capture($re): match($re)
    | [.captures[] | select(.name != null) | {key: .name, value: .string}] | from_entries;`,
  "capture/2": `def capture($re; $flags): match($re; $flags)
    | [.captures[] | select(.name != null) | {key: .name, value: .string}] | from_entries;`,
  "scan/1": "def scan($re): scan($re; null);",
  "scan/2": `def scan($re; $flags): match($re; "g" + $flags)
    | if .captures | length > 0 then [.captures[].string] else .string end;`,
  "splits/1": "def splits($re): splits($re; null);",
  "splits/2": "def splits($re; $flags): split($re; $flags)[];",
  "abs/0": "def abs: if . < 0 then -. else . end;",
};
