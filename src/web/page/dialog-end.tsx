/** How each dialog ends: the token where one is needed, what was refused, save and cancel. */
import { words } from "./words/en.ts";

export interface DialogEndProps {
  readonly needsToken: boolean;
  /** Why it was refused; empty where it was not. */
  readonly refusal: string;
  readonly onClose: () => void;
}

/** The end of a dialog's form. */
export function DialogEnd({ needsToken, refusal, onClose }: DialogEndProps) {
  return (
    <>
      {needsToken ? (
        <label>
          {words.token}
          <input name="token" type="password" autocomplete="off" />
          <small>{words.tokenHint}</small>
        </label>
      ) : null}
      {refusal === "" ? null : (
        <p class="card-short" role="alert">
          {words.refused(refusal)}
        </p>
      )}
      <div class="buttons">
        <button type="submit" class="primary">
          {words.save}
        </button>
        <button type="button" onClick={onClose}>
          {words.cancel}
        </button>
      </div>
    </>
  );
}
