"""A station of another make: the `ocpp` package of the Mobility House with a car that obeys, OCPP 1.6 or 2.0.1.

Usage: station.py VERSION URL PASSWORD SPEED. Each line of the output is a JSON object: what the station draws, what it
was told. A line on the input ends the session. SPEED is how much faster than the wall its clock runs.
"""

import asyncio
import base64
import json
import sys
import time
from datetime import datetime, timezone

import websockets
from ocpp.routing import on

VERSION, URL, PASSWORD, SPEED = sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])
IDENTITY = URL.rsplit("/", 1)[1]
VOLTAGE = 230
CAR_MOST_A = 16
OBEYS_AFTER_S = 2
BEGAN = time.time()


def now_s():
    return BEGAN + (time.time() - BEGAN) * SPEED


def stamp():
    return datetime.fromtimestamp(now_s(), timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text):
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def say(**fields):
    print(json.dumps({"identity": IDENTITY, **fields}), flush=True)


class Car:
    """Draws what the profile in force allows, two seconds later."""

    def __init__(self):
        self.profiles = {}
        self.current_a = 0.0
        self.energy_wh = 5000.0
        self.target_a = 0.0
        self.since_s = now_s()

    def allowed_a(self):
        """The highest stack level whose schedule covers now wins; a transaction's profile goes before the default."""
        best = None
        for purpose in ("TxProfile", "TxDefaultProfile"):
            for (_, level), (of, start_s, duration_s, periods) in sorted(self.profiles.items(), reverse=True):
                offset_s = now_s() - start_s
                if of != purpose or offset_s < 0 or (duration_s is not None and offset_s >= duration_s):
                    continue
                limits = [limit for at, limit in periods if at <= offset_s]
                if limits:
                    best = limits[-1]
                    break
            if best is not None:
                break
        return CAR_MOST_A if best is None else best

    def live(self, seconds):
        allowed_a = self.allowed_a()
        target_a = 0.0 if allowed_a < 6 else min(allowed_a, CAR_MOST_A)
        if target_a != self.target_a:
            self.target_a, self.since_s = target_a, now_s()
        if now_s() - self.since_s >= OBEYS_AFTER_S:
            self.current_a = self.target_a
        self.energy_wh += 3 * VOLTAGE * self.current_a * seconds / 3600

    def take(self, purpose, level, schedule_start, duration_s, periods):
        start_s = parse(schedule_start) if schedule_start else now_s()
        self.profiles[(purpose, level)] = (purpose, start_s, duration_s, periods)
        say(told="profile", purpose=purpose, limitA=periods[0][1], periods=len(periods), durationS=duration_s)

    def clear(self, purpose=None):
        self.profiles = {key: value for key, value in self.profiles.items() if purpose and key[0] != purpose}


car = Car()
plugged = asyncio.Event()
unplug = asyncio.Event()

if VERSION == "1.6":
    from ocpp.v16 import ChargePoint as Base, call, call_result
else:
    from ocpp.v201 import ChargePoint as Base, call, call_result


class Obliging(Base):
    """Answers that are the same in both versions."""

    @on("TriggerMessage")
    def on_trigger(self, requested_message, **_):
        say(told="trigger", message=requested_message)
        return call_result.TriggerMessage(status="Accepted")

    @on("GetCompositeSchedule")
    def on_composite(self, **_):
        return call_result.GetCompositeSchedule(status="Rejected")

    @on("UnlockConnector")
    def on_unlock(self, **_):
        return call_result.UnlockConnector(status="Unlocked")

    @on("ChangeAvailability")
    def on_availability(self, **_):
        return call_result.ChangeAvailability(status="Accepted")

    @on("Reset")
    def on_reset(self, **_):
        return call_result.Reset(status="Accepted")


