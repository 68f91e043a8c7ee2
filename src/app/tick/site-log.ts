/** What a person at the machine has to know of the site, in the log too: the page may not be what he looks at. */
import type { SiteDraft } from "../../core/facts/index.ts";
import type { Log } from "../../core/ports.ts";
import { en } from "../../core/words/en.ts";

/** What is over after so long is not worth a line: at a start nothing has answered yet. */
const WORTH_A_LINE_MS = 5_000;
/** What comes and goes is spoken of this often at most: the log is on the card as well. */
const SAY_AGAIN_MS = 600_000;

type Of<Type extends SiteDraft["type"]> = Extract<SiteDraft, { type: Type }>["data"];

/** Something that is wrong, with its line for the log. */
interface Trouble {
  readonly sinceMonoMs: number;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
  readonly over: string;
  said: boolean;
}

export class SiteLog {
  readonly #log: Log;
  /** By device, and one for the site's mode. */
  readonly #troubles = new Map<string, Trouble>();
  readonly #saidMonoMs = new Map<string, number>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** Called each tick: says what is worth it of what is recorded at `monoMs`, and of what has lasted since before. */
  say(drafts: readonly SiteDraft[], monoMs: number): void {
    for (const { type, data } of drafts) {
      if (type === "device-quality-changed") this.#device(data, monoMs);
      else if (type === "site-mode-changed") this.#mode(data, monoMs);
      else if (type === "meter-doubted") this.#doubt(data);
    }
    for (const [name, trouble] of this.#troubles) this.#sayLasting(name, trouble, monoMs);
  }

  #device({ deviceId, quality, detail }: Of<"device-quality-changed">, sinceMonoMs: number): void {
    const name = `device ${deviceId}`;
    if (quality === "good") this.#end(name, { deviceId });
    if (quality !== "absent") return;
    const message = "A device is lost: the site goes on without it";
    this.#begin(name, { sinceMonoMs, message, details: { deviceId, detail }, over: "A device answers again" });
  }

  #mode({ mode, reason }: Of<"site-mode-changed">, sinceMonoMs: number): void {
    const isLost = mode === "safe" && reason?.kind === "meter-absent";
    const unsaid = this.#troubles.get("mode")?.said === false;
    if (mode !== "safe" || (!isLost && unsaid)) this.#end("mode", { mode });
    if (!isLost) return;
    const message = "Safe mode: every EVSE behind this meter is at its safe current";
    const details = { deviceId: reason.deviceId };
    this.#begin("mode", { sinceMonoMs, message, details, over: "Safe mode is over" });
  }

  #begin(name: string, trouble: Omit<Trouble, "said">): void {
    if (!this.#troubles.has(name)) this.#troubles.set(name, { ...trouble, said: false });
  }

  #end(name: string, details: Trouble["details"]): void {
    const trouble = this.#troubles.get(name);
    this.#troubles.delete(name);
    if (trouble?.said) this.#log.info(trouble.over, details);
  }

  #sayLasting(name: string, trouble: Trouble, monoMs: number): void {
    const lastMonoMs = this.#saidMonoMs.get(name) ?? Number.NEGATIVE_INFINITY;
    if (trouble.said || monoMs - trouble.sinceMonoMs < WORTH_A_LINE_MS || monoMs - lastMonoMs < SAY_AGAIN_MS) return;
    trouble.said = true;
    this.#saidMonoMs.set(name, monoMs);
    this.#log.warn(trouble.message, trouble.details);
  }

  #doubt({ deviceId: meter, kind, phases, seenOn, evseId, active }: Of<"meter-doubted">): void {
    if (!active) {
      this.#log.info("A meter is believed again", { deviceId: meter, kind });
      return;
    }
    const text = en.doubt({
      ...{ meter, kind },
      ...(phases ? { phases } : {}),
      ...(seenOn ? { seenOn } : {}),
      ...(evseId === undefined ? {} : { evses: [evseId] }),
    });
    this.#log.warn(text, { deviceId: meter, kind });
  }
}
