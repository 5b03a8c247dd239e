"""The step of every indicator by its name, and the loop that makes columns of it.

Parameters reach a step by name; what it reads and gives stands in `omega.indicator_catalogue`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import nan
from typing import Any

from omega.backends.python.indicators.adx import Adx
from omega.backends.python.indicators.aroon import Aroon
from omega.backends.python.indicators.atr import Atr
from omega.backends.python.indicators.bbands import Bbands
from omega.backends.python.indicators.beta import Beta
from omega.backends.python.indicators.cci import Cci
from omega.backends.python.indicators.choppiness import Choppiness
from omega.backends.python.indicators.correlation import Correlation
from omega.backends.python.indicators.dema import Dema
from omega.backends.python.indicators.donchian import Donchian
from omega.backends.python.indicators.dx import Dx
from omega.backends.python.indicators.ema import Ema
from omega.backends.python.indicators.garch import Garch
from omega.backends.python.indicators.highest import Highest
from omega.backends.python.indicators.hurst import Hurst
from omega.backends.python.indicators.kalman import Kalman
from omega.backends.python.indicators.kalman_garch_zscore import KalmanGarchZscore
from omega.backends.python.indicators.kalman_zscore import KalmanZscore
from omega.backends.python.indicators.kama import Kama
from omega.backends.python.indicators.keltner import Keltner
from omega.backends.python.indicators.linearreg import Linearreg
from omega.backends.python.indicators.lowest import Lowest
from omega.backends.python.indicators.macd import Macd
from omega.backends.python.indicators.mfi import Mfi
from omega.backends.python.indicators.minus_di import MinusDi
from omega.backends.python.indicators.mom import Mom
from omega.backends.python.indicators.natr import Natr
from omega.backends.python.indicators.obv import Obv
from omega.backends.python.indicators.pivot import Pivot
from omega.backends.python.indicators.plus_di import PlusDi
from omega.backends.python.indicators.roc import Roc
from omega.backends.python.indicators.rsi import Rsi
from omega.backends.python.indicators.sar import Sar
from omega.backends.python.indicators.session import Session
from omega.backends.python.indicators.sma import Sma
from omega.backends.python.indicators.stddev import Stddev
from omega.backends.python.indicators.stoch import Stoch
from omega.backends.python.indicators.stochrsi import Stochrsi
from omega.backends.python.indicators.tema import Tema
from omega.backends.python.indicators.trange import Trange
from omega.backends.python.indicators.volatility_cluster import VolatilityCluster
from omega.backends.python.indicators.vwap import Vwap
from omega.backends.python.indicators.willr import Willr
from omega.backends.python.indicators.wma import Wma
from omega.backends.python.indicators.zscore import Zscore
from omega.backends.python.indicators.zscore_ema import ZscoreEma

STEPS: Mapping[str, Callable[..., Any]] = {
    "sma": Sma,
    "ema": Ema,
    "wma": Wma,
    "dema": Dema,
    "tema": Tema,
    "kama": Kama,
    "rsi": Rsi,
    "macd": Macd,
    "bbands": Bbands,
    "atr": Atr,
    "natr": Natr,
    "trange": Trange,
    "adx": Adx,
    "plus_di": PlusDi,
    "minus_di": MinusDi,
    "dx": Dx,
    "stoch": Stoch,
    "stochrsi": Stochrsi,
    "cci": Cci,
    "roc": Roc,
    "mom": Mom,
    "willr": Willr,
    "mfi": Mfi,
    "obv": Obv,
    "aroon": Aroon,
    "sar": Sar,
    "stddev": Stddev,
    "linearreg": Linearreg,
    "highest": Highest,
    "lowest": Lowest,
    "vwap": Vwap,
    "donchian": Donchian,
    "keltner": Keltner,
    "choppiness": Choppiness,
    "zscore": Zscore,
    "zscore_ema": ZscoreEma,
    "kalman": Kalman,
    "kalman_zscore": KalmanZscore,
    "garch": Garch,
    "kalman_garch_zscore": KalmanGarchZscore,
    "volatility_cluster": VolatilityCluster,
    "hurst": Hurst,
    "correlation": Correlation,
    "beta": Beta,
    "session": Session,
    "pivot": Pivot,
}


def run(
    name: str, parameters: Mapping[str, float], inputs: Sequence[Sequence[float]], output_count: int
) -> list[list[float]]:
    """Return the columns of one indicator, as long as its inputs.

    Args:
        name: An indicator of the catalogue.
        parameters: All of its parameters, whole ones as int.
        inputs: One column per name in its `reads`. A row with a NaN gives NaN and does not reach the step.
        output_count: Columns it gives.
    """
    update = STEPS[name](**parameters).update
    unknown: Any = nan if output_count == 1 else (nan,) * output_count
    rows: list[Any] = [
        unknown if any(value != value for value in row) else update(*row) for row in zip(*inputs, strict=True)
    ]
    return [rows] if output_count == 1 else [[row[idx] for row in rows] for idx in range(output_count)]
