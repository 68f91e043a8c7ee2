/** Every constant of the guard and the allocator, with its reason. Times are monotonic ms, currents A per phase. */

/** A car follows a lower pilot within 5 s (IEC 61851-1); with the charge point's own delay a reduction is due by then. */
export const OBEY_MS = 10_000;
/**
 * So long a reduction is expected to show in the reading. Most cars are quicker than they have to be, and a load that
 * rises in the meantime hides what they did: after this, what is above the limit is shed again.
 */
export const EXPECTED_MS = 6_000;
/** From a reading to its effect, with the time for the command: where a device may open sooner, all is shed at once. */
export const REACTION_MS = 12_000;
/** Where the site lets an overload pass for a while: at most for this long, however easily the device bears it. */
export const BEARS_MOST_MS = 60_000;
/** A reading of an EVSE that is younger than its limit by this shows the limit's effect. */
export const EFFECT_MS = 2_000;
export const SETTLED_MS = 5_000;
/** Who is this near to a lower limit has obeyed it: last digits of meters. */
export const GONE_MARGIN_A = 0.5;
/** A measured current this far above the limit is disobedience; meters and pilots are not exact. */
export const DISOBEY_MARGIN_A = 1.5;
/** EVSE meters report every 10 to 60 s; older values say nothing. */
export const EVSE_READING_VALID_MS = 90_000;
/** A phase that carries this much is in use by the car. */
export const PHASE_IN_USE_A = 1;
/** A car that draws less than its limit for this long gets what it draws plus the margin, no more. */
export const VEHICLE_BELOW_MS = 60_000;
export const VEHICLE_MARGIN_A = 2;
/** Each round in which an overload outlasts the time to obey doubles what is shed: then an estimate was wrong. */
export const MOST_DOUBLINGS = 6;
/** Power comes back at most this often, ... */
export const RAISE_EVERY_MS = 15_000;
/** ... by at most this part of what is free, ... */
export const RAISE_PART = 0.75;
/** ... and not by less than this within so long of the last change: each is a message, a profile in flash, a fact on disk, ... */
export const RAISE_LEAST_A = 2;
export const RAISE_SMALL_AFTER_MS = 60_000;
/** ... measured against the least that was free in this time, in buckets of a sixth, ... */
export const HEADROOM_WINDOW_MS = 30_000;
/** ... and never up to the last ampere: a building flickers. The same margin is left when limits are lowered. */
export const MARGIN_A = 1;
/** Reductions smaller than this do not hold up raises elsewhere. */
export const PENDING_MATTERS_A = 1;
/**
 * Limits that together are above what is free, without an overload, are lowered after this; later where that may be what an
 * EVSE draws that has not reported since its limit changed: it looks like building load until then.
 */
export const OVERCOMMITTED_MS = 20_000;
export const OVERCOMMITTED_UNSEEN_MS = 90_000;
/** Good readings needed before the first raise: after a start (nothing was wrong), and after a meter had been lost. */
export const GOOD_AFTER_BOOT_MS = 5_000;
export const GOOD_AFTER_LOSS_MS = 30_000;
/** The first pause for want of current lasts at least this long, each further one of a transaction twice, at most ... */
export const FIRST_PAUSE_MS = 60_000;
/** ... this long (contactors wear, cars fall asleep), ... */
export const PAUSE_MOST_MS = 300_000;
/** ... and a car charges at least this long before its turn may end. Neither binds safety. */
export const TURN_MS = 600_000;
/** A car that nobody has seen waits so long for room on the phase that it may load alone: till a turn ends, and room is made. */
export const NEWCOMER_WAITS_MS = 660_000;
/** A car that waits for the balance of phases, and showed more of them before, is tried on all after so long, times its stops. */
export const TRY_ALL_PHASES_MS = 600_000;
/** Current moves between cars that charge at most this often, and not for less than this difference. */
export const REBALANCE_MS = 30_000;
export const REBALANCE_LEAST_A = 2;
/** Changes of the plan's or the sun's share are sent at most this often: profiles wear flash. */
export const WISH_CHANGE_MS = 30_000;
/** The plan of a slot is made when the slot begins, and takes seconds (its deadline is 5 s): so long the slot before goes on. */
export const PLAN_COMES_MS = 10_000;
/** A schedule that lowers itself although the plan has changed is replaced so long before. */
export const DROP_AHEAD_MS = 5_000;
/** What charges again after a stop is not stopped sooner than this by a plan, or for another number of phases. */
export const PLAN_LEAST_ON_MS = 300_000;
/** The sun must carry the minimum current this long before a car starts on it, and a start lasts this long. */
export const SUN_BEFORE_START_MS = 60_000;
export const SUN_LEAST_ON_MS = 300_000;
/** A cloud that is gone sooner neither stops a car nor changes its phases: that wears, and minutes of sun are lost by it. */
export const SUN_CLOUD_MS = 180_000;
/** A car is told another number of phases at most this often and this many times in a transaction (relays wear), ... */
export const PHASE_SWITCH_EVERY_MS = 600_000;
export const MOST_PHASE_SWITCHES = 24;
/** ... while it charges only when the plan has wanted that for so long (the sun: as long as a cloud lasts), ... */
export const OTHER_PHASES_MS = 60_000;
/** ... and in a pause: when its meter shows that nothing flows, or after this; who does not pause in this time is left alone. */
export const PHASE_SWITCH_PAUSE_MS = 20_000;
export const PHASE_SWITCH_GIVEN_UP_MS = 60_000;
/** What a car loads after that is its own number of phases only when the charge point has had this time. */
export const LEARNS_PHASES_MS = 60_000;

