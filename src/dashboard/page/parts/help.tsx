/** What the keys do. */

import { useEffect, useRef } from "preact/hooks";
import { helpIsOpen, keysAreOn } from "../keys.ts";
import { places } from "../places.tsx";

const rows = [
  ["?", "This sheet"],
  ["/", "Find a job"],
  ["j  k", "Next row, former row"],
  ["x", "Choose the row"],
  ["]  [", "Next page, former page of a list"],
  ["u", "Up to the list"],
  ["Esc", "Leave a field, close a question"],
] as const;

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  const isOpen = helpIsOpen.value;
  useEffect(() => {
    if (isOpen && !dialog.current!.open) dialog.current!.showModal();
    if (!isOpen && dialog.current!.open) dialog.current!.close();
  }, [isOpen]);
  return (
    <dialog
      ref={dialog}
      class="help"
      aria-labelledby="help"
      onClose={() => helpIsOpen.value = false}
    >
      {isOpen && (
        <>
          <div class="heading">
            <h2 id="help">Keys</h2>
            <button type="button" onClick={() => helpIsOpen.value = false} autoFocus>Close</button>
          </div>
          <dl class="keys">
            {[...rows, ...places.map(({ key, name }) => [`g  ${key}`, name] as const)].map((
              [keys, text],
            ) => (
              <div key={keys}>
                <dt>{keys.split("  ").map((key) => <kbd key={key}>{key}</kbd>)}</dt>
                <dd>{text}</dd>
              </div>
            ))}
          </dl>
          <label class="row">
            <input
              type="checkbox"
              checked={keysAreOn.value}
              onChange={(event) => keysAreOn.value = event.currentTarget.checked}
            />
            Single keys do this
          </label>
        </>
      )}
    </dialog>
  );
}
