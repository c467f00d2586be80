"""Almgren and Chriss, "Optimal Execution of Portfolio Transactions" (2000): trajectories, their cost and variance.

The discrete model without drift. With τ the length of a slice, λ the risk aversion, σ the volatility, η the temporary
and γ the permanent impact: η̃ = η − γτ/2, κ̃² = λσ²/η̃, cosh(κτ) = 1 + κ̃²τ²/2, and x_j = X·sinh(κ(N−j)τ)/sinh(κNτ).
Units are the caller's: one unit of time, currency and shares throughout. Decimals only, with digits to spare.
"""

from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Final

import msgspec

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
TWO: Final = Decimal(2)
DIGITS: Final = 60
"""Where risk hardly matters e^κτ differs from one late: half of these digits may cancel."""


class Impact(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A market: `sigma` a share and √time, `eta` a share and rate of trade, `gamma` a share and share, `epsilon` fixed.

    `lambda_` is the risk aversion in one over currency.
    """

    sigma: Decimal
    eta: Decimal
    gamma: Decimal = ZERO
    epsilon: Decimal = ZERO
    lambda_: Decimal = ZERO

    def eta_tilde(self, tau: Decimal) -> Decimal:
        """Return the temporary impact less what the permanent one has of it already; above zero."""
        return self.eta - self.gamma * tau / TWO


def kappa(impact: Impact, tau: Decimal) -> Decimal:
    """Return the urgency κ, one over time; 0 where risk does not count."""
    with localcontext() as context:
        context.prec = DIGITS
        return _growth(impact, tau).ln() / tau


def holdings(impact: Impact, *, qty: Decimal, tau: Decimal, n: int) -> tuple[Decimal, ...]:
    """Return what is still held after 0, 1, …, `n` slices: from `qty` down to 0."""
    with localcontext() as context:
        context.prec = DIGITS
        growth = _growth(impact, tau)
        if growth == ONE:
            return tuple(qty * (n - j) / n for j in range(n + 1))
        whole = growth**n - growth**-n
        return tuple(qty * (growth ** (n - j) - growth ** (j - n)) / whole for j in range(n + 1))


def trades(held: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
    """Return what each slice trades."""
    return tuple(before - after for before, after in pairwise(held))


def cost(impact: Impact, held: tuple[Decimal, ...], tau: Decimal) -> Decimal:
    """Return the expected cost E = γX²/2 + εX + (η̃/τ)·Σ n_j²."""
    qty = held[0]
    squares = sum((one * one for one in trades(held)), ZERO)
    return impact.gamma * qty * qty / TWO + impact.epsilon * qty + impact.eta_tilde(tau) / tau * squares


def variance(impact: Impact, held: tuple[Decimal, ...], tau: Decimal) -> Decimal:
    """Return the variance of the cost V = σ²τ·Σ x_j², j = 1, …, N."""
    return impact.sigma**2 * tau * sum((one * one for one in held[1:]), ZERO)


def _growth(impact: Impact, tau: Decimal) -> Decimal:
    """Return e^κτ: the larger root of y + 1/y = 2·cosh(κτ)."""
    kappa_squared = impact.lambda_ * impact.sigma**2 / impact.eta_tilde(tau)
    cosh = ONE + kappa_squared * tau * tau / TWO
    return cosh + (cosh * cosh - ONE).sqrt()
