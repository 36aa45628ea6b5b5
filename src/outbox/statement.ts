/**
 * Statements with texts as their only parameters, in the spelling of whoever runs them. A parameter is a text and is cast where
 * it is something else: so no driver has to guess what it is.
 *
 * @module
 */

/** The SQL that a database speaks. */
export type OutboxDialect = "postgres" | "sqlite";

/** A statement: what stands before, between and behind its parameters, and these. */
export interface Statement {
  readonly parts: readonly string[];
  readonly values: readonly string[];
}

/** Puts a statement together of parameters, of what stands there as it is, and of other statements. */
export function statement(
  parts: TemplateStringsArray,
  ...pieces: readonly (string | Verbatim | Statement)[]
): Statement {
  const texts = [parts[0]!];
  const values: string[] = [];
  for (const [at, piece] of pieces.entries()) {
    const { parts: inner, values: more } = toStatement(piece);
    values.push(...more);
    texts.push(texts.pop()! + inner[0]!, ...inner.slice(1));
    texts.push(texts.pop()! + parts[at + 1]!);
  }
  return { parts: texts, values };
}

function toStatement(piece: string | Verbatim | Statement): Statement {
  if (typeof piece === "string") return { parts: ["", ""], values: [piece] };
  return "text" in piece ? { parts: [piece.text], values: [] } : piece;
}

/** A piece of a statement that stands there as it is. */
export interface Verbatim {
  readonly text: string;
}

/** The name of a table, in a schema if there is one. */
export function toName(schema: string | undefined, table: string): Verbatim {
  const quote = (name: string) => `"${name.replaceAll('"', '""')}"`;
  return { text: schema === undefined ? quote(table) : `${quote(schema)}.${quote(table)}` };
}

/** The text with `$1`, `$2`, … for its parameters. */
export function toNumbered({ parts }: Statement): string {
  return parts.reduce((text, part, at) => `${text}$${at}${part}`);
}

/** The text with `?` for its parameters. */
export function toMarked({ parts }: Statement): string {
  return parts.join("?");
}

/** The text with its parameters in it, for who takes none. */
export function toLiteral({ parts, values }: Statement, dialect: OutboxDialect): string {
  const quote = dialect === "sqlite" ? quoteText : quoteByDollars;
  return parts.reduce((text, part, at) => text + quote(values[at - 1]!) + part);
}

/** SQLite knows no escapes but this one. */
function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/**
 * Between dollars nothing is escaped, whatever is set for the session: all up to the same mark is the text. So the mark must
 * not be in the text, nor come about where the text ends.
 */
function quoteByDollars(text: string): string {
  let mark = "$m$";
  for (let count = 0; (text + mark).indexOf(mark) < text.length; count++) mark = `$m${count}$`;
  return `${mark}${text}${mark}`;
}
