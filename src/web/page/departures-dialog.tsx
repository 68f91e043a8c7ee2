/** When cars usually leave from an EVSE: days, time, and the energy where it is always the same. */
import { useSignal } from "@preact/signals";
import { MOST_STANDING_DEPARTURES, type StandingDeparture, WEEKDAYS } from "../../core/site/site-departures.ts";
import type { LiveEvse } from "../../core/view/view.ts";
import { FormDialog } from "./form-dialog.tsx";
import { words } from "./words/en.ts";

const WORKDAYS: StandingDeparture = { days: WEEKDAYS.slice(0, 5), at: "07:30" };

interface RowProps {
  readonly departure: StandingDeparture;
  readonly onChange: (departure: StandingDeparture) => void;
  readonly onRemove: () => void;
}

function Days({ departure, onChange }: RowProps) {
  const toggle = (day: StandingDeparture["days"][number]) => {
    const days = WEEKDAYS.filter((other) => departure.days.includes(other) !== (other === day));
    if (days.length > 0) onChange({ ...departure, days });
  };
  return (
    <div class="days">
      {WEEKDAYS.map((day) => (
        <button key={day} type="button" aria-pressed={departure.days.includes(day)} onClick={() => toggle(day)}>
          {words.days[day]}
        </button>
      ))}
    </div>
  );
}

function Row(props: RowProps) {
  const { departure, onChange, onRemove } = props;
  const { energyWh, ...rest } = departure;
  return (
    <fieldset class="usual">
      <Days {...props} />
      <label>
        {words.at}
        <input
          type="time"
          required
          value={departure.at}
          onInput={(event) => onChange({ ...departure, at: event.currentTarget.value })}
        />
      </label>
      <label>
        {words.usualEnergy}
        <input
          type="number"
          min="0"
          max="300"
          step="0.1"
          value={energyWh === undefined ? "" : energyWh / 1000}
          onInput={({ currentTarget: { value } }) =>
            onChange(value === "" ? rest : { ...rest, energyWh: Math.round(Number(value) * 1000) })
          }
        />
      </label>
      <button type="button" class="plain" onClick={onRemove}>
        {words.remove}
      </button>
    </fieldset>
  );
}

export function DeparturesDialog({ evse, onClose }: { evse: LiveEvse; onClose: () => void }) {
  const rows = useSignal<readonly StandingDeparture[]>(evse.departures ?? []);
  const replace = (index: number, row?: StandingDeparture) => {
    rows.value = rows.value.flatMap((other, at) => (at !== index ? [other] : row ? [row] : []));
  };
  return (
    <FormDialog
      title={`${evse.name}: ${words.usualDepartures}`}
      path={`/evses/${evse.id}/departures`}
      bodyOf={() => ({ departures: rows.value })}
      onClose={onClose}
    >
      <small>{words.usualNote}</small>
      {rows.value.length === 0 ? <p class="quiet">{words.usualNone}</p> : null}
      {rows.value.map((departure, index) => (
        <Row
          key={index}
          departure={departure}
          onChange={(row) => replace(index, row)}
          onRemove={() => replace(index)}
        />
      ))}
      {rows.value.length < MOST_STANDING_DEPARTURES ? (
        <button
          type="button"
          onClick={() => {
            rows.value = [...rows.value, rows.value.length === 0 ? WORKDAYS : { days: ["sat", "sun"], at: "10:00" }];
          }}
        >
          {words.add}
        </button>
      ) : null}
    </FormDialog>
  );
}
