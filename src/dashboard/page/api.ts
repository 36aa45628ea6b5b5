/** Calls to the broker, through the dashboard that serves the page. */

/** Where the dashboard is, with a slash at its end. */
const base = document.documentElement.dataset["base"] ?? "/";

/** The header without which the dashboard changes nothing. */
const own = { "x-millrace-dashboard": "1" };

/** A refusal, in words for a person. */
export class CallError extends Error {
  readonly status: number;
  /** What the broker answered, if it was JSON. */
  readonly answer: unknown;

  constructor(message: string, status: number, answer?: unknown) {
    super(message);
    this.status = status;
    this.answer = answer;
  }
}

/** Whether a visitor's token does not allow what was asked. */
export function isForbidden(error: Error | undefined): boolean {
  return error instanceof CallError && error.status === 403;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** A path with a query, of what is given. */
export function withQuery(path: string, query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") search.set(name, String(value));
  }
  const text = search.toString();
  return text === "" ? path : `${path}?${text}`;
}

/** A name as a segment of a path. */
export const segment = encodeURIComponent;

async function send<Answer>(url: string, init: RequestInit): Promise<Answer> {
  let answer: Response;
  try {
    answer = await fetch(url, init);
  } catch (error) {
    if ((error as Error).name === "AbortError") throw error;
    throw new CallError("The dashboard cannot be reached", 0);
  }
  const text = await answer.text();
  const value = text === "" ? undefined : parse(text);
  if (answer.ok) return value as Answer;
  const told = (value as { error?: string } | undefined)?.error;
  throw new CallError(told ?? `The broker answered ${answer.status}`, answer.status, value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Asks the broker. */
export function get<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return send(`${base}api${path}`, {
    signal: signal ?? null,
    headers: { accept: "application/json" },
  });
}

/** Asks the broker to change something. */
export function change<Answer>(
  method: "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body?: unknown,
): Promise<Answer> {
  return send(`${base}api${path}`, {
    method,
    headers: { ...own, ...body === undefined ? {} : { "content-type": "application/json" } },
    body: body === undefined ? null : JSON.stringify(body),
  });
}

/** What the visitor may do here. */
export interface Session {
  readonly may: "read" | "manage" | "admin" | null;
  /** The scopes of the token, and what else is said of it; undefined where there is none, or the broker does not tell. */
  readonly scopes?: readonly string[];
  readonly name?: string;
  /** The only queues and types that it is for. */
  readonly queues?: readonly string[];
  readonly types?: readonly string[];
  /** Whether a token lets in. */
  readonly signIn: boolean;
  readonly readOnly: boolean;
  readonly title: string;
}

/** Asks what the visitor may do. */
export const getSession = () => send<Session>(`${base}session`, {});

/** Shows a token, which the browser keeps where no script reads it. */
export const signIn = (token: string) =>
  send(`${base}session`, { method: "POST", headers: own, body: JSON.stringify({ token }) });

/** Forgets it. */
export const signOut = () => send(`${base}session`, { method: "DELETE", headers: own });
