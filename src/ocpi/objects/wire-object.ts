/** Objects on their way out: what is undefined is left out, or written as null where a partner wants that. */
import type { OcpiVersion } from "../../core/site/site-upstream.ts";

export type WireObject = Readonly<Record<string, unknown>>;

/** An amount without VAT, and with it where VAT applies. */
export interface Money {
  readonly exclVat: number;
  readonly inclVat?: number;
}

/** A `Price` as the version writes it. */
export function priceOf(money: Money | undefined, version: OcpiVersion): WireObject | undefined {
  if (money === undefined) return undefined;
  const { exclVat, inclVat } = money;
  if (version === "2.2.1") return { excl_vat: exclVat, incl_vat: inclVat };
  const amount = inclVat === undefined ? undefined : Math.round((inclVat - exclVat) * 10_000) / 10_000;
  return { before_taxes: exclVat, taxes: amount === undefined ? undefined : [{ name: "VAT", amount }] };
}

/** Wh as kWh. */
export function kwh(wh: number): number {
  return Math.round(wh * 10) / 10_000;
}

/** Milliseconds as hours, to four decimals. */
export function hours(ms: number): number {
  return Math.round(ms / 360) / 10_000;
}

/** A list, or nothing where it is empty. */
export function some<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list && list.length > 0 ? list : undefined;
}
