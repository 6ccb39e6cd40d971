"""settings_table - a scenario's settings as rows of a path and a value; long lists in one row each."""

from __future__ import annotations

LIST_SHOWN = 6


def _short(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return "-"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_short(one)}" for key, one in value.items())
    return str(value)


def _list_rows(path: str, values: list) -> list[tuple[str, str]]:
    if not values:
        return [(path, "-")]
    if all(isinstance(one, dict) and "name" in one for one in values):
        return [
            row
            for one in values
            for row in settings_rows(
                {key: value for key, value in one.items() if key != "name"}, f"{path}[{one['name']}]"
            )
        ]
    shown = "; ".join(_short(one) for one in values[:LIST_SHOWN])
    more = f"; and {len(values) - LIST_SHOWN} more" if len(values) > LIST_SHOWN else ""
    return [(path, shown + more)]


def settings_rows(scenario: dict, prefix: str = "") -> list[tuple[str, str]]:
    """Flatten: ("traffic.clients[perf].hosts", "40")."""
    rows: list[tuple[str, str]] = []
    for key, value in scenario.items():
        path = f"{prefix}.{key}" if prefix else key
        if isinstance(value, dict):
            rows += settings_rows(value, path)
        elif isinstance(value, list):
            rows += _list_rows(path, value)
        else:
            rows.append((path, _short(value)))
    return rows
