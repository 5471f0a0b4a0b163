"""Exact numbers as text."""

from fractions import Fraction

__all__ = ["plain"]


def plain(value: Fraction | int) -> str:
    """The exact number: decimal where that ends (14866.4808), otherwise a fraction (7/3)."""
    fraction = Fraction(value)
    rest, digits = fraction.denominator, 0
    for prime in (2, 5):
        power = 0
        while rest % prime == 0:
            rest //= prime
            power += 1
        digits = max(digits, power)
    if rest != 1:
        return f"{fraction.numerator}/{fraction.denominator}"
    if not digits:
        return str(fraction.numerator)
    text = str(abs(fraction.numerator) * 10**digits // fraction.denominator).rjust(digits + 1, "0")
    return f"{'-' if fraction < 0 else ''}{text[:-digits]}.{text[-digits:]}"
