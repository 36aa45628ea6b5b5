/** What all parts of the page share. */

import { computed, effect, signal } from "@preact/signals";
import { CallError, getSession, type Session } from "./api.ts";

/** What the visitor may do; undefined until it is known. */
export const session = signal<Session | undefined>(undefined);

/** Whether the visitor may change things. */
export const mayManage = computed(() => {
  const may = session.value?.may;
  return may === "manage" || may === "admin";
});

/** Whether that is so of what is not about some jobs, which a token that is limited to some may not change. */
export const mayManageAll = computed(() => {
  const { queues, types } = session.value ?? {};
  return mayManage.value && queues === undefined && types === undefined;
});

/** Whether the visitor may store jobs, which a token can lack that may change them. */
export const mayEnqueue = computed(() => {
  const { may, scopes } = session.value ?? {};
  if (!mayManage.value) return false;
  return scopes === undefined || may === "admin" || scopes.includes("enqueue");
});

/** Asks again what the visitor may do. */
export async function loadSession(): Promise<void> {
  session.value = await getSession();
}

/** Where the page is: the path behind `#`, and its query. */
export const place = signal(readPlace());

export interface Place {
  /** The path, in decoded segments. */
  readonly segments: readonly string[];
  readonly query: URLSearchParams;
}

function readPlace(): Place {
  // A query may have question marks of its own, as paths of jq do.
  const [path = "", ...rest] = location.hash.replace(/^#\/?/, "").split("?");
  const search = rest.join("?");
  const segments = path.split("/").filter((part) => part !== "").map(decode);
  return { segments, query: new URLSearchParams(search) };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a place in the page. */
export function link(segments: readonly string[], query: Record<string, string | undefined> = {}) {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") search.set(name, value);
  }
  const text = search.toString();
  return `#/${segments.map(encodeURIComponent).join("/")}${text === "" ? "" : `?${text}`}`;
}

/** Goes to a place. */
export function go(segments: readonly string[], query?: Record<string, string | undefined>): void {
  location.hash = link(segments, query);
}

addEventListener("hashchange", () => place.value = readPlace());

/** The time, told anew each second while somebody looks, and as soon as somebody does. */
export const now = signal(Date.now());
const tick = () => {
  if (!document.hidden) now.value = Date.now();
};
setInterval(tick, 1000);
document.addEventListener("visibilitychange", tick);

/**
 * What the browser remembers for the viewer.
 *
 * @param value What it has to remember from now on; the old value stays without it.
 * @returns What it remembers.
 */
export function remember(name: string, value?: string): string | undefined {
  try {
    if (value !== undefined) localStorage.setItem(name, value);
    return localStorage.getItem(name) ?? undefined;
  } catch {
    return value; // It is forgotten with the page.
  }
}

/** Light, dark, or as the system has it. */
export const theme = signal(remember("millrace-theme") ?? "system");
effect(() => {
  document.documentElement.dataset["theme"] = theme.value;
  remember("millrace-theme", theme.value);
});

/** What is told at the edge of the page for a while. */
export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly isError: boolean;
  readonly undo?: (() => Promise<unknown>) | undefined;
}

export const notices = signal<readonly Notice[]>([]);
let lastNotice = 0;

/** Takes a notice away. */
export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

/** Tells something, with a way back if there is one. */
function tell(text: string, undo?: () => Promise<unknown>): void {
  add({ id: ++lastNotice, text, isError: false, undo }, 8000);
}

/** Tells that something went wrong. */
export function tellError(error: unknown): void {
  if (error instanceof CallError && error.status === 401) {
    loadSession().catch(() => {}); // It is told already.
  }
  add({ id: ++lastNotice, text: (error as Error).message, isError: true }, 12_000);
}

function add(notice: Notice, ms: number): void {
  notices.value = [...notices.value.slice(-3), notice];
  setTimeout(() => dismiss(notice.id), ms);
}

/** Grows when the visitor has changed something: what is shown is loaded again. */
export const changes = signal(0);

/** Does a change, says that it is done or what came of it, and shows what is now. */
export async function act<Answer>(
  text: string | ((answer: Answer) => string),
  work: () => Promise<Answer>,
  undo?: () => Promise<unknown>,
): Promise<boolean> {
  let answer: Answer;
  try {
    answer = await work();
  } catch (error) {
    tellError(error);
    return false;
  }
  const back = undo && (async () => {
    await act("Undone", undo);
  });
  tell(typeof text === "string" ? text : text(answer), back);
  changes.value++;
  return true;
}

/** What is asked before a change that cannot be undone. */
export interface Question {
  readonly title: string;
  readonly text: string;
  readonly yes: string;
  readonly answer: (yes: boolean) => void;
}

export const question = signal<Question | undefined>(undefined);

/** Asks, and resolves with the answer. */
export function ask(title: string, text: string, yes: string): Promise<boolean> {
  return new Promise((resolve) => {
    question.value = {
      title,
      text,
      yes,
      answer(given) {
        question.value = undefined;
        resolve(given);
      },
    };
  });
}
