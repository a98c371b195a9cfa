"""Which rows may hold an identifier that words give away: a cheap test, on the side of caution.

Patterns named SMALL see the text in lower case, those named LARGE the text as it is.
"""

import polars as pl

_NO_LETTER = r"(?:^|[^a-z])"
_BIG = r"[A-Z<\x{80}-\x{10ffff}]"
_FILLER = r"[ :,-]*(?:[a-z]{2,3},? ){0,3}"


def _any_case(words: str) -> str:
    """A pattern of words that begin with a large letter, whatever follows."""
    letters = ("".join(f"[{c}{c.upper()}]" for c in word[1:]) for word in words.split())
    return "|".join(
        f"{word[0].upper()}{rest}" for word, rest in zip(words.split(), letters, strict=True)
    )


def _free_case(words: str) -> str:
    return "|".join("".join(f"[{c}{c.upper()}]" for c in word) for word in words.split())


def _either(words: str) -> str:
    return words.replace(" ", "|")


_LONG_TITLES = "doctor professor nurse mister"
_SHORT_TITLES = (
    r"(?:dr|mr|mrs|ms|mx|prof|messrs)(?: ?\.|[ \n])|(?:rev|sgt|capt|lt|col|gen|fr|sr|hon)\."
)
_TITLES_SMALL = rf"{_NO_LETTER}(?:{_SHORT_TITLES})"
_OTHER_TITLES = (
    "miss judge pastor officer detective reverend rabbi imam sister father captain sergeant missus "
    "counselor"
)
_TITLES_LARGE = rf"(?:{_free_case(_LONG_TITLES)}|{_free_case(_OTHER_TITLES)})[ \n]+{_BIG}"
_ROLES = (
    "doctor|nurse|gp|physician|therapist|counsel|psych|surgeon|paramedic|midwife|pharmacist|dentist|consultant|resident"
    "|practitioner|worker|clinician"
)
_ROLES_LARGE = _free_case(_ROLES.replace("|", " "))
_GREETS = r"(?:hi|hello|hey|morning|afternoon|evening)(?: there)?[,.!]? i(?: am|['’]m)"
_NAMES_SMALL = (
    r"my name|names?['’]s|names? is|names? ?:|name was|(?:am|['’]m) called|friends call me"
)
_NAMES_LARGE = (
    rf"(?:[cC]all|CALL) [mM][eE]{_FILLER}{_BIG}"
    rf"|(?:[tT]his is|THIS IS){_FILLER}{_BIG}[^\n]*(?:[sS]peaking|[cC]alling|[hH]ere|SPEAKING|CALLING|HERE)"
    rf"|(?:[hH](?:i|ello|ey|I|ELLO|EY)|[mM]orning|[aA]fternoon|[eE]vening)(?: there| THERE)?[,.!]? [iI](?: am| AM"
    rf"|['’][mM])"
    rf"{_FILLER}{_BIG}"
    rf"|[iI](?: am| AM|['’][mM]){_FILLER}{_BIG}[^\n]*(?:{_ROLES_LARGE})"
)
# For texts without a large letter.
_ALL_SMALL = (
    rf"(?:doctor|professor|nurse|mister)[ \n]|this is[^\n]*(?:speaking|calling|here)"
    rf"|i(?: am|['’]m)[^\n]*(?:{_ROLES})|{_GREETS}"
)
_HOUSE = r"[0-9](?:[0-9a-zA-Z/-]|[ ][a-dA-D] )*"
_STREETS_SMALL = (
    rf"{_HOUSE}(?: +[^ \n]+){{1,6}} +(?:street|avenue|boulevard|parkway|highway|turnpike|crescent|terrace|lane"
    rf"|road|blvd"
    r"|pkwy|hwy|ave|rd|ln|mews|esplanade|causeway|expressway)(?:[^a-z]|$)"
    r"|box[^0-9\n]{0,16}[0-9]|(?:zip|post ?-?code|postal code)"
)
_STREETS_ALL_SMALL = rf"{_HOUSE}(?: +[^ \n]+){{1,6}} +(?:drive|court)(?:[^a-z]|$)"
_STREETS_LARGE = (
    rf"{_HOUSE}(?: +(?:[A-Z\x{{80}}-\x{{10ffff}}][^ \n]*|[0-9]{{1,3}}(?:st|nd|rd|th)|(?:north|south)?(?:east"
    rf"|west)?)){{1,6}} +"
    r"(?:"
    + _any_case(
        "st dr ct pl cir sq ter trl aly cres gdns grv drive court place square circle way trail alley close "
        "gardens grove "
        "row walk hill view loop plaza path pike green rise quay wharf broadway parade vale bend cove crossing "
        "point ridge "
        "run park heights"
    )
    + r")(?:[^A-Za-z]|$)"
)
_NOUNS = (
    r"acct?|accounts?|a/c|ac|policy|claims?|memberships?|members?|subscribers?|orders?|references?|ref|confirmations?"
    r"|bookings?|reservations?|tickets?|invoices?|tracking|customers?|clients?|cases?|beneficiary|medicare|medicaid|nhs"
    r"|hospital|charts?|records?|patients?|encounter|accession|specimen|prescriptions?|rx|licen[cs]es?|permits?"
    r"|passports?|certificates?|registration|serial|transactions?|receipts?|dockets?|contracts?|incidents?|complaints?"
    r"|loan|mortgage|identification|insurance|badge|employee|student|staff|shipment|parcel|warranty"
)
_MORE_NOUNS = (
    r"group|user|visit|lab|sample|health|plan|vehicle|device|equipment|implant|pacemaker|routing|tax|national|file"
    r"|loyalty|rewards|flyer|identity|study|subject|participant|unit record|chassis|engine|security|control|personal"
    r"|resident|login|sort|bank|savings|checking"
)
_NUMBER = r"numbers?|nos?|nr|num|\#|ids?|i\.d\.|codes?|identifiers?"
_LABELS_SMALL = (
    rf"{_NO_LETTER}(?:(?:{_NOUNS})(?: ?[:#=] ?#? ?| #?(?:(?:is|was) ?:? "
    rf")?)(?:[a-z]{{1,8}}[ -]?)?[0-9][0-9a-z/_. -]{{2}}"
    rf"|(?:{_NOUNS}|{_MORE_NOUNS})(?: card)? ?(?:{_NUMBER})[^a-z0-9][^0-9]*[0-9]"
    r"|(?:mrns?|m\.r\.n\.?|imei|imsi|iccid|udi|pnr|s/n|itin|npi|hicn|mbi)[^a-z][^0-9]*[0-9]"
    r"|(?:vin|ein|dea|id)[^a-z][^0-9]*[0-9]"
    r"|(?:id (?:number|no)|passwords?|passcodes?|pins?|time (?:pass)?(?:word|code)s?|otp|plates?|tag numbers?"
    r"|vehicle registration|reg(?:istration)? (?:number|no))[^a-z][^0-9]*[0-9]"
    r"|(?:ssns?|social(?: security)?)[^a-z]*(?:[a-z]{2,10}[^a-z0-9]+){0,9}[0-9]{3}"
    r"|(?:(?:credit|debit|bank|visa|master|mastercard|amex|atm|payment|gift|discover|cc) ?cards?|(?:cards?|cc) "
    r"(?:num|no|\#)"
    r"|(?:cards?|visa) (?:that )?(?:is )?end)[^0-9]*[0-9]{3})"
    r"|(?:[0-9a-f]{2}-){5}"
)
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_BIRTHS_SMALL = rf"(?:born|birth|d\.?o\.?b)[^\n]*(?:[0-9]|{_MONTHS})"
_HARBOR_SMALL = (
    rf"{_NO_LETTER}(?:{_MONTHS})|[0-9][ ]?[-./,\x{{2044}}][ ]?[0-9]|[0-9]{{5}}|[0-9][ ]?(?:st|nd|rd|th)"
    r"|ninet|hundred|9[0-9]|1[0-2][0-9]"
)
_PLACED = _free_case("in from to near of at outside around live lives through via")
_HARBOR_LARGE = (
    r"[A-Z][0-9][A-Z0-9]?[ ]?[0-9][A-Z]|[A-Z]{2}[0-9][0-9A-Z]?[ ]?[0-9][A-Z]|[A-Z0-9-]{6}"
    rf"|(?:{_PLACED}) [A-Z\x{{80}}-\x{{10ffff}}]"
)


