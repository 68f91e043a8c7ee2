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

/** Opens what is usual at this EVSE, with a car there or without. */
export function UsualDepartures({ evse }: { evse: LiveEvse }) {
  const isOpen = useSignal(false);
  const set = (open: boolean) => () => {
    isOpen.value = open;
  };
  return (
    <>
      <button type="button" class="plain" onClick={set(true)}>
        {words.usualDepartures}
      </button>
      {isOpen.value ? <DeparturesDialog evse={evse} onClose={set(false)} /> : null}
    </>
  );
}

/** The question and the buttons of a card with a car whose EVSE can be told. */
export function Actions({ evse }: { evse: LiveEvse }) {
  const choosing = useSignal(false);
  const waiting = useSignal<Act | undefined>(undefined);
  const refusal = useSignal("");
  const act = async (what: Act, token?: string) => {
    const result = await what(token);
    refusal.value = result.ok ? "" : result.text;
    waiting.value = !result.ok && result.needsToken ? what : undefined;
  };
  const override: Act = (token) => change("POST", `/evses/${evse.id}/override`, { active: !evse.override }, token);
  const choose = (open: boolean) => () => {
    choosing.value = open;
  };
  const asks = evse.departureSaid === undefined && !evse.override;
  return (
    <>
      {asks ? <Question evse={evse} act={(what) => void act(what)} /> : null}
      {evse.departureMs && evse.departureSaid === "standing" ? (
        <button type="button" class="plain usually" onClick={choose(true)}>
          {words.usuallyLeaves(clockTime(evse.departureMs))}
        </button>
      ) : null}
      <div class="buttons">
        <button type="button" class={evse.override ? "" : "primary"} onClick={() => void act(override)}>
          {evse.override ? words.endChargeNow : words.chargeNow}
        </button>
        <button type="button" onClick={choose(true)}>
          {words.setDeparture}
        </button>
      </div>
      {refusal.value === "" ? null : (
        <p class="card-short" role="alert">
          {words.refused(refusal.value)}
        </p>
      )}
      {choosing.value ? <WishDialog evse={evse} onClose={choose(false)} /> : null}
      {waiting.value ? <Token onToken={(token) => void act(waiting.value!, token)} /> : null}
    </>
  );
}
