/** A record that its partner has already, because the answer to it was lost: it is not billed twice, and keeps nothing up. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { PartnerStatusSchema } from "../../src/core/upstream-admin.ts";
import { deviations } from "../api-answers.ts";
import type { Answered, Received } from "./partner.ts";
import { OcpiRig } from "./rig.ts";

const rigs: OcpiRig[] = [];
afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.close();
});

// biome-ignore lint/suspicious/noExplicitAny: what came over the wire
type Wire = any;
const isPost = ({ method, path }: Received) => method === "POST" && path.endsWith("/cdrs");

/** A partner that keeps records by their id, and answers the next ones as it is told. */
async function keeping(answers: (Answered | undefined)[], readable = true) {
  const rig = await OcpiRig.registered({ configuration: { sees: "all" } });
  rigs.push(rig);
  const kept = new Map<string, Wire>();
  rig.partner.handlers.push((request) => {
    const id = /\/cdrs\/([^/]+)$/.exec(request.path)?.[1] ?? "";
    if (request.method === "GET" && kept.has(id) && readable) return { data: kept.get(id) };
    if (!isPost(request)) return undefined;
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    const record = request.body as Wire;
    if (!kept.has(record.id)) kept.set(record.id, record);
    return answer;
  });
  await rig.site.connectAll();
  return { rig, kept };
}

async function charge(rig: OcpiRig, id = "one"): Promise<void> {
  await rig.site.plugIn(id);
  await rig.run(60);
  await rig.site.unplug(id);
  await rig.run(30);
}
const posts = (rig: OcpiRig): Wire[] => rig.partner.received.filter(isPost).map(({ body }) => body);
const delivered = (rig: OcpiRig) => rig.site.facts("cdr-delivered").map(({ data }) => data);

const LOST: Answered = { http: 502, raw: "" };

describe("a record that the partner has already", () => {
  test("is not sent again where it can be read back", async () => {
    const { rig, kept } = await keeping([LOST]);
    await charge(rig);
    expect(kept.size).toBe(1);
    expect(posts(rig)).toHaveLength(1);
    expect(delivered(rig)).toMatchObject([{ taken: true }]);
  });

  test.each<[string, Answered]>([
    ["HTTP 409", { http: 409, code: 2000 }],
    ["HTTP 409 without a word", { http: 409, raw: "" }],
    ["2001 with a message", { code: 2001, message: "CDR already exists" }],
    ["HTTP 400 with a message", { http: 400, code: 2000, message: "Duplicate id" }],
  ])("and says so, with %s, has it: under one id, and no more", async (_, answer) => {
    const { rig, kept } = await keeping([LOST, answer], false);
    await charge(rig);
    await rig.run(60);
    expect(delivered(rig)).toMatchObject([{ taken: true }]);
    expect(rig.upstream.status()[0]).toMatchObject({ pending: 0, refusedRecords: 0 });
    await rig.cutPower();
    await rig.upstream.send("emsp");
    await rig.run(60);
    expect(posts(rig)).toHaveLength(2);
    expect([...kept.keys()]).toEqual([rig.site.facts("cdr-issued")[0]!.data.cdrId]);
  });

  test("is looked for before it is sent after a power cut, or when no answer came", async () => {
    const { rig, kept } = await keeping([undefined]);
    await charge(rig);
    const [record] = [...kept.values()];
    // The controller was cut off before it knew that the partner has it.
    const { ledger } = rig.site;
    const issuedSeq = ledger.facts.find(({ type }) => type === "cdr-issued")!.seq;
    ledger.facts.splice(issuedSeq);
    writeFileSync(join(rig.directory, "ocpi-emsp-cursor.json"), JSON.stringify({ seq: issuedSeq - 1 }));
    rig.partner.received.splice(0);
    await rig.cutPower();
    await rig.site.connectAll();
    await rig.run(30);
    expect(posts(rig)).toEqual([]);
    expect(rig.partner.received.some(({ method, path }) => method === "GET" && path.endsWith(record.id))).toBe(true);
    expect(delivered(rig)).toMatchObject([{ taken: true }]);
    // And one that it never had.
    rig.partner.broken = { http: 503, raw: "" };
    await charge(rig, "two");
    rig.partner.broken = undefined;
    await rig.run(60);
    expect(kept.size).toBe(2);
    expect([...kept.values()][0]).toEqual(record);
  });

  test("under its id, but with other figures, is refused, and the operator hears it", async () => {
    const { rig, kept } = await keeping([{ code: 2001, message: "CDR already exists" }]);
    rig.partner.handlers.unshift((request) => {
      if (isPost(request)) kept.set((request.body as Wire).id, { ...(request.body as Wire), total_energy: 99 });
      return undefined;
    });
    await charge(rig);
    expect(delivered(rig)).toMatchObject([{ taken: false }]);
    const [status] = rig.upstream.status();
    expect(status!.refusedReason).toContain("other figures");
    expect(deviations(PartnerStatusSchema, status)).toEqual([]);
  });

  test("whose refusal has another cause is refused", async () => {
    const { rig } = await keeping([{ code: 2001, message: "unknown tariff" }], false);
    await charge(rig);
    expect(delivered(rig)).toMatchObject([{ taken: false, reason: "HTTP 200, OCPI 2001: unknown tariff" }]);
  });

  test("and fails on it each time: all else goes on, and the record is tried again until it is taken", async () => {
    const answers: (Answered | undefined)[] = [{ http: 500, raw: "unique constraint" }];
    const { rig } = await keeping(answers, false);
    await charge(rig);
    await rig.run(120);
    await rig.site.plugIn("two");
    await rig.run(600);
    const told = rig.partner.received.filter(({ method, path }) => method === "PUT" && path.includes("/sessions/"));
    expect(told.at(-1)!.body).toMatchObject({ status: "ACTIVE", evse_uid: "two" });
    expect(rig.upstream.status()[0]!.pending).toBe(1);
    const tries = posts(rig).length;
    expect(tries).toBeGreaterThan(4);
    expect(tries).toBeLessThan(20);
    // It is still owed after a restart.
    await rig.cutPower();
    await rig.site.connectAll();
    answers[0] = undefined;
    await rig.run(60);
    expect(delivered(rig).at(-1)).toMatchObject({ taken: true });
    expect(new Set(posts(rig).map(({ id }) => id)).size).toBe(1);
  });
});
