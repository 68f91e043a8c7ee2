/** Deviations of chargers, as data: by name in the configuration, or by vendor and model as they boot. */

export const QUIRKS = {
  "relative-profiles":
    "Takes only Relative profiles: the limit has one period and ends by validTo, above the safe default",
  "stack-level-zero":
    "Honours stack level 0 only: the limit replaces the safe default and ends in it by its last period",
  "tx-default-only": "Refuses TxProfile: limits are TxDefaultProfile also during a transaction",
  "no-zero-current": "Refuses 0 A: a pause is sent as 1 A, which no car takes",
  "watts-only": "Takes limits in W only",
  "amperes-only": "Takes limits in A only",
  "no-number-phases": "Refuses profiles that name the number of phases",
  "no-setup": "Is not asked for its settings and none is changed: the probe makes it reboot",
} as const;
export type Quirk = keyof typeof QUIRKS;

interface KnownModel {
  readonly vendor: RegExp;
  readonly model: RegExp;
  readonly quirks: readonly Quirk[];
  readonly source: string;
}

const KNOWN: readonly KnownModel[] = [
  {
    vendor: /^ABB/i,
    model: /Terra AC/i,
    quirks: ["stack-level-zero", "no-zero-current"],
    source: "lbbrhzn/ocpp#1737, evcc#15493",
  },
  { vendor: /Huawei/i, model: /./, quirks: ["watts-only"], source: "field reports, thread not verified" },
  {
    vendor: /Grizzl|United Chargers/i,
    model: /./,
    quirks: ["stack-level-zero"],
    source: "field reports, thread not verified",
  },
  { vendor: /go-e/i, model: /./, quirks: ["amperes-only"], source: "goecharger/go-eCharger-API-v2#190" },
];

/** The known quirks among configured names; the others are left to the `check` command to complain about. */
export function configuredQuirks(names: readonly string[]): ReadonlySet<Quirk> {
  return new Set(names.filter((name): name is Quirk => Object.hasOwn(QUIRKS, name)));
}

/** What is known of a model by the vendor and model of its BootNotification. */
export function modelQuirks(vendor: string, model: string): readonly Quirk[] {
  return KNOWN.filter((known) => known.vendor.test(vendor) && known.model.test(model)).flatMap((known) => known.quirks);
}
