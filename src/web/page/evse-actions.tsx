/** What the owner may do with a car, and what the page asks of it; who is not at the controller is asked for the token. */
import { useSignal } from "@preact/signals";
import type { LiveEvse } from "../../core/view/view.ts";
import { DeparturesDialog } from "./departures-dialog.tsx";
import { clockTime, timeZone } from "./format.ts";
import { quickDepartures, wordWith } from "./quick.ts";
import { type Change, change, live } from "./store.ts";
import { WishDialog } from "./wish-dialog.tsx";
import { words } from "./words/en.ts";

/** Something that may need the token. */
type Act = (token?: string) => Promise<Change>;

const TIMES = 3;

/** Nobody has said when the car leaves: one tap does. */
function Question({ evse, act }: { evse: LiveEvse; act: (act: Act) => void }) {
  const nowMs = live.value?.nowMs ?? Date.now();
  const say = (departureMs: number) =>
    act((token) => change("PUT", `/evses/${evse.id}/wish`, wordWith(evse, { departureMs }), token));
  return (
    <div class="question">
      <p>
        <b>{words.whenLeaves}</b> {evse.departureMs ? <small>{words.guess(clockTime(evse.departureMs))}</small> : null}
      </p>
      <div class="quick">
        {quickDepartures(nowMs, timeZone.value ?? "UTC", TIMES).map(({ text, departureMs }, index) => (
          <button key={index} type="button" onClick={() => say(departureMs)}>
            {text}
          </button>
        ))}
      </div>
    </div>
  );
}

function Token({ onToken }: { onToken: (token: string) => void }) {
  return (
    <form
      class="token"
      onSubmit={(event) => {
        event.preventDefault();
        onToken(String(new FormData(event.currentTarget).get("token") ?? ""));
      }}
    >
      <label>
        {words.token}
        <input name="token" type="password" autocomplete="off" required />
      </label>
      <small>{words.tokenHint}</small>
      <button type="submit">{words.save}</button>
    </form>
  );
}

/** The buttons of a card; `charging` where a car is there and the EVSE can be told. */
export function Actions({ evse, charging }: { evse: LiveEvse; charging: boolean }) {
  const dialog = useSignal<"wish" | "departures" | undefined>(undefined);
  const waiting = useSignal<Act | undefined>(undefined);
  const refusal = useSignal("");
  const act = async (what: Act, token?: string) => {
    const result = await what(token);
    refusal.value = result.ok ? "" : result.text;
    waiting.value = !result.ok && result.needsToken ? what : undefined;
  };
  const override: Act = (token) => change("POST", `/evses/${evse.id}/override`, { active: !evse.override }, token);
  const close = () => {
    dialog.value = undefined;
  };
  const open = (which: "wish" | "departures") => () => {
    dialog.value = which;
  };
  const asks = charging && evse.departureSaid === undefined && !evse.override;
  return (
    <>
      {asks ? <Question evse={evse} act={(what) => void act(what)} /> : null}
      {charging && evse.departureMs && evse.departureSaid === "standing" ? (
        <button type="button" class="plain usually" onClick={open("wish")}>
          {words.usuallyLeaves(clockTime(evse.departureMs))}
        </button>
      ) : null}
      <div class="buttons">
        {charging ? (
          <>
            <button type="button" class={evse.override ? "" : "primary"} onClick={() => void act(override)}>
              {evse.override ? words.endChargeNow : words.chargeNow}
            </button>
            <button type="button" onClick={open("wish")}>
              {words.setDeparture}
            </button>
          </>
        ) : null}
        <button type="button" class="plain" onClick={open("departures")}>
          {words.usualDepartures}
        </button>
      </div>
      {refusal.value === "" ? null : (
        <p class="card-short" role="alert">
          {words.refused(refusal.value)}
        </p>
      )}
      {dialog.value === "wish" ? <WishDialog evse={evse} onClose={close} /> : null}
      {dialog.value === "departures" ? <DeparturesDialog evse={evse} onClose={close} /> : null}
      {waiting.value ? <Token onToken={(token) => void act(waiting.value!, token)} /> : null}
    </>
  );
}
