"""What the steps of a recipe work with: models by role, the answer cache, and what was spent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from pipelines.serving.answer_cache import AnswerCache
from pipelines.serving.ask_all import ask_all
from pipelines.serving.asking import Reads
from pipelines.serving.spent import Spent
from pipelines.stages.synthesize_items import Item
from pipelines.stages.synthesize_making import Making
from schemas.language_model import LanguageModel, Price
from transforms.label.prompted.question import Question, Told
from transforms.label.prompted.row import Row


@dataclass
class Bench:
    """Of one shard."""

    making: Making
    cache: AnswerCache
    spent: Spent = field(default_factory=Spent)
    price: float = 0.0  # of what was spent, by the prices of the models

    def model(self, role: str, item: Item) -> LanguageModel:
        """The model that plays a role for an item, which notes it."""
        model = self.making.models[role][self._turn(role, item)]
        item.models[role] = (model.model, model.revision)
        return model

    def ask(
        self,
        role: str,
        asked: Sequence[tuple[Item, Question]],
        reads: Callable[[LanguageModel], Reads],
        how: bytes,
    ) -> list[Told]:
        """The answers in the order of the questions, each from the model that plays the role for its item."""
        places: dict[int, list[int]] = defaultdict(list)
        for place, (item, _) in enumerate(asked):
            places[self._turn(role, item)].append(place)
        found: list[Told] = [{} for _ in asked]
        for turn, of in places.items():
            self.making.before(self.spent, self.price)
            model, spent = self.making.models[role][turn], Spent()
            questions = [(asked[place][1], _erased_with(asked[place][0])) for place in of]
            try:
                told = ask_all(model, reads(model), questions, how, self.cache, spent)
            finally:
                self.pay(spent, model.price)
            for place, answer in zip(of, told, strict=True):
                found[place] = answer
        return found

    def pay(self, spent: Spent, price: Price) -> None:
        """Adds what was spent at a price."""
        self.spent.add(spent)
        self.price += spent.price(price)

    def _turn(self, role: str, item: Item) -> int:
        return item.plan.number % len(self.making.models[role])


def _erased_with(item: Item) -> Row:
    return Row(text="", record_id=item.plan.seed_record_id, speaker=item.plan.seed_speaker)
