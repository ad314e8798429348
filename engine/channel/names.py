"""The names of the language: its sections, fields, settings, options, updates and word groups, and built-in words."""

from __future__ import annotations

SECTIONS = ("channel", "like", "defaults", "words", "never", "ignore", "form", "signal", "update", "test")

FIELDS = {
    "side": "long or short, as the channel says it",
    "symbol": "the coin or pair: BTC, BTCUSDT, BTC/USDT",
    "entry": "a price, a range, or a word for market",
    "entry market": "the price of a market call",
    "target": "a take-profit price, or a word for an open target",
    "stop": "a price, a percentage or points; in an update also breakeven",
    "leverage": "5x, 5-10x, Cross 20x",
    "share": "the part of a position: 50% or 1/2",
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
PRICE_FIELDS = frozenset({"entry", "entry market", "target", "stop"})

UPDATES = {
    "close": frozenset({"symbol", "side", "share", "any"}),
    "cancel": frozenset({"symbol", "side", "any"}),
    "move-stop": frozenset({"symbol", "side", "stop", "any"}),
}

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
)
OPTIONS = ("many", "blocks in any order", "since", "until")

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
    "whole": "coins that cost so much that whole numbers are prices; of others they may be satoshi",
}
FORM_BOUNDS = "price of "  # a form's group "price of BTC = 1000 - 1000000" says which prices can be meant
# Groups whose words open a field for the numbers behind them.
FORM_LABELS = frozenset(
    {"entry", "entry long", "entry short", "entry add", "price", "target", "stop", "leverage", "symbol"}
    | {"side", "skip"}
)
QUOTES = ("USDT", "USDC", "FDUSD", "BUSD", "TUSD", "DAI", "USD", "EUR", "TRY", "BTC", "ETH", "BNB")
CURRENCIES = ("usdt", "usdc", "busd", "usd")

# Words that make an unclaimed piece of a message too important to skip, and that are no symbols by themselves.
TRADE_WORDS = (
    *("long", "short", "buy", "sell", "entry", "entries", "enter", "stop", "stoploss", "sl", "tp", "target"),
    *("targets", "profit", "leverage", "close", "closed", "cancel", "cancelled", "canceled", "invalid", "hit"),
    *("breakeven", "stopped"),
)
