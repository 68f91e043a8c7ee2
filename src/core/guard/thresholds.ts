/** Every constant of the guard and the allocator, with its reason. Times are monotonic ms, currents A per phase. */

/** A car follows a lower pilot within 5 s (IEC 61851-1); with the charge point's own delay a reduction is due by then. */
export const OBEY_MS = 10_000;
/** A measured current this far above the limit is disobedience; meters and pilots are not exact. */
export const DISOBEY_MARGIN_A = 1.5;
/** EVSE meters report every 10 to 60 s; older values say nothing. */
export const EVSE_READING_VALID_MS = 90_000;
/** A phase that carries this much is in use by the car. */
export const PHASE_IN_USE_A = 1;
/** A car that draws less than its limit for this long gets what it draws plus the margin, no more. */
export const VEHICLE_BELOW_MS = 60_000;
export const VEHICLE_MARGIN_A = 2;
/** Power comes back at most this often, ... */
export const RAISE_EVERY_MS = 5_000;
/** ... by at most this part of what is free, ... */
export const RAISE_PART = 0.25;
/** ... measured against the least that was free in this time, in buckets of a sixth. */
export const HEADROOM_WINDOW_MS = 30_000;
/** Limits that together are above what is free, without an overload, are lowered after this: EVSE meters lag by 10 s. */
export const OVERCOMMITTED_MS = 20_000;
/** Good readings needed before the first raise: after a start, and after a meter had been lost. */
export const GOOD_AFTER_BOOT_MS = 5_000;
export const GOOD_AFTER_LOSS_MS = 30_000;
/** A pause for want of current lasts at least this long, and a car charges at least this long before its turn ends. */
export const PAUSE_MIN_MS = 60_000;
export const TURN_MS = 600_000;
/** Changes of the plan's or the sun's share are sent at most this often: profiles wear flash. */
export const WISH_CHANGE_MS = 30_000;
/** A plan older than this is not followed. */
export const PLAN_VALID_MS = 1_800_000;
/** Charging profiles start in the past, for charge points whose clock is slow (ocpp.md Q20). */
export const SCHEDULE_LEAD_MS = 30_000;
/** The trailing safe period of a profile, for charge points that ignore `duration`. */
export const TRAILING_SAFE_MS = 3_600_000;
/** Pauses between attempts after a charge point refused a limit or did not answer. */
export const RETRY_MS: readonly number[] = [5_000, 15_000, 60_000];
/** A limit fact for a changed reason alone is written at most this often. */
export const REASON_FACT_MS = 60_000;
/** Battery setpoints: sent again, valid for, and least change and time between two facts. */
export const BATTERY_RENEW_MS = 20_000;
export const BATTERY_LEASE_MS = 60_000;
export const BATTERY_FACT_W = 200;
export const BATTERY_FACT_MS = 30_000;
/** The site's word does not change more often than this, but for the worse. */
export const MODE_HOLD_MS = 15_000;
