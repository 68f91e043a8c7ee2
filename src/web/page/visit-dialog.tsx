/** The car that is announced for an EVSE: one quiet line, and how to announce or withdraw it. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { LiveEvse } from "../../core/view/view.ts";
import { FormDialog } from "./form-dialog.tsx";
import { dayTime, fixed, fromLocalInput, kwh, toLocalInput } from "./format.ts";
import { live } from "./store.ts";
import { words } from "./words/en.ts";

type Expected = NonNullable<LiveEvse["expected"]>;

const HOUR_MS = 3_600_000;
/** What the dialog begins with: in an hour or when the car that is there has left, at a full hour; for eight hours. */
const STAYS_MS = 8 * HOUR_MS;

const nowMs = () => live.value?.nowMs ?? Date.now();

function announcedText({ arrivalMs, departureMs, energyWh, shortfallWh, becomes }: Expected): string {
  const energy = energyWh === undefined ? undefined : fixed(energyWh / 1000, energyWh % 1000 === 0 ? 0 : 1);
  const at = (ms: number) => dayTime(ms, nowMs());
  const isOverdue = becomes === "expected" && arrivalMs < nowMs();
  return words.announcedCar({
    ...{ comes: at(arrivalMs), leaves: at(departureMs), energy },
    missing: shortfallWh === undefined ? undefined : kwh(shortfallWh),
    becomes: isOverdue ? "overdue" : becomes,
  });
}

function bodyOf(evseId: string, fields: FormData): object {
  const [energy, preference] = [String(fields.get("energy")), String(fields.get("preference"))];
  return {
    evseId,
    arrivalMs: fromLocalInput(String(fields.get("arrival"))),
    departureMs: fromLocalInput(String(fields.get("departure"))),
    ...(energy === "" ? {} : { energyWh: Math.round(Number(energy) * 1000) }),
    ...(preference === "regular" ? {} : { preference }),
  };
}

function AnnounceDialog({ evse, onClose }: { evse: LiveEvse; onClose: () => void }) {
  // Sent again, with a token this time, it is the same visit.
  const openedMs = useRef(nowMs()).current;
  const fromMs = Math.max(openedMs + HOUR_MS, evse.departureMs ?? 0);
  const arrival = useSignal(toLocalInput(Math.ceil(fromMs / HOUR_MS) * HOUR_MS));
  const leaves = useRef(toLocalInput(fromLocalInput(arrival.value) + STAYS_MS)).current;
  return (
    <FormDialog
      title={`${evse.name}: ${words.announce}`}
      path={`/visits/page-${evse.id}-${openedMs.toString(36)}`}
      bodyOf={(fields) => bodyOf(evse.id, fields)}
      onClose={onClose}
    >
      <small>{words.announceNote}</small>
      <label>
        {words.arrival}
        <input
          type="datetime-local"
          name="arrival"
          required
          defaultValue={arrival.value}
          onInput={({ currentTarget: { value } }) => {
            arrival.value = value;
          }}
        />
      </label>
      <label>
        {words.departure}
        <input type="datetime-local" name="departure" required min={arrival.value} defaultValue={leaves} />
      </label>
      <label>
        {words.announceEnergy}
        <input type="number" name="energy" min="0" max="500" step="0.1" placeholder={words.energyUsual} />
      </label>
      <label>
        {words.preference}
        <select name="preference">
          {Object.entries(words.preferences).map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
    </FormDialog>
  );
}

function WithdrawDialog({ evse, visit, onClose }: { evse: LiveEvse; visit: Expected; onClose: () => void }) {
  return (
    <FormDialog
      title={evse.name}
      path={`/visits/${visit.visitId}`}
      bodyOf={() => ({})}
      submit={words.comesNot}
      onClose={onClose}
    >
      <p>{announcedText(visit)}</p>
    </FormDialog>
  );
}

function AnotherDialog({ evse, taken, onClose }: { evse: LiveEvse; taken: string; onClose: () => void }) {
  return (
    <FormDialog
      title={evse.name}
      path={`/evses/${evse.id}/visit`}
      bodyOf={() => ({})}
      submit={words.anotherCar}
      onClose={onClose}
    >
      <p>{taken}</p>
      <small>{words.anotherNote}</small>
    </FormDialog>
  );
}

/** The car that is there was announced; who came first may be another one. */
export function TakenFor({ evse }: { evse: LiveEvse }) {
  const open = useSignal(false);
  if (!evse.visit) return null;
  const taken = words.takenFor(dayTime(evse.visit.arrivalMs, nowMs()));
  const show = (isOpen: boolean) => () => {
    open.value = isOpen;
  };
  return (
    <div class="announced">
      <span>{taken}</span>
      <button type="button" class="plain" onClick={show(true)}>
        {words.anotherCar}
      </button>
      {open.value ? <AnotherDialog evse={evse} taken={taken} onClose={show(false)} /> : null}
    </div>
  );
}

/** The last line of a card. */
export function AnnouncedCar({ evse }: { evse: LiveEvse }) {
  const open = useSignal<"announce" | Expected | undefined>(undefined);
  const { expected } = evse;
  const close = () => {
    open.value = undefined;
  };
  const show = (what: "announce" | Expected) => () => {
    open.value = what;
  };
  return (
    <div class="announced">
      {expected ? <span>{announcedText(expected)}</span> : null}
      <button type="button" class="plain" onClick={show(expected ?? "announce")}>
        {expected ? words.withdraw : words.announce}
      </button>
      {open.value === "announce" ? <AnnounceDialog evse={evse} onClose={close} /> : null}
      {typeof open.value === "object" ? <WithdrawDialog evse={evse} visit={open.value} onClose={close} /> : null}
    </div>
  );
}
