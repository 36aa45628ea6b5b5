/** What was done, or went wrong, at the edge of the page. */

import { dismiss, notices } from "../state.ts";
import { Text } from "./small.tsx";

export function Notices() {
  return (
    <div class="notices" role="status" aria-live="polite">
      {notices.value.map(({ id, text, isError, undo }) => (
        <div key={id} class={isError ? "notice error" : "notice"}>
          <Text of={text} />
          {undo && (
            <button
              type="button"
              onClick={() => {
                dismiss(id);
                void undo();
              }}
            >
              Undo
            </button>
          )}
          <button
            type="button"
            class="quiet"
            aria-label="Dismiss"
            onClick={() =>
              dismiss(id)}
          >
            ×
          </button>
        </div>
      ))}
    </div>
  );
}
