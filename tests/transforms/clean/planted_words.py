"""A generated set of what words give away: names, addresses, record numbers, dates, ages; and look-alikes.

A template has fields in braces: the field is what must be found, the text around it stays.
"""

import random
import re
from collections.abc import Callable

Span = tuple[str, int, int]

_FIRST = [
    "Maria",
    "Joseph",
    "Li",
    "Anna",
    "Thomas",
    "Fatima",
    "Olu",
    "Sven",
    "Priya",
    "Kwame",
    "Noor",
    "Ivan",
    "Chloe",
    "Amadou",
    "Yuki",
    "Grace",
    "Mark",
    "Will",
    "Rose",
    "Dawn",
    "Björn",
    "Zoë",
    "Siobhan",
    "Deshawn",
    "Guadalupe",
    "Hiroshi",
    "Aisha",
    "Pilar",
]
_LAST = [
    "Okafor",
    "Larsen",
    "Haddad",
    "Petrov",
    "Dubois",
    "Tanaka",
    "Nguyen",
    "Kowalski",
    "Fernandez",
    "Abernathy",
    "Mbeki",
    "O'Brien",
    "Smith-Jones",
    "Green",
    "Young",
    "Whitfield",
    "Gonzalez",
    "Yilmaz",
    "McAllister",
    "Schneider",
]
_STREET = [
    "Maple",
    "Oakwood",
    "Hillcrest",
    "Magnolia",
    "Jefferson",
    "Birchfield",
    "Canterbury",
    "Elm",
    "Sycamore",
    "Lakeview",
]
_CITY = [
    "Springfield",
    "Riverton",
    "Aylesbury",
    "Dayton",
    "Fairview",
    "Milton",
    "Ashford",
    "Brookhaven",
    "Cedarville",
]
_MONTH = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def _day(rng: random.Random) -> str:
    return str(rng.randint(1, 28))


def _ordinal(rng: random.Random) -> str:
    day = rng.randint(1, 28)
    return f"{day}{'th' if 10 < day < 20 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


def name(rng: random.Random) -> str:
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    return rng.choice([last, f"{first} {last}", f"{first[0]}. {last}"])


def full_name(rng: random.Random) -> str:
    return f"{rng.choice(_FIRST)} {rng.choice(_LAST)}"


def address(rng: random.Random) -> str:
    number, street, city = rng.randint(11, 9899), rng.choice(_STREET), rng.choice(_CITY)
    return rng.choice(
        [
            f"{number} {street} Street", f"{number} {street} Ave.", f"{number} North {street} Road",
            f"{number} {street} Lane, Apt {rng.randint(1, 99)}", f"{number} {street} Dr",
            f"{number} {street} Blvd, {city}, OH {rng.randint(10000, 99999)}", f"{number}B {street} Crescent",
            f"{number} {street.lower()} street", f"{number} W {rng.randint(11, 19)}th Street",
            f"P.O. Box {number}", f"PO box {number}", f"Flat 4, {number} {street} Road",
            f"{number} {street} Road, {city} {rng.choice(['SW1A 1AA', 'M1 4BT', 'OX14 3DH'])}",
        ]
    )  # fmt: skip


