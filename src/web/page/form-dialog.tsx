/** A dialog whose form changes something of an EVSE: asks for the token where one is needed, and says what was refused. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { change } from "./store.ts";
import { words } from "./words/en.ts";

export interface FormDialogProps {
  readonly title: string;
  /** Where it is sent with PUT, below the API's root. */
  readonly path: string;
  /** What is sent, from the fields of the form. */
  readonly bodyOf: (fields: FormData) => object;
  /** On the button that sends it, where that is not "Save". */
  readonly submit?: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

/** Closes when it was taken, and when it is cancelled. */
export function FormDialog({ title, path, bodyOf, submit, onClose, children }: FormDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const needsToken = useSignal(false);
  const refusal = useSignal("");
  useEffect(() => dialog.current?.showModal(), []);

  async function save(form: HTMLFormElement): Promise<void> {
    const fields = new FormData(form);
    const result = await change("PUT", path, bodyOf(fields), String(fields.get("token") ?? ""));
    if (result.ok) return onClose();
    needsToken.value = result.needsToken;
    refusal.value = result.text;
  }

  return (
    <dialog ref={dialog} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void save(event.currentTarget);
        }}
      >
        <h3>{title}</h3>
        {children}
        {needsToken.value ? (
          <label>
            {words.token}
            <input name="token" type="password" autocomplete="off" />
            <small>{words.tokenHint}</small>
          </label>
        ) : null}
        {refusal.value === "" ? null : (
          <p class="card-short" role="alert">
            {words.refused(refusal.value)}
          </p>
        )}
        <div class="buttons">
          <button type="submit" class="primary">
            {submit ?? words.save}
          </button>
          <button type="button" onClick={onClose}>
            {words.cancel}
          </button>
        </div>
      </form>
    </dialog>
  );
}
