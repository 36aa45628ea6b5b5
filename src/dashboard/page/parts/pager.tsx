/** The way to the next and the former page of a listing. */

import type { ComponentChildren } from "preact";
import type { Pages } from "../model.ts";
import { link, place } from "../state.ts";
import { Empty } from "./small.tsx";

/** The query of the page's own place, with that of the broker's link. */
export function Pager({ pages }: { readonly pages: Pages }) {
  if (pages.next === null && pages.prev === null) return null;
  const turn = (path: string | null, name: string, rel: "prev" | "next") => {
    if (path === null) return <span class="button disabled" aria-disabled="true">{name}</span>;
    const to = new URLSearchParams(path.split("?", 2)[1] ?? "");
    const query = Object.fromEntries(place.value.query);
    const own = {
      ...query,
      from: to.get("from") ?? undefined,
      order: to.get("order") ?? undefined,
    };
    return <a class="button" rel={rel} href={link(place.value.segments, own)}>{name}</a>;
  };
  return (
    <nav class="row end" aria-label="Pages of the list">
      {turn(pages.prev, "Former", "prev")}
      {turn(pages.next, "Next", "next")}
    </nav>
  );
}

/** What is shown where a list has nothing: that of a later page says only that this page has nothing any more. */
export function EmptyPage({ children }: { readonly children: ComponentChildren }) {
  const { segments, query } = place.value;
  const { from, order: _order, ...rest } = Object.fromEntries(query);
  if (from === undefined) return <Empty>{children}</Empty>;
  return (
    <Empty>
      Nothing is left on this page. <a href={link(segments, rest)}>To the first one</a>
    </Empty>
  );
}