/** A plan older than this is not followed. */
export const PLAN_VALID_MS = 1_800_000;
/** Charging profiles start in the past, for charge points whose clock is slow (ocpp.md Q20). */
export const SCHEDULE_LEAD_MS = 30_000;
/** The trailing safe period of a profile, for charge points that ignore `duration`. */
export const TRAILING_SAFE_MS = 3_600_000;
/**
 * A lease ends in the safe current: at that current its end changes nothing. Below it a car waits for the end when
 * nobody renews it.
 */
export const AT_SAFE_LEASE_MS = 3_600_000;
export const BELOW_SAFE_LEASE_MS = 600_000;
/**
 * So long after a renewal is due a limit goes halfway to the safe current: a clock that is half a minute fast, a renewal
 * that was not answered in 10 s and was sent again 5 s later. Not worth a period for less than this.
 */
export const HALFWAY_AFTER_RENEWAL_MS = 45_000;
export const HALFWAY_LEAST_MS = 30_000;
/** Schedules with it, of a charge point that refused one, are sent again after this. */
export const HALFWAY_REFUSED_MS = 3_600_000;
/** Pauses between attempts after a charge point refused a limit or did not answer. */
export const RETRY_MS: readonly number[] = [5_000, 15_000, 60_000];
/** The same for the safe default; one that is never taken must not wear the flash. */
export const INSTALL_RETRY_MS: readonly number[] = [5_000, 15_000, 60_000, 300_000, 900_000];
/** Profiles of a charge point that does not obey are cleared at most this often; then its transaction may be stopped. */
export const HEAL_EVERY_MS = 30_000;
export const HEALS_BEFORE_STOP = 3;
/** Where the protective device may open first, one attempt has this long, then the transaction is stopped. */
export const HEAL_OPENS_MS = 3_000;
/** A limit fact for a changed reason alone is written when the reason has held for this long. */
export const REASON_FACT_MS = 60_000;
/** An intervention is over when its circuit was below its limit for this long; until then it is one fact. */
export const INTERVENTION_OVER_MS = 60_000;
/** Battery setpoints: sent again, valid for, least change and time between two facts, least change that is sent. */
export const BATTERY_RENEW_MS = 20_000;
export const BATTERY_LEASE_MS = 60_000;
export const BATTERY_FACT_W = 200;
export const BATTERY_FACT_MS = 30_000;
export const BATTERY_CHANGE_W = 100;
/** A battery that follows the meter gets a new power at most this often: it settles first. */
export const BATTERY_FOLLOW_MS = 5_000;
/** Home batteries settle in 1 to 4 s, and their readings and the meter's lag: until then it is not sure what they do. */
export const BATTERY_SETTLES_MS = 5_000;
/** Home batteries settle in 1 to 4 s: so long a small overload may wait for a battery that charges, before cars. */
export const BATTERY_FIRST_MS = 5_000;
/** A gG fuse and a breaker carry 1.13 of their rating for an hour; beyond this the cars do not wait. */
export const BATTERY_FIRST_UP_TO = 1.1;
/** A charge point that refused to give back, or charged instead, is asked again after this. */
export const BACK_REFUSED_MS = 3_600_000;
/** Less than this is not given back, A. */
export const DISCHARGE_LEAST_A = 1;
/** Limits of inverters: sent again, valid for; raised and told as a fact at most this often. */
export const PV_RENEW_MS = 20_000;
export const PV_LEASE_MS = 60_000;
export const PV_RAISE_MS = 3_000;
export const PV_FACT_MS = 60_000;
/** A limit that has held nothing back for so long is given up. */
export const PV_RELEASE_MS = 120_000;
/** So much is exported for a price, that a battery which follows the meter sees that there is more to take, W. */
export const PV_PROBE_W = 200;
/** An inverter makes up within this for what a battery takes more: a reading, two raised limits and their answers. */
export const PV_FOLLOWS_MS = 10_000;
/** A battery that took more, and no sun followed, tries again after this. */
export const PV_NO_MORE_MS = 60_000;
/** The site's word turns to the better only after it would have held for so long. */
export const MODE_HOLD_MS = 60_000;
