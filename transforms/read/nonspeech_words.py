"""The words of non-speech marks, each with its standard word.

From the marks that occur in the transcripts of Changelog, Metamuse, PriMock57 and AnnoMI, and the
usual style sheets of transcription services and subtitles.
"""


def _table(lines: str) -> dict[str, str]:
    """{variant: standard word} of lines `standard: variant, variant`; the standard word is one."""
    found = {}
    for line in lines.strip().splitlines():
        standard, _, variants = line.strip().partition(":")
        for word in (standard, *variants.split(",")):
            if word.strip():
                found[word.strip()] = standard
    return found


# Verbs: they make a phrase of a mark as its first word ("laughs nervously", "playing the guitar")
# or as its last ("Anna laughs", "door closes").
FIRST = _table(
    """
    laughter: laugh, laughs, laughing, laughed, laugher
    chuckle: chuckles, chuckling, chuckled
    giggle: giggles, giggling, giggled, snicker, snickers, snickering
    sigh: sighs, sighing, sighed
    gasp: gasps, gasping
    groan: groans, groaning, moans, moaning
    grunt: grunts, grunting
    scoff: scoffs, scoffing
    cough: coughs, coughing
    sneeze: sneezes, sneezing
    sniff: sniffs, sniffing, sniffles, sniffling
    snort: snorts, snorting
    yawn: yawns, yawning
    breath: breathes, breathing, inhales, inhaling, exhales, exhaling
    crying: cries, sobs, sobbing, weeps, weeping
    scream: screams, screaming
    whisper: whispers, whispering, whispered
    applause: applauds, applauding, claps, clapping
    cheering: cheers
    singing: sings
    humming: hums
    whistling: whistles
    beatboxing: beatboxes
    playing: plays
    barking: barks
    ringing: rings
    beep: beeps, beeping
    knocking: knocks
    typing: types
    closes: slams, slamming
    honking: honks
    crosstalk: interposing, overlapping
    """
)
# Nouns: only the last word of a phrase ("phone ringtone", "song sample").
LAST = FIRST | _table(
    """
    music: jingle, tune, music playing, music plays, theme song, intro music, outro music
    song: song sample, intro song sample, song excerpt
    kazoo:
    alert:
    ringtone:
    siren: sirens
    sound: sounds, sound effect, sfx
    noise: noises, background noise, silly noises
    echo:
    static:
    feedback:
    silence: silent, no audio, blank audio, no response
    pause: pauses, long pause, short pause, brief pause
    inaudible:
    unintelligible:
    crosstalk: cross talk, overlapping speech, talking over each other, speaking simultaneously
    """
)
# Nouns that say by themselves that something was heard or not, with whatever article.
STRONG = frozenset(
    {"inaudible", "unintelligible", "crosstalk", "noise", "siren", "ringtone", "silence", "pause"}
)
# Words and phrases that are marks only alone.
ALONE = LAST | _table(
    """
    laughter: laughing out loud, lol, laughs out loud, laugh out loud, both laugh, both laughing
    chuckle: both chuckle, both chuckling
    clears throat: clear throat, clearing throat, throat clearing, clears his throat, clears her throat
    breath: deep breath, heavy breathing, takes a deep breath
    crying: cry, sob, weep, tearful
    cheering: cheer, cheers and applause, cheering and applause
    affirmative: nods, nodding
    negative: shakes head, shaking head
    clip: extract, excerpt, audio clip, video clip, clip plays, extract start, extract end
    foreign language: speaks foreign language, speaking foreign language, foreign
    inaudible: indistinct, indiscernible, in audible
    unintelligible: unin, unclear, incomprehensible
    phonetic:
    censored: bleep, bleeped, expletive, __, expletive deleted
    door closes: door slams
    beep: beeping
    """
)
for _mood in ("upbeat", "dramatic", "soft", "gentle", "background", "intro", "outro", "suspenseful",
              "tense", "playful", "ominous", "mellow", "bright", "cheerful", "light", "slow", "quiet",
              "loud", "somber", "eerie", "sad", "electronic", "piano", "orchestral"):  # fmt: skip
    ALONE[f"{_mood} music"] = "music"
for _crowd in ("audience", "crowd"):
    ALONE |= {f"{_crowd} {word}": ALONE[word] for word in
              ("laughter", "laughing", "laughs", "applause", "applauding", "cheering", "clapping")}  # fmt: skip
TRANSCRIPT = frozenset(
    {
        "inaudible",
        "unintelligible",
        "crosstalk",
        "uncertain",
        "foreign language",
        "phonetic",
        "censored",
    }
)
# A plain noun or verb that is an ordinary word when it stands alone in brackets.
for _word in ("sound", "sounds", "echo", "static", "feedback", "alert", "playing", "plays", "types",
              "closes", "slams", "silent", "foreign", "extract", "excerpt", "typing"):  # fmt: skip
    ALONE.pop(_word, None)
