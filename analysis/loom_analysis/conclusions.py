"""conclusions - the plain box of what may and may not be concluded from these results, from the results themselves."""

from __future__ import annotations

from dataclasses import dataclass

from .model import ALL_CLASSES, Results
from .page import Markup, items, tag
from .quantities import Quantity, estimate_of

SEEDS_FEW = 5  # below it a t interval is more than half again as wide as one with many seeds
RELAYS_FEW = 500


@dataclass(frozen=True)
class Verdicts:
    may: list[str]
    may_not: list[str]


def banner(results: Results) -> Markup:
    """Say prominently when prices were not calibrated, or there were none."""
    if results.prices == "calibrated":
        return Markup("")
    if results.prices == "no CPU model":
        head, text = "No CPU model", "Work took no time in these runs: nothing here depends on processors."
    else:
        head = f"Prices of CPU work: {results.prices}"
        text = (
            "What a relay's work costs was put together from separate measurements and published figures, and was not "
            "fitted to a relay under load. Differences between arms rest on these prices; take no absolute time, rate "
            "or saving from this page as a prediction."
        )
    return tag("section", tag("strong", head), text, class_="warn", id="banner")


def verdicts(results: Results, made: list[Quantity]) -> Verdicts:
    out = Verdicts([], [])
    _differences(results, made, out)
    _cpu(results, made, out)
    _load(results, made, out)
    _failures(results, made, out)
    _size(results, out)
    out.may_not.append(
        "How the real Internet would behave: paths have constant delay between countries, hosts have token "
        "buckets, TCP is Reno as in Shadow; DNS, clients' and servers' processors cost nothing."
    )
    out.may.append(
        "That the same files come out again: a run is a function of its scenario, inputs and seed, whose hashes "
        "are below."
    )
    return out


def _differences(results: Results, made: list[Quantity], out: Verdicts) -> None:
    if len(results.arms) < 2:
        out.may_not.append("Any effect of a rollout: there is a single arm.")
        return
    n = len(results.seeds)
    if n < 2:
        out.may_not.append(
            "Whether a difference between arms is more than chance: there is one seed, so no interval."
        )
        return
    pairs = [got for arm in results.arms[1:] for one in made if (got := one.paired(results, arm))]
    clear = sum(got.difference.excludes_zero for got in pairs)
    out.may.append(
        f"The sign, within this model, of a difference whose 95 % interval leaves out zero: {clear} of "
        f"{len(pairs)} here. By chance alone about one in twenty would; look for those that agree."
    )
    if n < SEEDS_FEW:
        out.may_not.append(
            f"That a difference is absent because its interval includes zero: with {n} seeds intervals are "
            "wide. The form of the interval assumes that differences over seeds are about normal."
        )


def _cpu(results: Results, made: list[Quantity], out: Verdicts) -> None:
    if results.prices == "no CPU model":
        out.may_not.append("Anything about threads or processors.")
        return
    first = estimate_of(results, made, f"bound.{ALL_CLASSES}", results.arms[0])
    if first is not None and first.mean == 0.0:
        out.may_not.append(
            f"That CPU does not matter in Tor: no relay was ever CPU-bound in {results.arms[0]}, so arms could "
            "not differ by it at this load."
        )
    elif first is not None:
        out.may.append(
            f"That CPU was a limit at this load: relays were CPU-bound {first.mean:.2g} % of their time in "
            f"{results.arms[0]}."
        )
    if results.prices != "calibrated":
        out.may_not.append(
            "How much faster a rollout would make the network, or how many cores a relay needs: prices are "
            f"{results.prices}."
        )
    out.may_not.append(
        "Anything that depends on which machines relays really run on: the hardware mix is the scenario's."
    )


def _load(results: Results, made: list[Quantity], out: Verdicts) -> None:
    load = results.scenario.get("traffic", {}).get("load", {})
    target, tolerance = load.get("written_mbit", 0) / 1e3, load.get("tolerance_percent", 10)
    got = estimate_of(results, made, "written", results.arms[0])
    if not target or got is None:
        return
    off = 100.0 * (got.mean / target - 1.0)
    where = f"relays wrote {got.mean:.2f} Gbit/s in {results.arms[0]}, {target:.2f} were asked for ({off:+.1f} %)"
    if abs(off) <= tolerance:
        out.may.append(f"That the load is the one asked for: {where}.")
    else:
        out.may_not.append(f"Anything for the load asked for: {where}, beyond its tolerance of {tolerance} %.")


def _failures(results: Results, made: list[Quantity], out: Verdicts) -> None:
    shares = {arm: got.mean for arm in results.arms if (got := estimate_of(results, made, "failed", arm))}
    if shares and max(shares.values()) - min(shares.values()) > 1.0:
        text = ", ".join(f"{arm} {share:.1f} %" for arm, share in shares.items())
        out.may_not.append(
            f"Times to last byte alone: they count finished transfers, and arms failed differently ({text})."
        )


def _size(results: Results, out: Verdicts) -> None:
    relays = max((len(run.relays.names) for run in results.all_runs()), default=0)
    permille = results.scenario.get("network", {}).get("scale_permille", 1000)
    if relays < RELAYS_FEW:
        share = f", {permille / 10:g} % of the table" if permille < 1000 else ""
        out.may_not.append(
            f"How single relays, rare events or the slowest few users fare in the whole network: this is a "
            f"sample of {relays} relays{share}."
        )


def box(results: Results, made: list[Quantity]) -> Markup:
    got = verdicts(results, made)
    return tag(
        "div",
        tag("div", tag("h3", "May be concluded"), items(got.may)),
        tag("div", tag("h3", "May not be concluded"), items(got.may_not)),
        class_="columns",
    )
