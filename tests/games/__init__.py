"""A project of its own on Kith: users with UUID keys, and one fact that it pushes (DESIGN, "Extending it").

It runs in processes of its own with `tests.games.settings`; this process's users are Django's."""