if VERSION == "1.6":

    class Station(Obliging):
        @on("SetChargingProfile")
        def on_profile(self, connector_id, cs_charging_profiles):
            schedule = cs_charging_profiles["charging_schedule"]
            if schedule["charging_rate_unit"] != "A":
                return call_result.SetChargingProfile(status="Rejected")
            periods = [(period["start_period"], period["limit"]) for period in schedule["charging_schedule_period"]]
            purpose = cs_charging_profiles["charging_profile_purpose"]
            level = cs_charging_profiles["stack_level"]
            car.take(purpose, level, schedule.get("start_schedule"), schedule.get("duration"), periods)
            return call_result.SetChargingProfile(status="Accepted")

        @on("ClearChargingProfile")
        def on_clear(self, **asked):
            car.clear(asked.get("charging_profile_purpose"))
            return call_result.ClearChargingProfile(status="Accepted")

        @on("GetConfiguration")
        def on_configuration(self, **_):
            keys = [
                {"key": "ChargingScheduleAllowedChargingRateUnit", "readonly": True, "value": "Current"},
                {"key": "ChargeProfileMaxStackLevel", "readonly": True, "value": "8"},
                {"key": "MeterValueSampleInterval", "readonly": False, "value": "10"},
            ]
            return call_result.GetConfiguration(configuration_key=keys, unknown_key=[])

        @on("ChangeConfiguration")
        def on_change(self, **_):
            return call_result.ChangeConfiguration(status="Accepted")

        @on("RemoteStopTransaction")
        def on_stop(self, transaction_id):
            unplug.set()
            return call_result.RemoteStopTransaction(status="Accepted")

        async def begin(self):
            answer = await self.call(call.BootNotification(charge_point_model="Peer", charge_point_vendor="Other"))
            say(booted=answer.status)
            await self.call(call.StatusNotification(connector_id=1, error_code="NoError", status="Preparing"))
            token = await self.call(call.Authorize(id_tag="PEER16"))
            say(token=token.id_tag_info["status"])

        async def charge(self):
            started = await self.call(
                call.StartTransaction(
                    connector_id=1, id_tag="PEER16", meter_start=round(car.energy_wh), timestamp=stamp()
                )
            )
            self.transaction_id = started.transaction_id
            await self.call(call.StatusNotification(connector_id=1, error_code="NoError", status="Charging"))

        async def sample(self):
            values = [{"value": str(round(car.energy_wh)), "measurand": "Energy.Active.Import.Register", "unit": "Wh"}]
            values += [
                {"value": f"{car.current_a:.1f}", "measurand": "Current.Import", "phase": phase, "unit": "A"}
                for phase in ("L1", "L2", "L3")
            ]
            await self.call(
                call.MeterValues(
                    connector_id=1,
                    transaction_id=self.transaction_id,
                    meter_value=[{"timestamp": stamp(), "sampled_value": values}],
                )
            )

        async def stop(self):
            await self.call(
                call.StopTransaction(
                    transaction_id=self.transaction_id,
                    meter_stop=round(car.energy_wh),
                    timestamp=stamp(),
                    reason="EVDisconnected",
                )
            )
            await self.call(call.StatusNotification(connector_id=1, error_code="NoError", status="Available"))

