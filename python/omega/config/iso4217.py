"""Decimals of a currency's minor unit (ISO 4217); two where not listed."""

from __future__ import annotations

__all__ = ["minor_digits"]

_ZERO = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"


def minor_digits(currency: str) -> int:
    """Return the decimals of a currency's minor unit: 2 for USD, 0 for JPY, 3 for KWD."""
    if currency in _ZERO.split():
        return 0
    return 3 if currency in _THREE.split() else 2
