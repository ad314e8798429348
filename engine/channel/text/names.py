"""The names of the language: its sections, fields, settings, options, updates and word groups, and built-in words."""

from __future__ import annotations

SECTIONS = ("channel", "like", "defaults", "words", "never", "ignore", "form", "signal", "update", "test")

FIELDS = {
    "side": "long or short, as the channel says it",
    "symbol": "the coin or pair: BTC, BTCUSDT, BTC/USDT",
    "entry": "a price, a range, or a word for market",
    "entry market": "the price of a market call",
    "entry above": "the price that a long breaks out over",
    "entry below": "the price that a short breaks out under",
    "target": "a take-profit price, a word for an open target, or 5%, 60 points, 2R",
    "stop": "a price, a percentage or points; in an update also breakeven",
    "stop when": "the candle whose close the stop waits for: 4h close, daily",
    "stop hard": "the price at which such a call leaves at once",
    "leverage": "5x, 5-10x, Cross 20x",
    "share": "the part of a position: 50%, 1/2, half",
    "id": "the channel's own number of a call, without #: 437, A12",
    "number": "which target or which entry: 2, 2nd, second",
    "any": "one word or number that varies",
}
FIELD_ALIASES = {
    **dict.fromkeys(("tp", "take profit", "targets", "goal"), "target"),
    **dict.fromkeys(("sl", "stop loss", "stoploss"), "stop"),
    **dict.fromkeys(("pair", "coin", "ticker"), "symbol"),
    **dict.fromkeys(("price", "buy", "zone", "entries"), "entry"),
    **dict.fromkeys(("direction", "long", "short"), "side"),
    **dict.fromkeys(("size", "percent"), "share"),
    **dict.fromkeys(("lev", "cross"), "leverage"),
}
LIST_FIELDS = frozenset({"entry", "target"})
PRICE_FIELDS = frozenset({"entry", "entry market", "entry above", "entry below", "target", "stop", "stop hard"})

CALL_FIELDS = frozenset({"symbol", "stop"})  # repeated lines with one of these are a call each time
ONE_VALUE = frozenset({"stop", "stop hard", "stop when", "id"})  # a call has one of each

# What each update may mark, beside what tells which call it is about.
UPDATES = {
    "close": frozenset({"share"}),
    "cancel": frozenset({"number", "entry"}),
    "move-stop": frozenset({"stop", "number"}),
    "change": frozenset({"entry", "entry market", "target", "stop", "number", "leverage"}),
    "add-targets": frozenset({"target", "share", "number"}),
    "re-enter": frozenset({"entry", "target", "stop"}),
    "target-hit": frozenset({"number", "target"}),
    "stop-hit": frozenset({"stop"}),
    "entry-filled": frozenset({"number", "entry"}),
    "context": frozenset({"number", "share"}),
}
NEEDED = {
    "move-stop": (frozenset({"stop", "number"}), "mark the price, the target or the word for it: {stop: breakeven}"),
    "change": (frozenset({"entry", "entry market", "target", "stop"}), "mark the new level: {stop: 64500}"),
    "add-targets": (frozenset({"target"}), "mark the new target: {target: 67000}"),
}
ABOUT = frozenset({"symbol", "side", "id", "any"})

HEADER_SETTINGS = {
    "source": "telegram @name, export name, or demo name",
    "numbers": "how prices are written: 1,234.56, 1.234,56, 1 234.56, 1 234,56, 1234.56 or 1234,56 (several: with or)",
    "unread numbers": "refuse or allow",
    "footer from": "the words with which the channel's footer begins",
    "authors": "names of the senders that count, with commas between them",
}
DEFAULT_SETTINGS = {
    "quote": "the quote currency of symbols without one, such as USDT",
    "entry": "market",
    "range": "zone or ladder",
    "range ends": "as written, or expand",
    "side": "from levels, long or short",
    "stop": "price, or price or points",
    "distance from": "near, middle or far",
    "largest distance": "a percentage such as 30%",
    "part": "how much an update closes that says only a part, such as 50%",
}
EXPECT_KEYS = (
    "signal",
    "symbol",
    "side",
    "entry",
    "targets",
    "stop",
    "leverage",
    "update",
    "share",
    "close stop",
    "entry shares",
    "id",
    "number",
    "every trade",
)
OPTIONS = (
    "many",
    "blocks in any order",
    "since",
    "until",
    "phrases",
    "every trade",
    "a part",
    "beside talk",
    "by itself",
    "changes levels",
)

