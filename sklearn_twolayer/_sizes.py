"""How large networks are, where the user does not say."""

#: Units of `Dense` and `Radial`.
UNITS = 100
#: Units of each branch of an embedding that is given by name.
UNITS_OF_PRESET = 48
#: Centres of `RBFNetwork`.
CENTERS = 512
