"""Which English words are no names: what tells "I will, Mark" from "Will, mark it".

A list would have to be long to be complete. So the rules lean on capitals and places in a sentence;
these lists, all written for this file, settle what is frequent.
"""

import re

# Names that are words as well.
_NAME_WORDS = (
    "art sun "
    "abbey amber angel archer ash aspen autumn baker banks barb basil bay bear bell best bill bird bishop "
    "black blanch bland blaze blue bond booth bow brand brandy brave bridge brook brown buck bud bush butler "
    "candy case cash castle chance chapel charity chase cherry chip christian clay cliff close cloud coal "
    "cook cooper coral crew cross crystal dale dash dawn day deacon dean destiny diamond dill dot dove duke "
    "dusk dusty earl early eden ember faith fern field finch fisher flint flower flowers ford forest fox free "
    "frost garner gay genesis ginger glory gold good grace grant gray green grey guy hall hand hardy harmony "
    "harp harper harvest haven hawk hazel head heath heaven herb hill holiday honey hood hope house hunt "
    "hunter ice indigo ivory jeans jet jewel jolly journey joy justice king kit knight lace lake lance land "
    "lane lark laurel law lee link little long love luck lucky lush lyric mace major maple marigold mark "
    "marsh marshal marshall mason masters melody mercy merit miles mill miller misty moon moss noble norm "
    "north novel nova oak ocean olive opal orchid pace page park pat patience pearl penny pepper phoenix "
    "piper pope porter potter powers price prosper prudence queen quest rain randy ranger raven ray reed reef "
    "reign rich ridge rip river rivers robin rock rocky rod rose royal ruby rush russet rusty sage sailor "
    "salmon sandy scarlet scout serenity shade sharp shell shepherd sheriff short sienna silver singer sky "
    "skip slate small smart snow sonny spark spring star steel sterling stone stormy story strange strong "
    "summer sunny swan swift tailor teal temple timber trace tracker trinity trip tripp true trust turner van "
    "vernal wade walker wall ward warden waters west whit white will willow winter wise wolf wood woods worth "
    "wren wright york young january february march april may june july august september october november "
    "december"
)
NAME_WORDS = frozenset(_NAME_WORDS.split())

# Words that no sentence does without: never a name on their own.
_FUNCTION_WORDS = (
    "uh um er erm hmm mm "
    "a about after again all also am an and another any anyone are as at back be because been before being both "
    "but by can cannot could did do does doing done down each either else even ever every everyone everything "
    "few for from get getting go goes going gonna good got gotta had has have having he hello her here hers hey "
    "hi him his how i if in instead into is it its just kind know let like lot made make many me more most much "
    "my myself never new no nobody none nor not nothing now of off oh ok okay on once one only or other our "
    "ours out over own people perhaps please quite rather really right said same say says see she should since "
    "so some somebody someone something sorry still such sure than thank thanks that the their them then there "
    "these they thing things think this those though through time to together too two unless until up us very "
    "wanna want was way we well went were what whatever when where whether which while who whole whom whose why "
    "with without would yeah yes yet you your yours"
)
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())

