"""The testnet broker on the exchange double."""
