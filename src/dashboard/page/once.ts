/** What is loaded once, as it hardly matters when it has changed since. */

import { useEffect, useState } from "preact/hooks";
import { get } from "./api.ts";

/**
 * Loads a path of the broker once.
 *
 * @param path Undefined while it is not wanted.
 * @returns Undefined until it is there, and where it cannot be had.
 */
export function useOnce<Value>(path: string | undefined): Value | undefined {
  const [found, setFound] = useState<{ readonly path: string; readonly value: Value }>();
  useEffect(() => {
    if (path === undefined) return;
    const controller = new AbortController();
    get<Value>(path, controller.signal).then((value) => setFound({ path, value }), () => {});
    return () => controller.abort();
  }, [path]);
  return found?.path === path ? found?.value : undefined;
}
