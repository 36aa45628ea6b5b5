/** What single keys do, unless somebody writes or has switched them off. */

import { effect, signal } from "@preact/signals";
import { go, place, remember } from "./state.ts";

/** Whether single keys do something: some people speak to their computer, which types what it hears. */
export const keysAreOn = signal(remember("millrace-keys") !== "off");
effect(() => {
  remember("millrace-keys", keysAreOn.value ? "on" : "off");
});

/** Whether the sheet that tells of them is open. */
export const helpIsOpen = signal(false);

/** How long `g` waits for the key of a page, in ms. */
const leaderMs = 1500;
let leaderAt = -Infinity;

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement &&
    (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName) &&
        (target as HTMLInputElement).type !== "checkbox");
}

/** Moves to the next or the former row of the list. */
function moveRow(step: number): void {
  const rows = [...document.querySelectorAll<HTMLElement>("main tbody tr")]
    .filter((row) => row.querySelector("a, button") !== null);
  if (rows.length === 0) return;
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = rows[at === -1 ? (step > 0 ? 0 : rows.length - 1) : at + step];
  next?.querySelector<HTMLElement>("a, button")?.focus();
}

/** Chooses the row in which the focus is, or no more. */
function chooseRow(): void {
  document.activeElement?.closest("tr")?.querySelector<HTMLElement>("input[type=checkbox]")
    ?.click();
}

function turnPage(step: "prev" | "next"): void {
  document.querySelector<HTMLElement>(`main a[rel=${step}]`)?.click();
}

const deeds: Readonly<Record<string, () => void>> = {
  "?": () => helpIsOpen.value = true,
  "/": () => document.querySelector<HTMLElement>(".find input")?.focus(),
  g: () => leaderAt = performance.now(),
  j: () => moveRow(1),
  k: () => moveRow(-1),
  x: chooseRow,
  "[": () => turnPage("prev"),
  "]": () => turnPage("next"),
  u: () => go(place.value.segments.slice(0, -1)),
};

/**
 * Listens to keys.
 *
 * @param pageOf Gives the path of the page that a key leads to after `g`.
 */
export function listenToKeys(pageOf: (key: string) => string | undefined): void {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && isWriting(event.target)) {
      (event.target as HTMLElement).blur();
      return;
    }
    if (!keysAreOn.value || isWriting(event.target) || document.querySelector("dialog[open]")) {
      return;
    }
    const isLed = performance.now() - leaderAt < leaderMs;
    leaderAt = -Infinity;
    const path = isLed ? pageOf(event.key) : undefined;
    if (path !== undefined) go(path === "" ? [] : [path]);
    else if (Object.hasOwn(deeds, event.key)) deeds[event.key]!();
    else return;
    event.preventDefault();
  });
}