_OTHER_WORDS = (
    "password passwords account accounts ssn num otp confirmation booking claim policy email address zip "
    "able above correct across act actual add afraid age ago agree ahead air almost alone along already alright always "
    "among angry answer anything anyway apart app apple area around art ask asked asks away baby bad bag ball "
    "bank bar base beat become bed began begin behind believe below better between big bit blood board boat "
    "body book born boss bottom bought box boy break bring broke brother bug build building built business busy "
    "buy call called calls calm came camp car card care carry cat catch caught cause certain chair change check "
    "child children choose city class clean clear client clinic clock cloud club code cold color come comes "
    "common community company computer consult cool copy corner cost count country couple course court cover "
    "crazy cry cup current customer cut cycle dad dark data date daughter dead deal dear decide deep design "
    "desk developer die died different digital direct doctor dog dollar door double doubt draw dream drive drop "
    "dry due during ear earth east easy eat edge effect eight end engine enough enter especially even evening "
    "event exact example expect explain eye face fact fall false family far fast father favorite fear feel feels "
    "feet fell felt field fight fill final find fine finger finish fire first fit five fix fly food foot force "
    "forget form found four friday friend friends front full fun funny future game gas gave gear ghost girl "
    "give given gives glad glass goal goodbye google gone great ground group grow grown guess guest gun guys "
    "hair half happen happens happy hard hat hate head health hear heard heart heat heavy held help high hit "
    "hold home honest horse hospital host hot hotel hour hours huge human hundred hurt husband idea important "
    "inside internet interest issue job join joke judge jump keep kept key kid kids kill kitchen knee knew lady "
    "last late later laugh lead learn least leave led left leg less letter level life light likely line list "
    "listen live lives living local lock look looks lord lose lost loud low lunch machine mad mail main man "
    "manager map market married master matter maybe mean means meant med medicine meet men mental met mid "
    "middle might mile milk mind mine minute miss mobile model mom moment monday money month months morning "
    "mother motor mountain mouth move movie music must name names near nearly neck need needs net network news "
    "next nice night nine noise noon normal nose note number nurse office often oil old online onto open order "
    "ordinary original others outside pack paid pain paper parent part parts party pass past patient pay pen "
    "perfect person phone photo pick picture piece place plan plane play point police poor pop possible post "
    "power practice prescribed president pretty probably problem product program project proud public pull pure "
    "push put question quick quiet quit race radio raise ran random rate reach read ready real reason red "
    "remember reply rest result return ride ring rise risk road role roll room root round rule run sad safe "
    "salt sat saturday save saw scared school screen sea season seat second secret seem seen self sell send "
    "sense sent serious server service session set seven sex shape share sheet shift ship shirt shit shoe shop "
    "shot shout show shows shut sick side sign simple sing single sir sister sit site six size skin sleep slow "
    "smile smoke social society soft sold son song soon sort soul sound source south space speak special speed "
    "spend spent spoke sport spot square stack staff stand start stay step stick stop storage store strange "
    "street strike student study stuff stupid sugar suggest sun sunday super surgery switch system table take "
    "taken talk tall teach team tech tell ten terrible test text than therapist third three threw thrown "
    "thursday tie tight tiny tip tire tired today told tomorrow tonight took tool top total touch tough toward "
    "town track trade train travel treat tree tried trouble truck truly try tuesday turn twice type ugly under "
    "understand unit university upon use used user users usual value version view visit voice wait wake walk "
    "war warm wash watch water wave wear web wednesday week weeks weight went wet wheel wide wife wild win wind "
    "window wish woman women wonder word words wore work worked works world worry worse wow write wrong wrote "
    "yard year years yellow yesterday zero advised ordered recommends recommended prescribes suggested thinks "
    "told wants wanted gave put says saw sent referred mentioned noted started stopped ran increased checked"
)
_COMMON = frozenset(_OTHER_WORDS.split()) | NAME_WORDS | FUNCTION_WORDS
# Endings that make words of words: in names they are rare enough.
_ENDED = re.compile(
    r".{3,}(?:ing|tion|sion|tions|ness|ment|ments|able|ible|ful|less|ously|ally|ively|ly|ized|ised|ated|ted|ded|ked"
    r"|ped|red|sed|ned|led|ities|ity|ism|ists|ology|graphy|ware|ship|ward|wards|wise|self|selves|thing|body|one)"
)

# Of these, those with which hardly any name ends (Kelly, Harding, Alfred, Malone, Clement, Woodward … do with others).
_WORDY = re.compile(
    r".{3,}(?:tion|sion|tions|ness|ments|ible|ful|less|ously|ally|ively|ized|ised|ated|ted|ded|ked|ped|sed|ned|led"
    r"|ities|ism|ists|ology|graphy|self|selves|thing|body)"
)

# Titles, roles and the small parts of names.
_TITLES = (
    "dr doctor mr mister mrs missus ms miss mx prof professor nurse sir the and of von van de der den del della "
    "di da do dos du la le las los el al bin ibn abu y e und zu zum ter ten madam madame lady lord judge rev "
    "reverend fr father sister brother pastor rabbi imam officer sgt sergeant capt captain lt lieutenant col "
    "colonel gen maj cpl pvt detective herr frau monsieur mme mlle senor señor senora señora jr sr ii iii iv phd "
    "md lcsw host guest client patient therapist speaker interviewer counselor counsellor caller agent customer "
    "moderator narrator unknown anonymous everyone everybody all both crowd audience male female man woman user "
    "admin community announcer commercial break"
)
TITLES = frozenset(_TITLES.split())


def is_listed(word: str) -> bool:
    """Whether a word in lower case is in the lists of this file."""
    return word in _COMMON


def is_common(word: str) -> bool:
    """Whether a word in lower case is, or is built like, an English word that is no name."""
    return word in _COMMON or _ENDED.fullmatch(word) is not None


def is_wordy(word: str) -> bool:
    """As `is_common`, for a word that is written large where a name is expected: fewer endings count."""
    return word in _COMMON or _WORDY.fullmatch(word) is not None
