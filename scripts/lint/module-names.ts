/**
 * The names that a file imports and exports, read from its text.
 *
 * By expression and not by a parser: `deno fmt` writes each statement in one way, and Deno gives lint plugins no more
 * than one file at a time.
 *
 * @module
 */

/** What a file takes from another, by whatever kind of import or re-export. */
export interface ImportedNames {
  /** The other file, as it is written. */
  readonly specifier: string;
  /** The names in the other file; `"all"` where they are not said. */
  readonly names: readonly string[] | "all";
}

/** What a file imports and exports. */
export interface ModuleNames {
  /** Imports and re-exports, those of types and those at run time included. */
  readonly imports: readonly ImportedNames[];
  /** The names that it exports; `default` is not among them. */
  readonly exports: readonly string[];
}

const staticImport = /^(import|export)\s+(?:type\s+)?([\w$*{},\s]+?)\s+from\s+"([^"]+)"/gm;
const bareImport = /^import\s+"([^"]+)"/gm;
const laterImport = /(?:(\{[\w$:,\s]*\}) = await )?\bimport\("([^"]+)"\)(?:\.([\w$]+))?/g;
const declaration =
  /^export\s+(?:declare\s+)?(?:async\s+)?(?:abstract\s+)?(?:function\*?|const|let|class|interface|type|enum)\s+([\w$]+)/gm;
const exportList = /^export\s+(?:type\s+)?\{([^}]*)\}/gm;

/**
 * Reads the names that a file imports and exports.
 *
 * @param text The file, as `deno fmt` leaves it.
 */
export function readModuleNames(text: string): ModuleNames {
  const code = text.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, "");
  const imports: ImportedNames[] = [];
  for (const [, , clause, specifier] of code.matchAll(staticImport)) {
    imports.push({ specifier: specifier!, names: namesOf(clause!) });
  }
  for (const [, specifier] of code.matchAll(bareImport)) {
    imports.push({ specifier: specifier!, names: [] });
  }
  for (const [, clause, specifier, member] of code.matchAll(laterImport)) {
    const isTaken = clause === undefined && (member === undefined || member === "then");
    imports.push({
      specifier: specifier!,
      names: isTaken ? "all" : namesOf(clause ?? `{${member}}`),
    });
  }
  const exports = [...code.matchAll(declaration)].map(([, name]) => name!);
  for (const [, list] of code.matchAll(exportList)) exports.push(...itemsOf(list!, "outer"));
  return { imports, exports: exports.filter((name) => name !== "default") };
}

/** The names of a clause such as `{ a, type B as C }`; a default import is none, as defaults are not judged. */
function namesOf(clause: string): readonly string[] | "all" {
  if (clause.includes("*")) return "all";
  return itemsOf(/\{([^}]*)\}/.exec(clause)?.[1] ?? "", "inner");
}

/** For `a as b` (or `a: b`), `a` is the inner name and `b` the outer one. */
function itemsOf(list: string, side: "inner" | "outer"): string[] {
  return list.split(",").flatMap((item) => {
    const [inner, outer = inner] = item.trim().replace(/^type\s+/, "").split(/\s+as\s+|:\s*/);
    return inner === "" ? [] : [side === "inner" ? inner! : outer!];
  });
}
