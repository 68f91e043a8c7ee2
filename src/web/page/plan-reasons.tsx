/** Why each car gets in a quarter-hour of the plan what it gets, and what the next cheaper choice would need. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { reasonsAt } from "./store.ts";
import { words } from "./words/en.ts";

/** A finger that moves over the chart does not ask for every slot on its way. */
const PATIENCE_MS = 120;

/** The sentences of one slot; `plan` is the sequence of the plan that is shown. */
export function SlotReasons({ startMs, plan }: { startMs: number; plan: number }) {
  const sentences = useSignal<Awaited<ReturnType<typeof reasonsAt>>>([]);
  useEffect(() => {
    let wanted = true;
    const timer = setTimeout(() => {
      void reasonsAt(startMs).then((found) => {
        if (wanted) sentences.value = found;
      });
    }, PATIENCE_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [startMs, plan]);
  if (sentences.value.length === 0) return null;
  return (
    <ul class="reasons" aria-label={words.planWhy}>
      {sentences.value.map(({ name, isAnnounced, text }, index) => (
        <li key={index}>
          <b>{isAnnounced ? words.announcedAt(name) : name}</b> {text}
        </li>
      ))}
    </ul>
  );
}
