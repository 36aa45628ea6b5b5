/**
 * The commands of examples, as a shell and `curl` would understand them; only what the examples use.
 *
 * @module
 */

/** What a `curl` command asks for. */
export interface CurlCommand {
  readonly method: string;
  /** The path with its query. */
  readonly path: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string | undefined;
  /** Whether the command ends in `&`: its answer goes on while the next commands run. */
  readonly background: boolean;
}

/** Where the broker is, in an example. */
const base = "$MILLRACE";

/**
 * Reads a `curl` command.
 *
 * @throws {Error} If the command has something that no example had before.
 */
export function readCurl(command: string): CurlCommand {
  const words = toWords(command);
  const background = words.at(-1) === "&";
  if (background) words.pop();
  if (words.shift() !== "curl") throw new Error(`'${command}' is not a curl command`);
  let url: string | undefined;
  let method: string | undefined;
  let body: string | undefined;
  const query: string[] = [];
  const headers: [string, string][] = [["accept", "*/*"]];
  const next = (option: string) => {
    const word = words.shift();
    if (word === undefined) throw new Error(`Nothing follows '${option}' in '${command}'`);
    return word;
  };
  const set = (name: string, value: string) => {
    const at = headers.findIndex(([known]) => known === name);
    if (at === -1) headers.push([name, value]);
    else headers[at] = [name, value];
  };
  const readers: Readonly<Record<string, () => void>> = {
    "-i": () => {},
    "-N": () => {},
    "-G": () => {
      method = "GET";
    },
    "-X": () => {
      method = next("-X");
    },
    "-H": () => {
      const [, name, value] = /^([^:]+): *(.*)$/.exec(next("-H"))!;
      set(name!.toLowerCase(), value!);
    },
    "-d": () => {
      body = next("-d");
      set("content-type", "application/x-www-form-urlencoded");
    },
    "--json": () => {
      body = next("--json");
      set("content-type", "application/json");
      set("accept", "application/json");
    },
    "--data-urlencode": () => {
      const [, name, value] = /^([^=]+)=(.*)$/.exec(next("--data-urlencode"))!;
      query.push(`${name}=${encodeURIComponent(value!)}`);
    },
  };
  while (words.length > 0) {
    const word = words.shift()!;
    const read = readers[word];
    if (read !== undefined) read();
    else if (url === undefined && word.startsWith(`${base}/`)) url = word.slice(base.length);
    else throw new Error(`'${word}' in '${command}' is not understood`);
  }
  if (url === undefined) throw new Error(`'${command}' has no address under ${base}`);
  const path = query.length === 0 ? url : `${url}?${query.join("&")}`;
  return {
    method: method ?? (body === undefined ? "GET" : "POST"),
    path,
    headers,
    body,
    background,
  };
}

/** The words of a line: in single or double quotes, or without a blank. */
function toWords(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((match) =>
    match[1] ?? match[2] ?? match[3]!
  );
}
