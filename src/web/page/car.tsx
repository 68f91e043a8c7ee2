/** The driver's page, opened by the code at an EVSE, on a phone in the rain: what the car does and why, and when it leaves. */
import { render } from "preact";
import type { DriverView } from "../../core/view/driver.ts";
import { connect, link, refusal, say, sending, view } from "./car-store.ts";
import { dayTime, euro, fixed, kwh } from "./format.ts";
import { nextTime, quickDepartures } from "./quick.ts";
import { carWords as words } from "./words/en-car.ts";
import "./car.css";

const TIMES = 5;
const ENERGIES_KWH = [10, 20, 30, 50];
const MINUTE_MS = 60_000;

function Now({ car }: { car: DriverView }) {
  const asked = car.askedWh ?? 0;
  const share = car.energySaid && asked > 0 ? Math.min(1, car.energyWh / asked) : undefined;
  return (
    <section class="now">
      <p class="sentence">{car.sentence}</p>
      <p class="why">{car.because}</p>
      {share === undefined ? null : (
        <div class="progress" aria-hidden="true">
          <div style={{ width: `${share * 100}%` }} />
        </div>
      )}
      {car.pluggedIn ? (
        <p class="charged">
          {car.energySaid ? words.chargedOf(kwh(car.energyWh), kwh(asked)) : words.charged(kwh(car.energyWh))}
          {car.socPercent === undefined ? "" : ` · ${fixed(car.socPercent, 0)} %`}
        </p>
      ) : null}
    </section>
  );
}

/** What the site makes of what was said. */
function Answer({ car }: { car: DriverView }) {
  if (car.override) return <p class="answer">{words.override}</p>;
  if (!car.departureSaid || car.departureMs === undefined) return null;
  const time = dayTime(car.departureMs, car.nowMs);
  const ready = car.shortfallWh ? words.until : words.ready;
  const parts = [
    ...(car.readyMs === undefined ? [] : [ready(dayTime(car.readyMs, car.nowMs))]),
    ...(car.cheaperEur === undefined ? [] : [words.cheaper(euro(car.cheaperEur))]),
  ].join(", ");
  return (
    <section class="answer" aria-live="polite">
      <h2>{car.departureSaid === "standing" ? words.usual(time) : words.leaves(time)}</h2>
      {car.planned ? <p>{parts || words.done}</p> : <p>{words.planning}</p>}
      {car.shortfallWh ? (
        <p class="missing">{words.missing(kwh(car.shortfallWh), car.shortfallUnsure === true)}</p>
      ) : null}
    </section>
  );
}

function OtherTime({ car }: { car: DriverView }) {
  const submit = (form: HTMLFormElement) => {
    const at = String(new FormData(form).get("at") ?? "");
    const departureMs = nextTime(at, car.nowMs, car.timeZone);
    if (departureMs !== undefined) void say({ departureMs });
  };
  return (
    <form
      class="other"
      onSubmit={(event) => {
        event.preventDefault();
        submit(event.currentTarget);
      }}
    >
      <label for="at">{words.otherTime}</label>
      <input id="at" name="at" type="time" required />
      <button type="submit" disabled={sending.value}>
        {words.set}
      </button>
    </form>
  );
}

function Departure({ car }: { car: DriverView }) {
  const said = car.departureSaid && car.departureMs !== undefined;
  const time = car.departureMs === undefined ? "" : dayTime(car.departureMs, car.nowMs);
  const isSaid = (departureMs: number) =>
    car.departureSaid === "driver" && Math.abs((car.departureMs ?? 0) - departureMs) < MINUTE_MS;
  return (
    <section>
      <h2>{!said ? words.ask : car.departureSaid === "standing" ? words.askUsual(time) : words.askAgain}</h2>
      {said || time === "" ? null : <p class="note">{words.guess(time)}</p>}
      <div class="choices">
        {quickDepartures(car.nowMs, car.timeZone, TIMES).map(({ text, departureMs }, index) => (
          <button
            key={index}
            type="button"
            aria-pressed={isSaid(departureMs)}
            disabled={sending.value}
            onClick={() => void say({ departureMs })}
          >
            {text}
          </button>
        ))}
      </div>
      <OtherTime car={car} />
    </section>
  );
}

function Energy({ car }: { car: DriverView }) {
  const leftKwh = car.energySaid === "driver" ? Math.round(((car.askedWh ?? 0) - car.energyWh) / 1000) : undefined;
  return (
    <section>
      <h2>{words.howMuch}</h2>
      <div class="choices small">
        <button
          type="button"
          class="wide"
          aria-pressed={car.energySaid !== "driver"}
          disabled={sending.value}
          onClick={() => void say({}, { energy: true })}
        >
          {car.usualWh === undefined ? words.enough : words.asUsual(kwh(car.usualWh))}
        </button>
        {ENERGIES_KWH.map((amount) => (
          <button
            key={amount}
            type="button"
            aria-pressed={leftKwh === amount}
            disabled={sending.value}
            onClick={() => void say({ energyWh: amount * 1000 })}
          >
            {amount} <small>kWh</small>
          </button>
        ))}
      </div>
      <p class="note">{words.howMuchNote}</p>
    </section>
  );
}

function Preference({ car }: { car: DriverView }) {
  const chosen = car.preference === "cheap" ? "regular" : car.preference;
  return (
    <section>
      <h2>{words.how}</h2>
      <div class="choices rows">
        {Object.entries(words.preferences).map(([preference, text]) => (
          <button
            key={preference}
            type="button"
            aria-pressed={preference === chosen}
            disabled={sending.value}
            onClick={() => void say({ preference })}
          >
            {text}
          </button>
        ))}
      </div>
    </section>
  );
}

function Car({ car }: { car: DriverView }) {
  return (
    <main class={link.value === "lost" ? "old" : ""}>
      <header>
        <h1>{car.name}</h1>
        <span>{car.site}</span>
      </header>
      {link.value === "lost" ? (
        <p class="lost" role="alert">
          {words.lost}
        </p>
      ) : null}
      <Now car={car} />
      {refusal.value === "" ? null : (
        <p class="missing" role="alert">
          {words.refused(refusal.value)}
        </p>
      )}
      {car.pluggedIn ? (
        <>
          <Answer car={car} />
          <Departure car={car} />
          <Energy car={car} />
          <Preference car={car} />
        </>
      ) : (
        <p class="hint">{words.noCar}</p>
      )}
    </main>
  );
}

function Page() {
  const state = link.value;
  if (state === "broken" || state === "gone")
    return (
      <main>
        <h1>{state === "gone" ? words.wrongKey : words.noKey}</h1>
        <p class="hint">{words.scanAgain}</p>
      </main>
    );
  const car = view.value;
  if (!car) return <p class="loading">{state === "lost" ? words.lost : words.loading}</p>;
  return <Car car={car} />;
}

const holder = document.getElementById("page");
if (holder) {
  holder.textContent = "";
  render(<Page />, holder);
  connect();
}
