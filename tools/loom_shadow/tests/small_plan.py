"""small_plan - a plan as `loom run` writes it, of four relays, a server and two clients."""

MS = 1_000_000
S = 1000 * MS


def relay(name: str, country: int, **more: object) -> dict:
    made = {"name": name, "role": "middle", "country": country, "weight": 1000, "line_rate": 12_500_000,
            "rate": 10_000_000, "burst": 10_000_000, "program": "tor", "threads": 0, "guard": False,
            "exit": False, "machine": None}  # fmt: skip
    return made | more


def plan(**more: object) -> dict:
    files = [{"bytes": 51200, "weight": 12, "timeout_ns": 15 * S}, {"bytes": 1048576, "weight": 2, "timeout_ns": 0}]
    group = {"name": "perf", "files": files, "request_bytes": 1000, "pause_ns": S, "exponential": False,
             "periodic": True, "circuit_age_ns": 0, "circuit_timeout_ns": 60 * S, "upload": False, "goes_on_ns": 0,
             "streams_at_ns": 0, "fetches": 0, "flows": False}  # fmt: skip
    client = {"group": 0, "country": 0, "line_rate": None, "sessions": 2, "guards": 1, "start_ns": 0, "middle": None,
              "path": None}
    made = {
        "format": 1, "scenario": "small", "arm": "tor", "seed": 3, "measure_from_ns": S, "end_ns": 4 * S,
        "bootstrap_end_ns": 0, "kist_run_interval_ms": 0, "congestion_control": "vegas", "wants_cgo": False,
        "countries": ["DE", "US"], "latency_us": [[1000, 50000], [50000, 2000]], "loss": [],
        "relays": [relay("relay1guard", 0, guard=True), relay("relay2exit", 1, exit=True),
                   relay("relay3middle", 0, rate=10, burst=10), relay("relay4middle", 1, rate=None, burst=None)],
        "servers": [{"country": 1, "line_rate": 1_250_000_000}], "groups": [group],
        "clients": [client, client | {"country": 1, "guards": 0, "middle": 2}],
    }  # fmt: skip
    return made | more
