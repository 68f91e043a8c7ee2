/** The month so far, and the sessions. */
import type { Savings } from "../../core/money/savings-schema.ts";
import { clockTime, cost, dateText, euro, kwh } from "./format.ts";
import { evseNames, money, month, sessions } from "./store.ts";
import { words } from "./words/en.ts";

export function Month() {
  const known = month.value;
  return (
    <section class="panel">
      <h2>
        {words.month}{" "}
        {known && known.sinceMs > known.fromMs ? <small>{words.monthSince(dateText(known.sinceMs))}</small> : null}
      </h2>
      {known ? (
        <dl class="month">
          <div>
            <dt>{words.monthEnergy}</dt>
            <dd>{kwh(known.energyWh)} kWh</dd>
          </div>
          <div>
            <dt>{words.monthCost}</dt>
            <dd>{cost(known)}</dd>
          </div>
          <div>
            <dt>{words.monthSessions}</dt>
            <dd>{known.sessions}</dd>
          </div>
          {known.ownSunPart === undefined ? null : (
            <div>
              <dt>{words.monthSolar}</dt>
              <dd>{Math.round(known.ownSunPart * 100)} %</dd>
            </div>
          )}
        </dl>
      ) : null}
      <Peaks />
      <p class="quiet">{words.monthNote}</p>
      {known ? <Saved known={known.savings} /> : null}
    </section>
  );
}

/** The month's peaks by tariff: where it stands, what is free, what the next kW costs; and fees whatever is drawn. */
function Peaks() {
  const known = money.value;
  if (!known || (known.capacity.length === 0 && known.fixedEurPerMonth === 0)) return null;
  return (
    <ul class="peaks">
      {known.capacity.map((bill) => (
        <li key={bill.name}>
          <b>{bill.name}</b> {words.peakStands(bill.valueKw.toFixed(1), euro(bill.eur))}{" "}
          {bill.freeKw === undefined
            ? words.peakFree
            : words.peakNext(bill.freeKw.toFixed(1), euro(bill.nextKwEur ?? 0))}
        </li>
      ))}
      {known.fixedEurPerMonth === 0 ? null : <li>{words.fixedFees(euro(known.fixedEurPerMonth))}</li>}
    </ul>
  );
}

/** Less is rounding. */
const LEAST_MISSING_WH = 100;

/** What control saved, and what that was computed from: nothing that was not measured. */
function Saved({ known }: { readonly known: Savings }) {
  if (known.sessions === 0) return <p class="quiet">{words.savedNothing}</p>;
  const {
    savedEur,
    savedOverEqualSharesEur,
    actual,
    uncontrolled,
    equalShares,
    quarterHours,
    sessions: cars,
    sessionsLeftOut,
    co2QuarterHours,
    batteryCycles,
    batteryWearEur,
    carsWearEur,
  } = known;
  return (
    <>
      <dl class="month">
        <div>
          <dt>{words.savedAtOnce}</dt>
          <dd>{euro(savedEur)}</dd>
        </div>
        {savedOverEqualSharesEur === undefined ? null : (
          <div>
            <dt>{words.savedEqualShares}</dt>
            <dd>{euro(savedOverEqualSharesEur)}</dd>
          </div>
        )}
        <div>
          <dt>{words.savedPeak}</dt>
          <dd>
            {(actual.peakW / 1000).toFixed(1)} / {(uncontrolled.peakW / 1000).toFixed(1)} kW
          </dd>
        </div>
        {actual.peaksEur === undefined || uncontrolled.peaksEur === undefined ? null : (
          <div>
            <dt>{words.savedPeaks}</dt>
            <dd>{euro(uncontrolled.peaksEur - actual.peaksEur)}</dd>
          </div>
        )}
        {actual.co2Kg === undefined || uncontrolled.co2Kg === undefined ? null : (
          <div>
            <dt>{words.savedCo2}</dt>
            <dd>
              {actual.co2Kg.toFixed(0)} / {uncontrolled.co2Kg.toFixed(0)} kg
              {co2QuarterHours === undefined ? "" : ` ${words.co2Part(Math.max(1, Math.round(co2QuarterHours / 96)))}`}
            </dd>
          </div>
        )}
        {batteryCycles ? (
          <div>
            <dt>{words.savedBattery}</dt>
            <dd>
              {words.cycles(batteryCycles.toFixed(1), batteryWearEur === undefined ? undefined : euro(batteryWearEur))}
            </dd>
          </div>
        ) : null}
        {carsWearEur ? (
          <div>
            <dt>{words.savedCars}</dt>
            <dd>{euro(carsWearEur)}</dd>
          </div>
        ) : null}
      </dl>
      <p class="quiet">
        {words.savedNote(Math.max(1, Math.round(quarterHours / 96)), cars, sessionsLeftOut)}{" "}
        {equalShares && equalShares.missingWh >= LEAST_MISSING_WH ? words.savedMissing(kwh(equalShares.missingWh)) : ""}
      </p>
    </>
  );
}

export function Sessions() {
  const rows = sessions.value.slice(0, 12);
  return (
    <section class="panel">
      <h2>{words.sessions}</h2>
      {rows.length === 0 ? (
        <p class="quiet">{words.noSessions}</p>
      ) : (
        <div class="scroll">
          <table class="sessions">
            <thead>
              <tr>
                {words.columns.map((column) => (
                  <th key={column}>{column}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((session) => (
                <tr key={session.transactionId}>
                  <td>{evseNames.value.get(session.evseId) ?? session.evseId}</td>
                  <td>{session.token ?? "–"}</td>
                  <td>{clockTime(session.startedMs)}</td>
                  <td>{session.endedMs === undefined ? words.open : clockTime(session.endedMs)}</td>
                  <td class="number">{kwh(session.energyWh)}</td>
                  <td class="number">{session.unpricedWh ? cost(session) : session.costEur.toFixed(2)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
