"""Dirty texts for property tests: pieces of life glued together in any order."""

from hypothesis import strategies as st

PIECES = [
    "hello", "so", "I", " ", " ", " ", "  ", "\n", "\n\n\n", "\t", "\u00a0", "\u3000", "\r\n",
    "\x00", "\x0b", "\x85", "\x92", "&amp;", "&amp;amp;", "&lt;", "&gt;", "&#39;", "&#64;",
    "&#x200B;", "&nbsp;", "&", "amp;", "#39;", "lt;", "&quot", ";", "<b>", "</b>", "<br/>", "<p>",
    "</p>", "<", ">", "<3", "</3", ">:(", ">_<", "<!--", "-->", "<script>", "</script>",
    '<a href="https://x.example/a?b=joe@example.com">', "</a>", "<UNSURE>", "<i", " class=x",
    "https://example.com/a_(b)", "http://", "www.", "www.example.org", "example.com", ".com",
    "bit.ly/x", "mailto:", "tel:", "t.me/joe", "[URL]", "[USER]", "[NAME]", "[", "]", "(", ")",
    "](", "](https://x.example)", "](/r/foo)", "*", "**", "***", "_", "__", "~~", "`", "```", "\\",
    "\\*", "\\_", "^(", "^", ">!", "!<", "> ", ">", "# ", "## ", "---", "- ", "1. ", "* ", "#joy",
    "##", "#", "#1234", "joe#1234", "issue#1234", "joe", "@", "＠", "@joe", "@joe@mastodon.example",
    "joe@example.com", "joe", " at ", " (at) ", " dot ", "com", "example", "gmail.com", "u/joe_c",
    "/u/joe", "u/", "discord: ", "snap: ", "my insta is ", "joe_c", "is", ":", "=", "-", "–", ".",
    ",", "!", "?", "...", "555-123-4567", "(555) 123-4567", "+44 20 7946 0958", "+1", "555", "123",
    "4567", "07700 900123", "call ", "phone: ", "x22", "123-45-6789", "000-12-3456", "SSN ",
    "4111 1111 1111 1111", "4111111111111111", "4111", "1111", "1.2.3.4", "version 1.2.3.4",
    "192.168.0.1", ".5", "2001:db8::1", "::1", "12:30:45", "[04:06]",
    "GB82 WEST 1234 5698 7654 32",
    "DE89370400440532013000", "1", "2", "0", "9", "１２３", "٣", "é", "e\u0301", "Ã©", "â€™",
    "Ã", "Â",
    "ñ", "ß", "中文", "日本", "हिन्दी", "\u200b", "\u200d",
    "\u200c", "\u2060", "\ufeff", "\u00ad",
    "\u202e", "\ufe0f", "👩", "👩\u200d💻", "👍🏽", "🇩🇪", "🏴",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "\U000e0041", "❤\ufe0f", ":)",
    ":'(", "¯\\_(ツ)_/¯", "!!!", "sooooo", "\u2028", "\ufffe", "\u0345", "\u1160", "K", "ſ", "ﬁ",
    "Dr.", "Dr. Smith", "mr ", "Mrs", "Smith", "Doctor", "doctor ", "Miss ", "My name is", "my name is ", "Larsen",
    "This is ", "speaking", "I'm ", "I am ", "nurse", "Hi, ", "call me ", "12", "123", "Main", "Elm ", "Street",
    "street",
    "St", "Ave.", "PO box ", "zip code ", "Dayton", ", OH ", "45402", "account number ", "MRN", "ID", "order ",
    "case no. ",
    "policy", "#", "AB", "x7", "9921-3", "card ending in ", "social ", "last four ", "born ", "DOB", "March", "May ",
    "3rd", " of ", "2021", "03/04", "/2021", "in ", "lives ", "93", "ninety", " years old", "aged ", "SW1A 1AA", "the ",
]  # fmt: skip

dirty = (
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join)
    | st.text(max_size=30)
    | st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join)
)
