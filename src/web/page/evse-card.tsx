/** What is each car doing, when will it be done, and why not faster? */
import type { LiveEvse } from "../../core/view/view.ts";
import { Actions, UsualDepartures } from "./evse-actions.tsx";
import { clockTime, cost, fixed, kw, kwh } from "./format.ts";
import { AnnouncedCar, TakenFor } from "./visit-dialog.tsx";
import { words } from "./words/en.ts";

function Progress({ evse }: { evse: LiveEvse }) {
  const share = evse.askedWh && evse.askedWh > 0 ? Math.min(1, evse.energyWh / evse.askedWh) : 0;
  return (
    <div class="progress" aria-hidden="true">
      <div style={{ width: `${share * 100}%` }} />
    </div>
  );
}

/** What is not measured is not shown as a power. */
function power({ powerW, assumedA }: LiveEvse): string {
  if (powerW !== undefined) return kw(powerW);
  return assumedA === undefined ? words.unknown : words.assumed(fixed(assumedA, 0));
}

function isCharging({ powerW, status }: LiveEvse): boolean {
  return powerW === undefined ? status === "charging" : powerW > 100;
}

function Numbers({ evse }: { evse: LiveEvse }) {
  const energy =
    evse.askedWh === undefined
      ? words.energy(kwh(evse.energyWh))
      : words.energyOf(kwh(evse.energyWh), kwh(evse.askedWh));
  return (
    <>
      <div class="card-power">
        <b>{power(evse)}</b>
        <span>
          {evse.phasesInUse ? words.phases(evse.phasesInUse) : ""} {words.limitColumn} {fixed(evse.limitA, 0)} A
        </span>
      </div>
      <Progress evse={evse} />
      <p class="card-energy">
        <span>{energy}</span>
        {evse.socPercent === undefined ? null : <span>{fixed(evse.socPercent, 0)} %</span>}
        <span>{cost(evse)}</span>
        {evse.departureMs && evse.departureSaid === "driver" ? (
          <span>{words.leavesAt(clockTime(evse.departureMs))}</span>
        ) : null}
      </p>
      {evse.shortfallWh ? (
        <p class="card-short">{words.short(kwh(evse.shortfallWh), evse.shortfallUnsure === true)}</p>
      ) : null}
    </>
  );
}

export function EvseCard({ evse, colour }: { evse: LiveEvse; colour: number }) {
  const charging = evse.transactionId !== undefined;
  const state = !evse.online ? "offline" : charging ? (isCharging(evse) ? "active" : "waiting") : "idle";
  return (
    <article class={`card ${state}`}>
      <header>
        <i class={`dot car-${colour % 8}`} aria-hidden="true" />
        <h3>{evse.name}</h3>
        <UsualDepartures evse={evse} />
      </header>
      <p class="card-sentence">{evse.sentence}</p>
      {charging ? <Numbers evse={evse} /> : null}
      <p class="because">{evse.because}</p>
      {charging && evse.online ? <Actions evse={evse} /> : null}
      <TakenFor evse={evse} />
      <AnnouncedCar evse={evse} />
    </article>
  );
}
