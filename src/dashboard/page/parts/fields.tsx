/** Fields that stand in several forms. */

/** A priority; lower runs first. */
export function PriorityField(
  { value, list }: { readonly value: number; readonly list?: string },
) {
  return (
    <label>
      Priority{" "}
      <input
        name="priority"
        type="number"
        min={0}
        max={65_535}
        required
        list={list}
        defaultValue={String(value)}
      />
    </label>
  );
}

/** A payload as somebody writes it; as high as it has lines, within bounds. */
export function PayloadField(
  { text, isWrong, lines: [least, most], write }: {
    readonly text: string;
    readonly isWrong: boolean;
    readonly lines: readonly [least: number, most: number];
    readonly write: (text: string) => void;
  },
) {
  return (
    <label class="stacked">
      Payload (JSON)
      <textarea
        name="payload"
        class="code"
        rows={Math.min(most, Math.max(least, text.split("\n").length))}
        spellcheck={false}
        aria-invalid={isWrong}
        value={text}
        onInput={(event) => write(event.currentTarget.value)}
      />
    </label>
  );
}
