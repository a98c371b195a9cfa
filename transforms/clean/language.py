"""The language of a record: as declared, else detected by CLD2, else unknown.

Confidence is the share of the text that CLD2 gives to its first language, halved where CLD2 itself
calls the answer unreliable: .8 and more means that it is sure. A declared language has none (null).
"""

import re
from functools import lru_cache

import polars as pl
import pycld2

FEWEST_LETTERS = 20  # below, no detector is right often enough (spikes.md)

# CLD2's old codes, its joke languages and scripts without a language.
_RENAMED = {"iw": "he", "jw": "jv", "mo": "ro", "sh": "sr"}
_NONE = frozenset({"un", "xxx", "tlh", "zzp", "zzb", "zze", "zzh"})
# ISO 639-2/3 to the two letters that BCP 47 wants.
_LONG_AND_SHORT = (
    "afr:af amh:am ara:ar arb:ar aze:az bel:be ben:bn bos:bs bul:bg cat:ca ces:cs cze:cs "
    "cmn:zh cym:cy wel:cy dan:da deu:de ger:de ell:el gre:el eng:en est:et eus:eu baq:eu "
    "fas:fa per:fa fin:fi fra:fr fre:fr gle:ga glg:gl guj:gu hau:ha heb:he hin:hi hrv:hr "
    "hun:hu hye:hy arm:hy ibo:ig ind:id isl:is ice:is ita:it jav:jv jpn:ja kan:kn kat:ka "
    "geo:ka kaz:kk khm:km kin:rw kor:ko lao:lo lat:la lav:lv lit:lt mal:ml mar:mr mkd:mk "
    "mac:mk mon:mn msa:ms may:ms mya:my bur:my nep:ne nld:nl dut:nl nor:no nob:nb nno:nn "
    "ori:or orm:om pan:pa pol:pl por:pt pus:ps ron:ro rum:ro rus:ru sin:si slk:sk slo:sk "
    "slv:sl som:so spa:es sqi:sq alb:sq srp:sr sun:su swa:sw swe:sv tam:ta tat:tt tel:te "
    "tgk:tg tgl:tl tha:th tir:ti tuk:tk tur:tr uig:ug ukr:uk urd:ur uzb:uz vie:vi xho:xh "
    "yid:yi yor:yo zho:zh chi:zh zul:zu"
)
_SHORT = {pair[:3]: pair[4:] for pair in _LONG_AND_SHORT.split()}
_TAG = re.compile(
    r"([a-zA-Z]{2,3})(?:[-_]([a-zA-Z]{4}))?(?:[-_]([a-zA-Z]{2}|\d{3}))?(?:[-_][a-zA-Z0-9]{1,8})*"
)
_UNDETERMINED = frozenset({"und", "mul", "zxx", "mis", "un"})


@lru_cache(maxsize=4096)
def normalized(declared: str) -> str | None:
    """Write a declared language as BCP 47: `EN_us` as `en-US`, `eng` as `en`; null if none."""
    match = _TAG.fullmatch(declared.strip())
    if match is None:
        return None
    primary, script, region = match.groups()
    language = _SHORT.get(primary.lower(), primary.lower())
    language = _RENAMED.get(language, language)
    if language in _UNDETERMINED:
        return None
    parts = [language]
    if script:
        parts.append(script.title())
    if region:
        parts.append(region.upper())
    return "-".join(parts)


class _Tags(dict[str, str | None]):
    """CLD2's codes as ours, null for no language; each is worked out once."""

    def __missing__(self, code: str) -> str | None:
        none = code in _NONE or code.startswith("xx-")
        self[code] = tag = None if none else _RENAMED.get(code, code)
        return tag


_TAGS = _Tags()


def detect(text: str) -> tuple[str | None, float | None]:
    """Ask CLD2: the language and the confidence in [0, 1]; nulls where it finds none."""
    try:
        reliable, _, details = pycld2.detect(text, bestEffort=True)
    except (pycld2.error, ValueError, UnicodeError):  # a character that CLD2 refuses
        return None, None
    _, code, percent, _ = details[0]
    tag = _TAGS[code]
    return tag, None if tag is None else percent / 100 if reliable else percent / 100 / 2


def languages(
    text: pl.Series, declared: pl.Series, letters: pl.Series, *, detection: bool
) -> pl.DataFrame:
    """Give the columns lang, lang_confidence and lang_source of each row.

    `text` is without placeholders, links and mentions; rows with fewer than FEWEST_LETTERS letters
    and no declared language are unknown.
    """
    known = {tag: normalized(tag) for tag in declared.drop_nulls().unique().to_list()}
    lang = declared.replace_strict(known, default=None, return_dtype=pl.String) if known else None
    frame = pl.DataFrame(
        {
            "lang": lang
            if lang is not None
            else pl.repeat(None, len(text), dtype=pl.String, eager=True)
        }
    )
    frame = frame.with_columns(
        pl.lit(None, dtype=pl.Float32).alias("lang_confidence"),
        pl.when(pl.col("lang").is_null())
        .then(pl.lit("unknown"))
        .otherwise(pl.lit("declared"))
        .alias("lang_source"),
    )
    rows = (frame["lang"].is_null() & (letters >= FEWEST_LETTERS)).arg_true()
    if not detection or not rows.len():
        return frame
    names: list[str | None] = []  # two lists: a tuple per row would keep the garbage collector busy
    shares: list[float | None] = []
    for row in text.gather(rows).to_list():
        tag, confidence = detect(row)
        names.append(tag)
        shares.append(confidence)
    tags = pl.Series("lang", names, dtype=pl.String)
    sure = pl.Series(shares, dtype=pl.Float32)
    source = tags.to_frame().select(
        pl.when(pl.col("lang").is_null()).then(pl.lit("unknown")).otherwise(pl.lit("detected"))
    )
    return pl.DataFrame(
        {
            "lang": frame["lang"].scatter(rows, tags),
            "lang_confidence": frame["lang_confidence"].scatter(rows, sure),
            "lang_source": frame["lang_source"].scatter(rows, source.to_series()),
        }
    )


def with_language(frame: pl.DataFrame) -> pl.DataFrame:
    """Adds lang, lang_confidence and lang_source to rows of `text_clean`: as declared in `lang`, else detected."""
    text = frame["text_clean"].fill_null("")
    letters = text.str.count_matches(r"\p{L}").cast(pl.Int32)
    found = languages(text, frame["lang"], letters, detection=True)
    return frame.with_columns(found.get_columns())
