"""The jobs of the demo: twenty-five of a small trading house, in five groups."""

from functools import partial
from typing import Any

import msgspec


class DemoJob(msgspec.Struct, frozen=True):
    """A job, and how its runs go: typical seconds, how often they fail and with what, rows they write."""

    job_id: str
    name: str
    about: str
    cron: str | None
    seconds: float
    group: str
    handler: str
    zone: str = "UTC"
    failing: float = 0.0
    error: str = ""
    symbols: int = 0
    rows: int = 0
    columns: dict[str, Any] = {}
    days: float = 7.0  # of history


prices = partial(DemoJob, group="MARKETDATA", handler="prices.load")
risk = partial(DemoJob, group="ANALYTICS", handler="risk.valuation")
report = partial(DemoJob, group="REPORTS", handler="reports.render")
partner = partial(DemoJob, group="PARTNERS", handler="partners.pull")
upkeep = partial(DemoJob, group="UPKEEP", handler="upkeep.tables")

NO_BARS = """no bars for 3 of 240 symbols
  RDSA.L: delisted on 2022-01-31
  TWTR: HTTP 404 from https://prices.example.net/v2/bars/TWTR
  FB: renamed to META"""
BAD_CURVE = """CalibrationError: the EUR swap curve does not converge
  at 2y: par rate 2.413 %, model 9.870 % after 200 steps
  at 5y: par rate 2.502 %, model 11.306 % after 200 steps
Traceback (most recent call last):
  File "/srv/risk/curves.py", line 118, in calibrate
    raise CalibrationError(curve, residuals)
risk.curves.CalibrationError: EUR-ESTR"""
REFUSED = "HTTP 503 from https://ftp.clearing.example.com/positions: Service Unavailable (retry after 120)"
DISK = "pg_dump: error: could not write to output file: No space left on device"

RETRY: dict[str, Any] = {"on_lost": "RETRY", "max_attempts": 3, "retry_backoff_seconds": 60}

