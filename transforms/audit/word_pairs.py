"""Pairs of spellings that mean the same: British and American, contracted and written out. Our own short lists."""

from __future__ import annotations

from typing import Final

_BRITISH: Final = """
    analyse/analyze analysed/analyzed apologise/apologize apologised/apologized apologising/apologizing
    behaviour/behavior behaviours/behaviors cancelled/canceled cancelling/canceling catalogue/catalog centre/center
    centres/centers colour/color colours/colors coloured/colored colourful/colorful criticise/criticize
    criticised/criticized cosy/cozy defence/defense endeavour/endeavor favour/favor favours/favors favourite/favorite
    favourites/favorites fibre/fiber flavour/flavor flavours/flavors fulfil/fulfill grey/gray harbour/harbor
    honour/honor honoured/honored honours/honors humour/humor jewellery/jewelry labelled/labeled labour/labor
    litre/liter marvellous/marvelous modelling/modeling mum/mom neighbour/neighbor neighbours/neighbors
    neighbourhood/neighborhood offence/offense organise/organize organised/organized organisation/organization
    paediatric/pediatric plough/plow programme/program programmes/programs pyjamas/pajamas realise/realize
    realised/realized realises/realizes realising/realizing recognise/recognize recognised/recognized rumour/rumor
    rumours/rumors sceptical/skeptical signalling/signaling sympathise/sympathize theatre/theater travelled/traveled
    travelling/traveling traveller/traveler tyre/tire tyres/tires vapour/vapor whilst/while
"""
_CONTRACTED: Final = """
    don't/do not; doesn't/does not; didn't/did not; isn't/is not; aren't/are not; wasn't/was not; weren't/were not;
    hasn't/has not; haven't/have not; hadn't/had not; won't/will not; wouldn't/would not; couldn't/could not;
    shouldn't/should not; can't/cannot; mustn't/must not; i'm/i am; you're/you are; we're/we are; they're/they are;
    i've/i have; you've/you have; we've/we have; they've/they have; i'll/i will; you'll/you will; he'll/he will;
    she'll/she will; we'll/we will; they'll/they will; it'll/it will; that's/that is; there's/there is;
    what's/what is; it's/it is
"""
Pairs = tuple[tuple[str, str], ...]


def _pairs(cells: list[str]) -> Pairs:
    split = (cell.strip().partition("/") for cell in cells)
    return tuple((first, second) for first, _, second in split)


BRITISH_AMERICAN: Final[Pairs] = _pairs(_BRITISH.split())
CONTRACTIONS: Final[Pairs] = _pairs(_CONTRACTED.split(";"))
