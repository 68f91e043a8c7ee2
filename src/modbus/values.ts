/** What a device said in one round of reading, before it becomes readings; signs are wattledger's. */
export interface DeviceValues {
  readonly meter?: {
    readonly powerW?: number | undefined;
    readonly phasePowerW?: readonly (number | undefined)[];
    readonly currentA?: readonly (number | undefined)[];
    readonly voltageV?: readonly (number | undefined)[];
    readonly importWh?: number | undefined;
    readonly exportWh?: number | undefined;
  };
  readonly pv?: { readonly powerW?: number | undefined; readonly energyWh?: number | undefined };
  readonly battery?: { readonly powerW?: number | undefined; readonly socPercent?: number | undefined };
}

/** What a device can be read for. */
export type DevicePart = keyof DeviceValues;

/** Values, or why there are none, in words for the page. */
export type ReadOutcome =
  | { readonly ok: true; readonly values: DeviceValues }
  | { readonly ok: false; readonly detail: string };

/** One device on its bus: sends requests with its own unit id and time limits. */
export interface DevicePort {
  read(functionCode: 3 | 4, address: number, count: number): Promise<ReadRegisters>;
  write(functionCode: 6 | 16, address: number, values: readonly number[]): Promise<string | undefined>;
}

export type ReadRegisters =
  | { readonly ok: true; readonly registers: readonly number[] }
  | { readonly ok: false; readonly detail: string; readonly exception?: number };