JOBS = [
    prices(
        "PRICES_INTRADAY", "Intraday prices", "Latest bars of every tracked symbol, while markets are open",
        "0 */5 * * * MON-FRI", 11, failing=0.02, error=NO_BARS, symbols=240, rows=2_880, columns=RETRY,
    ),
    prices(
        "PRICES_CLOSE_US", "US closing prices", "Official closes of NYSE and Nasdaq",
        "0 20 16 * * MON-FRI", 95, zone="America/New_York", symbols=240, rows=240, columns=RETRY,
    ),
    prices(
        "PRICES_CLOSE_TOKYO", "Tokyo closing prices", "Official closes of the TSE",
        "0 15 15 * * MON-FRI", 40, zone="Asia/Tokyo", symbols=80, rows=80, columns=RETRY,
    ),
    prices(
        "FX_FIXINGS", "FX fixings", "The WM fixing of 38 currency pairs",
        "0 5 16 * * MON-FRI", 4, zone="Europe/London", symbols=38, rows=38,
    ),
    prices(
        "PRICES_BACKFILL", "Price history backfill", "Fills gaps of the last ten years; by hand",
        None, 2_400, symbols=240, rows=604_800, columns=RETRY,
    ),
    prices(
        "CORPORATE_ACTIONS", "Corporate actions", "Splits and dividends, before the first valuation",
        "0 30 5 * * *", 28, zone="Europe/Berlin", symbols=240, rows=31,
    ),
    risk(
        "RISK_INTRADAY", "Intraday risk", "Greeks and P&L of all desks on the latest prices",
        "0 */10 * * * *", 420, failing=0.05, error=BAD_CURVE, rows=18_400, days=3,
        columns={"timeout_seconds": 900, "overlap_policy": "SKIP", "max_attempts": 2},
    ),
    risk(
        "RISK_EOD", "End-of-day valuation", "Full revaluation of every desk, 2,600 scenarios",
        "0 0 18 * * MON-FRI", 1_900, zone="Europe/Berlin", rows=214_000,
        columns={"timeout_seconds": 5_400, "on_lost": "RETRY", "params": '{"desk": "ALL"}'},
    ),
    risk(
        "RISK_STRESS", "Stress scenarios", "The 40 scenarios of the regulator",
        "0 0 3 * * SAT", 5_200, zone="Europe/Berlin", rows=96_000, columns=RETRY,
    ),
    risk(
        "LIMITS_CHECK", "Limit check", "Compares exposures with limits, and tells the desk",
        "0 */2 * * * *", 1.4, handler="risk.limits", days=1.5, columns={"overlap_policy": "QUEUE"},
    ),
    risk(
        "MARGIN_CALLS", "Margin calls", "Margin of all accounts, twice a day",
        "0 0 9,15 * * MON-FRI", 64, zone="Europe/Zurich", handler="risk.limits",
    ),
    risk(
        "TREASURY_CUTOFF", "Treasury cut-off", "Closes the cash book where the day ends",
        "0 30 2 * * *", 12, zone="America/Santiago", handler="risk.limits",
    ),
    report(
        "REPORT_MORNING", "Morning report", "P&L of yesterday, by e-mail to 14 people",
        "0 0 7 * * MON-FRI", 33, zone="Europe/Berlin",
    ),
    report(
        "REPORT_DESK_FX", "FX desk report", "Positions and fixings for the FX desk",
        "0 30 16 * * MON-FRI", 21, zone="Europe/London",
    ),
    report(
        "REPORT_REGULATOR", "Regulatory report", "Transaction report, last weekday of the month",
        "0 0 20 LW * *", 310, zone="Europe/Berlin", columns={"misfire_policy": "ALL"},
    ),
    report(
        "REPORT_DASHBOARD", "Dashboard tiles", "The figures on the wall of the trading floor",
        "0 */15 * * * *", 6, columns={"misfire_policy": "SKIP", "overlap_policy": "REPLACE"}, days=5,
    ),
    report("REPORT_ADHOC", "Ad-hoc report", "What somebody asks for; parameters say what", None, 48),
    partner(
        "CLEARING_POSITIONS", "Clearing house positions", "Positions as the clearing house has them",
        "0 0 6 * * *", 52, zone="Europe/Zurich", failing=0.9, error=REFUSED,
        columns={"max_attempts": 3, "retry_backoff_seconds": 300, "timeout_seconds": 600},
    ),
    partner(
        "CLEARING_TRADES", "Trades to the clearing house", "Sends confirmed trades every half hour",
        "0 */30 7-19 * * MON-FRI", 17, zone="Europe/Zurich", handler="partners.push",
        failing=0.04, error=REFUSED, columns={"max_attempts": 3},
    ),
    partner(
        "BROKER_STATEMENTS", "Broker statements", "Statements of six brokers, by SFTP",
        "0 45 4 * * TUE-SAT", 240, zone="America/New_York", columns=RETRY,
    ),
    partner("SANCTIONS_LIST", "Sanctions list", "The EU's consolidated list", "0 0 */6 * * *", 9),
    upkeep(
        "DATABASE_BACKUP", "Database backup", "A dump to the object store",
        "0 15 1 * * *", 760, handler="upkeep.backup", failing=0.0, error=DISK,
        columns={"timeout_seconds": 3_600, "overdue_after_seconds": 900},
    ),
    upkeep("VACUUM_HISTORY", "Vacuum of the history", "Keeps the big tables small", "0 0 4 * * SUN", 1_300),
    upkeep(
        "CACHE_WARMUP", "Cache warm-up", "Loads what the first users of the day will ask for",
        "0 */20 * * * *", 8, handler="upkeep.caches", days=4,
    ),
    upkeep(
        "LEGACY_EXPORT", "Legacy export", "Until the old ledger is switched off",
        "0 0 22 * * *", 130, zone="Europe/Berlin", handler="upkeep.export",
    ),
]  # fmt: skip
