"""Nothing grows: hundreds of clients come, do everything, leave, and leave nothing behind.

    town      who visits: their ties, chats and posts, and what passed
    visits    one stay: a socket, a stream or a poll, and how it ends
    deeds     what a visitor does meanwhile, by REST or by command
    watch     what a server holds, read while it runs; slopes
    report    the table and the picture

The crowd comes in tides. Beside it, the readers and writers of `tests.faults` see to it that nothing
acknowledged is lost. At each ebb nobody is left, so what a server holds then is compared with the ebb before.
A short form runs with all tests, the long one by `make soak`, which writes docs/soak.md and docs/soak.png.
"""
