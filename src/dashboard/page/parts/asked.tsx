/** A question before a change that cannot be undone. */

import { useEffect, useRef } from "preact/hooks";
import { question } from "../state.ts";
import { Text } from "./small.tsx";

export function Asked() {
  const dialog = useRef<HTMLDialogElement>(null);
  const asked = question.value;
  useEffect(() => {
    if (asked !== undefined && !dialog.current!.open) dialog.current!.showModal();
    if (asked === undefined && dialog.current!.open) dialog.current!.close();
  }, [asked]);
  return (
    <dialog ref={dialog} aria-labelledby="asked" onCancel={() => asked?.answer(false)}>
      {asked && (
        <form
          method="dialog"
          onSubmit={(event) => {
            event.preventDefault();
            asked.answer(true);
          }}
        >
          <h2 id="asked">
            <Text of={asked.title} />
          </h2>
          <p>
            <Text of={asked.text} />
          </p>
          <div class="row end">
            <button type="button" onClick={() => asked.answer(false)} autoFocus>Cancel</button>
            <button type="submit" class="danger">{asked.yes}</button>
          </div>
        </form>
      )}
    </dialog>
  );
}
