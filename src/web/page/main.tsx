/** The page: five questions in the order in which people ask them, then what an engineer looks for. */
import { render } from "preact";
import { Month, Sessions } from "./books.tsx";
import { EvseCard } from "./evse-card.tsx";
import { Facts } from "./facts.tsx";
import { Flow } from "./flow.tsx";
import { clockSeconds } from "./format.ts";
import { Partners } from "./partners.tsx";
import { PlanPanel } from "./plan-chart.tsx";
import { SafetyStrip } from "./safety-strip.tsx";
import { connect, connected, live } from "./store.ts";
import { words } from "./words/en.ts";
import "./page.css";

function Page() {
  const site = live.value;
  if (!site) return <p class="loading">Asking the controller…</p>;
  return (
    <div class={connected.value ? "page" : "page old"}>
      {connected.value ? null : (
        <p class="lost" role="alert">
          {words.lost}
        </p>
      )}
      <header class="top">
        <h1>{site.site.name}</h1>
        {site.site.simulated ? <span class="badge">{words.simulated}</span> : null}
        <time>{clockSeconds(site.nowMs)}</time>
      </header>
      <SafetyStrip site={site} />
      <Flow site={site} />
      <section>
        <h2 class="section">{words.evses}</h2>
        {site.evses.length === 0 ? <p class="quiet">{words.noEvses}</p> : null}
        <div class="cards">
          {site.evses.map((evse, index) => (
            <EvseCard key={evse.id} evse={evse} colour={index} />
          ))}
        </div>
      </section>
      <PlanPanel site={site} />
      <div class="columns">
        <Facts />
        <div>
          <Month />
          <Sessions />
          <Partners />
        </div>
      </div>
    </div>
  );
}

const holder = document.getElementById("page");
if (holder) {
  holder.textContent = "";
  render(<Page />, holder);
  void connect();
}
