/** Departure, energy and preference of one car. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { LiveEvse } from "../../core/view/view.ts";
import { DialogEnd } from "./dialog-end.tsx";
import { fromLocalInput, toLocalInput } from "./format.ts";
import { change } from "./store.ts";
import { words } from "./words/en.ts";

export function WishDialog({ evse: live, onClose }: { evse: LiveEvse; onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  // As it was when the dialog opened: what is typed must not be overwritten by what comes in every second.
  const evse = useRef(live).current;
  const needsToken = useSignal(false);
  const refusal = useSignal("");
  useEffect(() => dialog.current?.showModal(), []);
  const leftKwh = Math.max(0, Math.round(((evse.askedWh ?? 0) - evse.energyWh) / 100) / 10);

  async function save(form: HTMLFormElement): Promise<void> {
    const data = new FormData(form);
    const energy = String(data.get("energy"));
    const body = {
      // Nothing said is not nothing needed.
      ...(energy === "" ? {} : { energyWh: Math.round(Number(energy) * 1000) }),
      departureMs: fromLocalInput(String(data.get("departure"))),
      preference: String(data.get("preference")),
    };
    const result = await change("PUT", `/evses/${evse.id}/wish`, body, String(data.get("token") ?? ""));
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
        <h3>{evse.name}</h3>
        <label>
          {words.departure}
          <input
            type="datetime-local"
            name="departure"
            required
            defaultValue={toLocalInput(evse.departureMs ?? Date.now() + 8 * 3_600_000)}
          />
        </label>
        <label>
          {words.energyNeeded}
          <input
            type="number"
            name="energy"
            min="0"
            max="500"
            step="0.1"
            placeholder={words.energyUsual}
            defaultValue={evse.energySaid === "driver" ? leftKwh : ""}
          />
        </label>
        <label>
          {words.preference}
          <select name="preference">
            {Object.entries(words.preferences).map(([value, text]) => (
              <option key={value} value={value} selected={value === evse.preference}>
                {text}
              </option>
            ))}
          </select>
        </label>
        <DialogEnd needsToken={needsToken.value} refusal={refusal.value} onClose={onClose} />
      </form>
    </dialog>
  );
}