# Literals and little more: every row that any pattern above matches matches this, or has a digit.
_FIRST = (
    rf"{_TITLES_SMALL}|{_NAMES_SMALL}|born|birth|d\.?o\.?b|this is|call me"
    r"|(?:hi|hello|hey|morning|afternoon|evening)(?: there)?[,.!]? i(?: am|['’]m)"
    rf"|{_ROLES}"
    rf"|(?:{_either(_LONG_TITLES)}|{_either(_OTHER_TITLES)})[ \n]"
)
_SMALL = "|".join(f"(?:{each})" for each in (_TITLES_SMALL, _NAMES_SMALL, _BIRTHS_SMALL))
_LARGE = f"(?:{_TITLES_LARGE})|(?:{_NAMES_LARGE})"


def identified(text: pl.Series, *, safe_harbor: bool) -> pl.Series:
    """Give a Boolean series: True where a text may hold a name behind a title, an address, a number
    behind its label or, under Safe Harbor, a date, an age over 89, a town or any long number.

    For texts without styled letters (see fold.py).
    """
    column, small = pl.col("text"), pl.col("small")
    frame = pl.DataFrame({"text": text, "small": text.str.to_lowercase()})
    maybe = frame.select(small.str.contains(_FIRST) | column.str.contains("[0-9]")).to_series()
    if safe_harbor:
        maybe = pl.repeat(value=True, n=len(text), dtype=pl.Boolean, eager=True)
    rows = maybe.arg_true()
    if not rows.len():
        return maybe
    some = frame[rows]
    tests = [small.str.contains(_SMALL), column.str.contains(_LARGE)]
    if safe_harbor:
        tests += [small.str.contains(_HARBOR_SMALL), column.str.contains(_HARBOR_LARGE)]
    found = some.select(pl.any_horizontal(tests)).to_series()
    without = ~some["text"].str.contains("[A-Z]")
    number = some["text"].str.contains("[0-9]")
    found = _also(found, some, without, [column.str.contains(_ALL_SMALL)])
    found = _also(found, some, without & number, [column.str.contains(_STREETS_ALL_SMALL)])
    numbers = [small.str.contains(each) for each in (_STREETS_SMALL, _LABELS_SMALL)]
    numbers.append(column.str.contains(_STREETS_LARGE))
    return maybe.scatter(rows, _also(found, some, number, numbers))


def _also(
    found: pl.Series, frame: pl.DataFrame, among: pl.Series, tests: list[pl.Expr]
) -> pl.Series:
    """Found, and those of the rows `among` that pass a test."""
    rows = (among & ~found).arg_true()
    if not rows.len():
        return found
    return found.scatter(rows, frame[rows].select(pl.any_horizontal(tests)).to_series())
