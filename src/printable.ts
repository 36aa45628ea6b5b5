/**
 * Text that does nothing to a terminal.
 *
 * @module
 */

/** Control characters, those of C1 too, and what turns the direction of writing or hides itself. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const shortForms: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/**
 * Writes control characters as JSON does: `\u001b`. Names, payloads and errors come from others, and a terminal obeys
 * what it is sent. What was JSON stays so, and says the same.
 */
export function toPrintable(text: string): string {
  return text.replace(unprintable, (character) => shortForms[character] ?? toEscapes(character));
}

function toEscapes(character: string): string {
  let text = "";
  for (let at = 0; at < character.length; at++) {
    text += `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`;
  }
  return text;
}