def record(rng: random.Random) -> str:
    digits = "".join(str(rng.randint(0, 9)) for _ in range(rng.randint(6, 10)))
    letters = "".join(rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ") for _ in range(3))
    return rng.choice(
        [digits, f"{letters}{digits}", f"{letters}-{digits}", f"{digits[:4]}-{digits[4:]}"]
    )


def plate(rng: random.Random) -> str:
    letters = "".join(rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ") for _ in range(3))
    return rng.choice(
        [
            f"{letters} {rng.randint(1000, 9999)}",
            f"{rng.randint(1, 9)}{letters}{rng.randint(100, 999)}",
        ]
    )


def vin(rng: random.Random) -> str:
    return (
        "1HG"
        + "".join(rng.choice("ABCDEFGHJKLMNPRSTUVWXYZ0123456789") for _ in range(8))
        + str(rng.randint(100000, 999999))
    )


def zip_code(rng: random.Random) -> str:
    return rng.choice(
        [f"{rng.randint(10000, 99999)}", f"{rng.randint(10000, 99999)}-{rng.randint(1000, 9999)}"]
    )


def date(rng: random.Random) -> str:
    month, year = rng.choice(_MONTH), rng.randint(1931, 2025)
    m, d = rng.randint(1, 12), rng.randint(13, 28)
    return rng.choice(
        [
            f"{year}-{m:02}-{d:02}", f"{m}/{d}/{year}", f"{m:02}/{d:02}/{year % 100:02}", f"{d}.{m}.{year}",
            f"{month} {_ordinal(rng)}", f"{month} {_day(rng)}, {year}", f"{month[:3]} {_day(rng)}, {year}",
            f"{_ordinal(rng)} of {month}", f"{_day(rng)} {month} {year}", f"{month} {year}",
            f"{month.lower()} {_ordinal(rng)}, {year}", f"{m:02}/{year}", f"{month} twenty-first",
            f"third of {month}", f"{d}-{month[:3]}-{year}",
        ]
    )  # fmt: skip


def month(rng: random.Random) -> str:
    return rng.choice([each for each in _MONTH if each not in ("May", "March")])


def age(rng: random.Random) -> str:
    return rng.choice([str(rng.randint(90, 112)), "ninety-three", "ninety"])


def digits_of_age(rng: random.Random) -> str:
    return str(rng.randint(90, 112))


def ssn(rng: random.Random) -> str:
    return f"{rng.randint(100, 600)}-{rng.randint(10, 99)}-{rng.randint(1000, 9999)}"


def four(rng: random.Random) -> str:
    return f"{rng.randint(0, 9999):04}"


Field = tuple[str, Callable[[random.Random], str]]
FIELDS: dict[str, Field] = {
    "name": ("name", name), "full": ("name", full_name), "address": ("address", address), "record": ("id", record),
    "plate": ("id", plate), "vin": ("id", vin), "zip": ("zip", zip_code), "date": ("date", date),
    "month": ("date", month), "age": ("age", age), "old": ("age", digits_of_age), "ssn": ("ssn", ssn),
    "four": ("card", four), "foursocial": ("ssn", four),
}  # fmt: skip

STANDARD = [
    "I saw Dr. {name} about it",
    "Mrs. {name} said no",
    "thanks, Mr {name}!",
    "Prof. {name} never answers",
    "Dear Ms. {name},",
    "My name is {full} and I am tired",
    "hello, my name's {full}.",
    "Hi, I'm {full}, nice to meet you",
    "This is {full} speaking",
    "Dr. {name} and Dr. {name} disagree",
    "Doctor {full} called back",
    "Nurse {full} was kind",
    "I live at {address}",
    "Please send it to {address}, thanks",
    "My address is {address}",
    "they moved to {address} last year",
    "MRN: {record}",
    "medical record number {record}",
    "my account number is {record}",
    "Policy no. {record} lapsed",
    "order number {record} never came",
    "Passport number: {record}",
    "driver's license {record} was revoked",
    "member ID {record}",
    "claim #{record}",
    "case no {record}",
    "invoice {record} is wrong",
    "Customer number is {record}.",
    "license plate {plate}",
    "plate number: {plate}",
    "VIN {vin} was stolen",
    "serial number {record} on my pacemaker",
    "confirmation code {record}",
    "Booking reference: {record}",
    "tracking number {record}",
    "employee id {record}",
    "zip code {zip}",
    "my zip is {zip}",
    "SSN {ssn}",
    "social security number {ssn}",
    "last four of my social are {foursocial}",
    "card ending in {four}",
    "my credit card ends with {four}",
]
HARBOR = [
    "seen on {date} for pain",
    "Date of birth: {date}.",
    "it began {date} and went on",
    "admitted {date}, then sent home",
    "since {month} she sleeps badly",
    "surgery is in {month}",
    "She is {age} years old",
    "a {old}-year-old man",
    "mother died at age {old}",
    "turned {old} last week",
    "He is a {old} y/o male",
    "He was discharged on {date}",
]
NOTHING = [
    "Dr Pepper is great",
    "the doctor will see you now",
    "my name is not important",
    "this is what I mean, speaking of which",
    "Miss you all",
    "I miss him",
    "12 angry men walked down the road",
    "it took 20 minutes to cross the street",
    "2 way street",
    "order 66 was bad",
    "I have 3 accounts",
    "case closed in 2019",
    "number 1 fan",
    "claim 5 times",
    "a 10 speed bike on the road",
    "members: 250 people",
    "He gave 100 percent",
    "a 95 year tradition",
    "aged 45 years",
    "a 34 year old woman",
    "in 2019 I quit",
    "class of 1998",
    "May I ask why",
    "we march on",
    "they may 5 or 6 times",
    "120/80 mmHg",
    "5/10 pain, 10/10 food",
    "3/4 of them",
    "20 mg twice daily",
    "flight 90 minutes late",
    "will do, mark my words",
    "grace under pressure",
    "the rose is red",
    "my account is broken since 2020",
    "version 12.4 of the record",
    "chapter 12 verse 5",
    "page 123 of the record",
    "card games at 8",
    "social 24/7",
    "I am a doctor",
    "I'm the patient here",
    "call me maybe",
    "the judge said so",
    "sister act 2",
    "she lives in a dream",
    "id rather not",
    "pin the tail",
    "post 50 times a day",
    "ticket prices rose 300%",
    "patient 5 of 20",
    "policy of 3 strikes",
    "it costs 12345 dollars",
    "90% of people",
    "temperature was 98.6",
]
CARRIERS = ("{}", "{}", "so. {}", "{} I think that is all.", "well...\n{}", "{} 😂", "- {}", "“{}”")
_FIELD = re.compile(r"\{(\w+)\}")


def planted(rng: random.Random, *, safe_harbor: bool) -> tuple[str, list[Span]]:
    """A text, and what must be found in it."""
    told = [*STANDARD, *HARBOR] if safe_harbor else STANDARD
    template = rng.choice(NOTHING if rng.random() < 0.35 else told)
    template = rng.choice(CARRIERS).replace("{}", template)
    text, spans, done = "", [], 0
    for match in _FIELD.finditer(template):
        kind, make = FIELDS[match.group(1)]
        text += template[done : match.start()]
        value = make(rng)
        spans.append((kind, len(text), len(text) + len(value)))
        text += value
        done = match.end()
    return text + template[done:], spans
