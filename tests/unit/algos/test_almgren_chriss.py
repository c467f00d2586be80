"""Almgren and Chriss against their printed numbers, and those of two programs that were written independently.

The market of the paper's section 3.4: 50 USD a share, a million shares in five days of five million, a spread of an
eighth.
"""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from execd.algos.schedules.almgren_chriss import Impact, cost, holdings, kappa, trades, variance

ONE_DAY = Decimal(1)
PAPER = Impact(
    sigma=Decimal("0.95"),
    eta=Decimal("0.125") / (Decimal("0.01") * 5_000_000),
    gamma=Decimal("0.125") / (Decimal("0.1") * 5_000_000),
    epsilon=Decimal("0.0625"),
)
MILLION = Decimal(1_000_000)


def _paper(lambda_: str, epsilon: str = "0.0625") -> Impact:
    return Impact(
        sigma=PAPER.sigma, eta=PAPER.eta, gamma=PAPER.gamma, epsilon=Decimal(epsilon), lambda_=Decimal(lambda_)
    )


def _rounded(values: tuple[Decimal, ...], digits: str) -> str:
    return " ".join(str(value.quantize(Decimal(digits))) for value in values)


TRAJECTORIES = [
    ("0", "0.000000", "800000.0 600000.0 400000.0 200000.0", "200000.0 200000.0 200000.0 200000.0 200000.0"),
    ("1e-7", "0.194629", "757882.4 544564.3 351939.7 172688.8", "242117.6 213318.1 192624.6 179250.9 172688.8"),
    ("1e-6", "0.607076", "541955.6 289854.2 147897.5 62141.8", "458044.4 252101.3 141956.7 85755.7 62141.8"),
    ("2e-6", "0.846297", "428598.8 182932.8 76295.7 27643.4", "571401.2 245666.0 106637.1 48652.3 27643.4"),
    ("1e-5", "1.726711", "177868.3 31636.2 5621.6 969.2", "822131.7 146232.1 26014.6 4652.4 969.2"),
]


@pytest.mark.parametrize("lambda_, rate, held, traded", TRAJECTORIES, ids=[row[0] for row in TRAJECTORIES])
def test_a_trajectory_is_the_published_one(lambda_: str, rate: str, held: str, traded: str) -> None:
    """Section 3.4 of the paper, five slices of a day: κ, what is held after each, what each trades."""
    market = _paper(lambda_)
    path = holdings(market, qty=MILLION, tau=ONE_DAY, n=5)

    assert rate == str(kappa(market, ONE_DAY).quantize(Decimal("0.000001")))
    assert held == _rounded(path[1:-1], "0.1")
    assert traded == _rounded(trades(path), "0.1")


COSTS = [
    ("0", "662500.00", "1.0830E+12", "1040672.9"),
    ("1e-7", "670057.46", "9.24719E+11", "961622.9"),
    ("1e-6", "911226.99", "3.64129E+11", "603430.7"),
    ("2e-6", "1140715.17", "2.01931E+11", "449367.7"),
    ("1e-5", "1845211.26", "2.9485E+10", "171712.4"),
]


@pytest.mark.parametrize("lambda_, expected_cost, expected_variance, deviation", COSTS, ids=[row[0] for row in COSTS])
def test_cost_and_variance_are_the_published_ones(
    lambda_: str, expected_cost: str, expected_variance: str, deviation: str
) -> None:
    """The same case: expected cost, variance and its root to the printed digits."""
    market = _paper(lambda_)
    path = holdings(market, qty=MILLION, tau=ONE_DAY, n=5)
    spread_of = variance(market, path, ONE_DAY)

    assert expected_cost == str(cost(market, path, ONE_DAY).quantize(Decimal("0.01")))
    assert Decimal(expected_variance) == spread_of.quantize(Decimal(expected_variance))
    assert deviation == str(spread_of.sqrt().quantize(Decimal("0.1")))


