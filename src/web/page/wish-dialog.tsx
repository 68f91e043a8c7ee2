/** Departure, energy and preference of one car. */
import { useRef } from "preact/hooks";
import type { LiveEvse } from "../../core/view/view.ts";
import { FormDialog } from "./form-dialog.tsx";
import { fromLocalInput, toLocalInput } from "./format.ts";
import { words } from "./words/en.ts";

export function WishDialog({ evse: live, onClose }: { evse: LiveEvse; onClose: () => void }) {
  // As it was when the dialog opened: what is typed must not be overwritten by what comes in every second.
  const evse = useRef(live).current;
  const leftKwh = Math.max(0, Math.round(((evse.askedWh ?? 0) - evse.energyWh) / 100) / 10);

  const bodyOf = (fields: FormData) => {
    const energy = String(fields.get("energy"));
    return {
      // Nothing said is not nothing needed.
      ...(energy === "" ? {} : { energyWh: Math.round(Number(energy) * 1000) }),
      departureMs: fromLocalInput(String(fields.get("departure"))),
      preference: String(fields.get("preference")),
    };
  };

  return (
    <FormDialog title={evse.name} path={`/evses/${evse.id}/wish`} bodyOf={bodyOf} onClose={onClose}>
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
    </FormDialog>
  );
}