else:

    class Station(Obliging):
        seq_no = 0

        @on("SetChargingProfile")
        def on_profile(self, evse_id, charging_profile):
            schedule = charging_profile["charging_schedule"][0]
            if schedule["charging_rate_unit"] != "A":
                return call_result.SetChargingProfile(status="Rejected")
            periods = [(period["start_period"], period["limit"]) for period in schedule["charging_schedule_period"]]
            purpose = charging_profile["charging_profile_purpose"]
            level = charging_profile["stack_level"]
            car.take(purpose, level, schedule.get("start_schedule"), schedule.get("duration"), periods)
            return call_result.SetChargingProfile(status="Accepted")

        @on("ClearChargingProfile")
        def on_clear(self, **asked):
            criteria = asked.get("charging_profile_criteria") or {}
            car.clear(criteria.get("charging_profile_purpose"))
            return call_result.ClearChargingProfile(status="Accepted")

        @on("GetVariables")
        def on_variables(self, get_variable_data):
            known = {"RateUnit": "A", "ProfileStackLevel": "8"}
            result = []
            for asked in get_variable_data:
                value = known.get(asked["variable"]["name"])
                status = {"attribute_status": "UnknownVariable"} if value is None else {"attribute_status": "Accepted"}
                result.append({**asked, **status, **({} if value is None else {"attribute_value": value})})
            return call_result.GetVariables(get_variable_result=result)

        @on("SetVariables")
        def on_set(self, set_variable_data):
            result = [
                {"attribute_status": "Accepted", "component": item["component"], "variable": item["variable"]}
                for item in set_variable_data
            ]
            return call_result.SetVariables(set_variable_result=result)

        @on("GetBaseReport")
        def on_report(self, **_):
            return call_result.GetBaseReport(status="NotSupported")

        @on("RequestStopTransaction")
        def on_stop(self, transaction_id):
            unplug.set()
            return call_result.RequestStopTransaction(status="Accepted")

        async def begin(self):
            answer = await self.call(
                call.BootNotification(charging_station={"model": "Peer", "vendor_name": "Other"}, reason="PowerUp")
            )
            say(booted=answer.status)
            await self.status("Occupied")
            token = await self.call(call.Authorize(id_token={"id_token": "PEER201", "type": "ISO14443"}))
            say(token=token.id_token_info["status"])

        async def status(self, value):
            await self.call(
                call.StatusNotification(timestamp=stamp(), connector_status=value, evse_id=1, connector_id=1)
            )

        async def event(self, kind, reason, state, **more):
            values = [{"value": round(car.energy_wh), "measurand": "Energy.Active.Import.Register",
                       "unit_of_measure": {"unit": "Wh"}}]
            values += [{"value": round(car.current_a, 1), "measurand": "Current.Import", "phase": phase}
                       for phase in ("L1", "L2", "L3")]
            info = {"transaction_id": "peer-201-tx", "charging_state": state, **more}
            await self.call(
                call.TransactionEvent(
                    event_type=kind,
                    timestamp=stamp(),
                    trigger_reason=reason,
                    seq_no=self.seq_no,
                    transaction_info=info,
                    evse={"id": 1, "connector_id": 1},
                    id_token={"id_token": "PEER201", "type": "ISO14443"} if kind == "Started" else None,
                    meter_value=[{"timestamp": stamp(), "sampled_value": values}],
                )
            )
            self.seq_no += 1

        async def charge(self):
            await self.event("Started", "Authorized", "Charging")

        async def sample(self):
            await self.event("Updated", "MeterValuePeriodic", "Charging")

        async def stop(self):
            await self.event("Ended", "EVDeparted", "Idle", stopped_reason="EVDisconnected")
            await self.status("Available")


async def live():
    last_s = now_s()
    told = None
    while True:
        await asyncio.sleep(0.25 / SPEED)
        seconds, last_s = now_s() - last_s, now_s()
        if plugged.is_set():
            car.live(seconds)
        if car.current_a != told:
            told = car.current_a
            say(drawsA=told, allowedA=car.allowed_a())


async def listen():
    loop = asyncio.get_running_loop()
    while True:
        line = await loop.run_in_executor(None, sys.stdin.readline)
        if not line:
            return
        unplug.set()


async def main():
    asyncio.create_task(live())
    asyncio.create_task(listen())
    login = base64.b64encode(f"{IDENTITY}:{PASSWORD}".encode()).decode()
    protocol = "ocpp1.6" if VERSION == "1.6" else "ocpp2.0.1"
    headers = {"Authorization": f"Basic {login}"}
    async with websockets.connect(URL, subprotocols=[protocol], additional_headers=headers) as socket:
        say(subprotocol=socket.subprotocol)
        station = Station(IDENTITY, socket)
        receiving = asyncio.create_task(station.start())
        await station.begin()
        plugged.set()
        await station.charge()
        while not unplug.is_set():
            await station.sample()
            await asyncio.sleep(5 / SPEED)
        plugged.clear()
        car.current_a = 0.0
        await station.stop()
        say(stoppedWh=round(car.energy_wh))
        receiving.cancel()


asyncio.run(main())
