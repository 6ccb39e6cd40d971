"""loom_tornettools - networks that tornettools generated, with Loom relays and priced tors in place of some relays."""