KNOWN = [
    (
        _paper("1e-6", epsilon="0"),
        {"qty": MILLION, "tau": ONE_DAY, "n": 5},
        ".607076163247063",
        "541955.554373922 289854.219409935 147897.487821723 62141.801605766",
        "848726.986303794",
        "364128572058.141",
        "1212855.55836193",
    ),
    (
        Impact(sigma=Decimal("0.3"), eta=Decimal("0.5"), gamma=Decimal("0.1"), lambda_=Decimal(2)),
        {"qty": Decimal(1), "tau": Decimal("0.25"), "n": 4},
        ".607060859211631",
        ".730481151084272 .477819559501258 .236184573137504",
        ".538765372560291",
        ".0183981914126893",
        ".575561755385669",
    ),
]


@pytest.mark.parametrize("market, case, rate, held, mean, spread_of, utility", KNOWN, ids=["in shares", "of one"])
def test_an_independent_program_has_the_same_answers(
    market: Impact, case: dict[str, Decimal | int], rate: str, held: str, mean: str, spread_of: str, utility: str
) -> None:
    """A third party's test file, to all its digits."""
    tau = Decimal(case["tau"])
    path = holdings(market, qty=Decimal(case["qty"]), tau=tau, n=int(case["n"]))
    expected, var = cost(market, path, tau), variance(market, path, tau)
    seen = (kappa(market, tau), *path[1:-1], expected, var, expected + market.lambda_ * var)
    known = [Decimal(text) for text in (rate, *held.split(), mean, spread_of, utility)]

    assert known == [one.quantize(told) for one, told in zip(seen, known, strict=True)]


DROP = [
    (".001", ".6625", "1.0812", ".6636", "51.30"),
    (".002", ".6625", "1.0794", ".6647", "36.27"),
    (".003", ".6625", "1.0776", ".6657", "29.62"),
    (".004", ".6625", "1.0758", ".6668", "25.65"),
    (".005", ".6625", "1.0740", ".6679", "22.94"),
    (".006", ".6625", "1.0722", ".6690", "20.94"),
    (".007", ".6625", "1.0704", ".6700", "19.39"),
    (".008", ".6626", "1.0687", ".6711", "18.14"),
    (".009", ".6626", "1.0669", ".6722", "17.10"),
]


@pytest.mark.parametrize("lambda_, mean, spread_of, penalty, half_life", DROP, ids=[row[0] for row in DROP])
def test_a_library_prints_the_same_table(lambda_: str, mean: str, spread_of: str, penalty: str, half_life: str) -> None:
    """The DROP library: mean and penalty in millions, variance in their squares, λ in millionths, 1/κ in days."""
    market = _paper(f"{lambda_}e-6")
    path = holdings(market, qty=MILLION, tau=ONE_DAY, n=5)
    expected, var = cost(market, path, ONE_DAY), variance(market, path, ONE_DAY)
    seen = (
        expected / MILLION,
        var / MILLION**2,
        (expected + market.lambda_ * var) / MILLION,
        1 / kappa(market, ONE_DAY),
    )
    told = [Decimal(text) for text in (mean, spread_of, penalty, half_life)]

    assert told == [one.quantize(digits) for one, digits in zip(seen, told, strict=True)]


@given(
    lambda_=st.decimals(0, 1, places=12),
    sigma=st.decimals("0.001", 50, places=4),
    n=st.integers(1, 500),
    qty=st.integers(1, 10**9),
)
def test_a_trajectory_falls_from_all_to_nothing(lambda_: Decimal, sigma: Decimal, n: int, qty: int) -> None:
    """Whatever the market: it begins with all, ends with nothing, and never trades more late than early."""
    market = Impact(sigma=sigma, eta=PAPER.eta, gamma=PAPER.gamma, lambda_=lambda_)
    path = holdings(market, qty=Decimal(qty), tau=Decimal("0.002"), n=n)
    sold = [round(one, 9) for one in trades(path)]

    assert (Decimal(qty), Decimal(0)) == (round(path[0], 9), path[-1])
    assert sorted(sold, reverse=True) == sold
    assert min(sold) >= 0