# Word groups with a meaning of their own. Any other group is a set of synonyms for text in the samples.
SPECIAL_GROUPS = {
    "long": ("long", "buy"),
    "short": ("short", "sell"),
    "market": ("market", "market price", "now", "cmp"),
    "open target": (),
    "breakeven": ("breakeven", "break even", "entry", "be"),
    "about": (),
    "range": ("to", "till", "and"),
    "points": ("points", "point", "pts", "pt"),
    "thousand": ("bin", "тыс", "тысяч"),
    "ten thousand": (),
    "minute": ("m", "min", "mins", "minute", "minutes"),
    "hour": ("h", "hr", "hrs", "hour", "hours"),
    "day": ("d", "day", "days"),
    "week": ("w", "week", "weeks"),
    "hourly": ("hourly",),
    "daily": ("daily",),
    "weekly": ("weekly",),
    "candle": ("candle", "candles", "close", "closes", "closed", "closing"),
    "part": (),
    "filler": (),
    "telling": (),
    "doubt": ("if", "when", "unless", "not", "don't", "dont", "never", "maybe", "or", "wait"),
}
# What the words of a form stand for; the first group that has a word is its meaning.
FORM_GROUPS = {
    "entry": "before an entry price: Entry, Buy zone",
    "entry long": "before an entry price, and it says buy: Buy, Long above",
    "entry short": "before an entry price, and it says sell: Sell",
    "entry add": "before a limit order that comes on top: DCA",
    "price": "before a price that is the entry where no other is named: Price",
    "above": "between an entry's label and a price to break out over",
    "below": "between an entry's label and a price to break out under",
    "target": "before a take-profit price: TP, Target",
    "stop": "before a stop price: SL, Stop loss",
    "close": "words for a candle's close, which a stop waits for",
    "leverage": "before a leverage",
    "symbol": "before a coin: Coin, Pair",
    "side": "before long or short: Direction",
    "skip": "before numbers that say nothing about the trade: Risk, Accuracy",
    "plain": "words with long, short or a label in them that mean neither: short term",
    "doubt": "words that turn a call into a thought: if, maybe, wait",
    "done": "signs and words of a price that was reached: ✅",
    "no coin": "words in capitals that are no coin: VIP, SCALP",
    "coin": "coins that may stand in any letters, without # or quote",
    "ticker": "coins that are words too and count in capitals only: NEAR, ONE",
    "whole": "coins that cost so much that whole numbers are prices; of others they may be satoshi",
}
FORM_BOUNDS = "price of "  # a form's group "price of BTC = 1000 - 1000000" says which prices can be meant
# Groups whose words open a field for the numbers behind them.
FORM_LABELS = frozenset(
    {"entry", "entry long", "entry short", "entry add", "price", "target", "stop", "leverage", "symbol"}
    | {"side", "skip"}
)
# Groups that no text of a sample stands for: their words may stand in a group of synonyms too.
MARKED_GROUPS = frozenset({"breakeven", "part", "telling", "doubt"})
# Groups whose name goes on behind the kind: the symbol, the number or the percentage that their words stand for.
VALUE_GROUPS = ("symbol", "number", "share")
NUMBER_WORDS = {
    1: ("first", "1st"), 2: ("second", "2nd"), 3: ("third", "3rd"), 4: ("fourth", "4th"), 5: ("fifth", "5th"),
}  # fmt: skip
SHARE_WORDS = {25: ("quarter",), 50: ("half",)}
PERCENT_WORDS = (
    "percent",
    "per cent",
    "pct",
    "prozent",
    "procent",
    "процент",
    "процента",
    "процентов",
    "por ciento",
    "por cento",
    "persen",
)
QUOTES = ("USDT", "USDC", "FDUSD", "BUSD", "TUSD", "DAI", "USD", "EUR", "TRY", "BTC", "ETH", "BNB")
CURRENCIES = ("usdt", "usdc", "busd", "usd")

# Words that make an unclaimed piece of a message too important to skip, and that are no symbols by themselves.
TRADE_WORDS = (
    *("long", "short", "buy", "sell", "entry", "entries", "enter", "stop", "stoploss", "sl", "tp", "target"),
    *("targets", "profit", "leverage", "close", "closed", "cancel", "cancelled", "canceled", "invalid", "hit"),
    *("breakeven", "stopped"),
)
# Of these the ones that stand before a value: a form that knows no meaning of theirs cannot read the message.
VALUE_WORDS = frozenset(("entry", "entries", "enter", "stop", "stoploss", "sl", "tp", "target", "targets"))
