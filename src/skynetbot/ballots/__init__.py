"""Pure rules of voting: exact counts of ballots, with every round, every transfer and every broken tie on record."""
