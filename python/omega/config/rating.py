"""The table `rating` of the config: what is resampled, and what every component weighs."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal, Self

from pydantic import Field
from pydantic import model_validator as check_model
from pydantic_core import PydanticCustomError

from omega.config.exact import Count, Exact, Number
from omega.config.table import Table

__all__ = ["RatingConfig", "Weights"]


class Weights(Table):
    """Weights of the rating's components (RAT-5); their sum is above 0."""

    base: Annotated[Number, Field(ge=0, le=1e6)] = Field(default=0.2, description="Stage 1, share.")
    trade_dropout: Annotated[Number, Field(ge=0, le=1e6)] = Field(default=0.08, description="Trade dropout, share.")
    cost_shock: Annotated[Number, Field(ge=0, le=1e6)] = Field(default=0.08, description="Higher costs, share.")
    timing_jitter: Annotated[Number, Field(ge=0, le=1e6)] = Field(default=0.08, description="Later entries, share.")
    level_stress: Annotated[Number, Field(ge=0, le=1e6)] = Field(
        default=0.08, description="Other stop and target distances, share."
    )
    data_jitter: Annotated[Number, Field(ge=0, le=1e6)] = Field(default=0.08, description="Noise on prices, share.")
    monte_carlo: Annotated[Number, Field(ge=0, le=1e6)] = Field(default=0.12, description="Monte Carlo, share.")
    bayesian: Annotated[Number, Field(ge=0, le=1e6)] = Field(default=0.08, description="Bayesian win rate, share.")
    stability: Annotated[Number, Field(ge=0, le=1e6)] = Field(default=0.1, description="Stability index, share.")
    significance: Annotated[Number, Field(ge=0, le=1e6)] = Field(default=0.1, description="Significance, share.")

    @check_model(mode="after")
    def _check(self) -> Self:
        if not any(weight > 0.0 for weight in self.model_dump().values()):
            raise PydanticCustomError("weights", "at least one weight above 0")
        return self


class RatingConfig(Table):
    """How the run is rated, and what its return metrics assume."""

    samples: Annotated[int, Field(ge=1, le=10**7)] = Field(default=10_000, description="Monte Carlo resamples.")
    dropout_samples: Annotated[int, Field(ge=1, le=10**6)] = Field(
        default=1_000, description="Samples per dropout fraction."
    )
    bootstrap: Literal["auto", "iid", "day", "week", "stationary"] = Field(
        default="auto", description="What Monte Carlo draws: trades, FX days or weeks, runs; auto = trades or days."
    )
    data_samples: Annotated[int, Field(ge=1, le=10_000)] = Field(default=50, description="Runs on noisy prices.")
    parameter_samples: Annotated[int, Field(ge=0, le=10_000)] = Field(
        default=40, description="Runs with neighbouring parameters, reported; 0 leaves them out."
    )
    rerun: bool = Field(
        default=False, description="Ask a strategy that reads its own positions again in stressed runs (RAT-1)."
    )
    seed: Count = Field(default=0, description="Seed of all resampling.")
    risk_free: Annotated[Exact, Field(gt=-1, le=1)] = Field(
        default=Fraction(0), description="Risk-free return per year, fraction (0.03 is 3 %)."
    )
    days: Literal[5, 7] = Field(default=5, description="Trading days of a week: 5, or 7 for crypto only.")
    weights: Weights = Field(default=Weights(), description="Weights of the components.")
